//! The app against the storage emulator, called as the host calls it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod clock_jumps;
mod crashes;
mod declaration;
mod effects;
mod faults;
mod host;
mod killers;
mod log_lines;
mod poison;
mod races;
mod world;

use serde_json::{Value, json};

/// The result of checking `url` at `minute` past ten.
fn mirror(url: &str, minute: i64, errors: &[&str]) -> String {
    json!({"status_type": "mirror", "status": {url: {
        "running": errors.is_empty(),
        "errors": errors,
        "time": scan_status::naive_time::format(world::at(minute)),
        "observed_at": world::at(minute).to_string(),
    }}})
    .to_string()
}

fn mirror_list(minute: i64, urls: &[&str]) -> String {
    json!({"status_type": "mirror-list", "status": urls, "observed_at": world::at(minute).to_string()}).to_string()
}

/// The public document without what depends on how often it was written.
fn content(mut public: Value) -> Value {
    let members = public.as_object_mut().unwrap();
    members.remove("generation");
    members.remove("generated_at");
    public
}
