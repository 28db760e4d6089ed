//! The queue carries jobs, the handler takes text.

use custom_handler::{Context, JsonPayload, Queue, function};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Job {
    id: u32,
}

impl JsonPayload for Job {}

const JOBS: Queue<Job> = Queue::named("jobs");

async fn run_job(_: Context<()>, _: String) -> Result<(), std::io::Error> {
    Ok(())
}

fn main() {
    function("run_job").queue("job", JOBS, |queue| queue).handler(run_job);
}
