//! A timer has no message that could be put aside.

use custom_handler::{Context, Permanent, Schedule, TimerInfo, function};

async fn tick(_: Context<()>, _: TimerInfo) -> Result<(), Permanent> {
    Err(Permanent::new("no"))
}

fn main() {
    function("tick").timer("timer", Schedule::setting("Schedule", "0 */5 * * * *")).handler(tick);
}
