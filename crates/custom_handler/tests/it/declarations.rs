//! Mistakes in declarations that compile: what the check says.

use custom_handler::{Context, FunctionApp, Queue, QueueFailure, Schedule, TimerInfo, function, queue_output};

const TEXTS: Queue<String> = Queue::named("texts");

async fn tick(_: Context<()>, _: TimerInfo) -> Result<String, std::io::Error> {
    Ok(String::new())
}

async fn echo(_: Context<()>, text: String) -> Result<String, QueueFailure> {
    Ok(text)
}

#[test]
fn mistakes_that_types_cannot_show_are_listed_together() {
    let timer = |name, schedule| {
        function(name)
            .timer("timer", Schedule::setting("Schedule", schedule))
            .output(queue_output("out", TEXTS))
    };
    let app = FunctionApp::new("an app")
        .function(timer("host", "0 * * * * *").handler(tick))
        .function(timer("hourly", "0 0 * * * *").handler(tick))
        .function(timer("five_fields", "*/5 * * * *").handler(tick))
        .function(timer("twice", "00:05:00").handler(tick))
        .function(timer("twice", "00:05:00").handler(tick))
        .function(
            function("same_binding")
                .queue("poison", TEXTS, |queue| queue)
                .output(queue_output("out", TEXTS))
                .handler(echo),
        );
    insta::assert_snapshot!(app.check().unwrap_err().to_string(), @r#"
    the declaration of an app is wrong:
    twice: declared twice
    the app's name "an app" cannot be that of an executable
    five_fields: the default of Schedule: has 5 fields; a schedule has six (second minute hour day month weekday), or is a time span like 00:05:00
    host: the host does not accept this name of a function
    hourly: after a failure more than 10 minutes can pass until the next run: declare a `.retry(..)`
    same_binding: `bindings[1].name` is `poison`, but must be unlike the other bindings' names, also when case is ignored
    "#);
}

#[test]
fn data_files_stay_inside_the_apps_folder() {
    let app = || {
        FunctionApp::<()>::new("app").function(
            function("echo")
                .queue("text", TEXTS, |queue| queue)
                .output(queue_output("out", TEXTS))
                .handler(echo),
        )
    };
    let shipped = app().data_file("Data/sources.json");
    shipped.check().unwrap();
    assert_eq!(shipped.data_files(), ["Data/sources.json"]);
    for path in ["../secrets", "/etc/passwd", "", "a//b", "Data/function.json", "a\\b"] {
        let problems = app().data_file(path).check().unwrap_err().problems;
        assert!(problems[0].starts_with("data file"), "{path}: {problems:?}");
    }
}
