//! The HTTP server that the host talks to.

mod body_limits;
mod deadline;
mod routes;

pub(crate) use body_limits::{BodyLimits, LARGEST_BODY, SMALL_BODY};
pub(crate) use deadline::{default_timeout, time_allowed};
pub(crate) use routes::{HttpServer, router};
