//! A blob input is declared, the handler takes only the timer.

use custom_handler::{Context, Schedule, TimerInfo, blob_text, function};

async fn tick(_: Context<()>, _: TimerInfo) -> Result<(), std::io::Error> {
    Ok(())
}

fn main() {
    function("tick")
        .timer("timer", Schedule::setting("Schedule", "0 */5 * * * *"))
        .input(blob_text("names", "static-data/names.txt"))
        .handler(tick);
}
