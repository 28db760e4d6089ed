//! The status_delivery function app.
fn main() {}
