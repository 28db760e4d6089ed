//! A queue function that answers each message with a result, and nothing else: what the SDK itself costs.
//!
//! ```text
//! FUNCTIONS_CUSTOMHANDLER_PORT=8080 AzureWebJobsStorage=UseDevelopmentStorage=true cargo run --release --example echo
//! ```

use std::process::ExitCode;

use custom_handler::{
    Context, FunctionApp, JsonPayload, Queue, QueueFailure, Settings, SettingsError, function, queue_output,
};
use serde::{Deserialize, Serialize};

const REQUESTS: Queue<Message> = Queue::named("echo-requests");
const RESULTS: Queue<Message> = Queue::named("echo-results");

#[derive(Serialize, Deserialize)]
struct Message {
    id: u64,
    text: String,
}

impl JsonPayload for Message {}

fn functions() -> FunctionApp<()> {
    let echo = function("echo")
        .queue("message", REQUESTS, |queue| queue)
        .output(queue_output("result", RESULTS));
    FunctionApp::new("echo").function(echo.handler(answer))
}

async fn answer(_: Context<()>, message: Message) -> Result<Message, QueueFailure> {
    Ok(message)
}

async fn connect(_: &Settings) -> Result<(), SettingsError> {
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    custom_handler::run(functions(), connect).await
}
