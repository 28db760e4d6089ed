#![doc = include_str!("../README.md")]

mod app;
mod blocking;
mod call;
mod claims;
mod context;
mod declaration;
mod failure;
mod function;
mod host_settings;
mod input;
mod logs;
mod manifest;
mod output;
mod problem;
mod reply;
mod run;
mod schedule;
mod server;
mod setting;
mod settings;
pub mod testing;
mod trigger;
mod tuple;

pub use app::{DeclarationError, FunctionApp};
pub use call::HandlerResult;
pub use context::Context;
pub use failure::{BoxError, Failure, HandlerError, Permanent, PermanentExt, QueueFailure, chain};
pub use function::{Function, NamedFunction, TriggeredFunction, function};
pub use host_settings::HostSettings;
pub use input::{BlobInput, Input, Inputs, blob_bytes, blob_payload, blob_text};
pub use manifest::{Difference, Manifest, ManifestError, SharedHost};
pub use output::{BlobOutput, Output, Outputs, QueueOutput, blob_bytes_output, blob_text_output, queue_output};
pub use problem::{HttpFailure, HttpRequestExt, Problem};
pub use reply::Reply;
pub use run::{RunError, run, serve};
pub use schedule::{Schedule, ScheduleError, check_schedule};
pub use setting::Setting;
pub use settings::{SettingProblem, SettingResults, Settings, SettingsError, all_settings};
pub use trigger::{
    AuthLevel, Bare, HttpTrigger, PoisonPlace, QueueMessage, QueueTrigger, QueueValue, TimerTrigger, Trigger,
    WithMetadata, unwrap_message,
};

pub use bytes::Bytes;
pub use determinism::{Clock, Rng};
pub use functions_protocol::function_json::Retry;
pub use functions_protocol::host_json::MessageEncoding;
pub use functions_protocol::names::Queue;
pub use functions_protocol::payload::{JsonPayload, Payload, PayloadError};
pub use functions_protocol::{CLAIMS_CONTAINER, PayloadStore, StoreFuture};
pub use functions_protocol::{HttpAnswer, HttpBody, HttpRequest, QueueMetadata, TimeSpan, TimerInfo};
