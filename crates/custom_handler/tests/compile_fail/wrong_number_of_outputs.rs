//! Two outputs are declared, the handler returns one value.

use custom_handler::{Context, Queue, Schedule, TimerInfo, function, queue_output};

const TEXTS: Queue<String> = Queue::named("texts");
const NOTES: Queue<String> = Queue::named("notes");

async fn tick(_: Context<()>, _: TimerInfo) -> Result<String, std::io::Error> {
    Ok(String::new())
}

fn main() {
    function("tick")
        .timer("timer", Schedule::setting("Schedule", "0 */5 * * * *"))
        .output(queue_output("text", TEXTS))
        .output(queue_output("note", NOTES))
        .handler(tick);
}
