//! Writes events as lines and collects them for the answer.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::Write;
use std::sync::Mutex;

use determinism::Clock;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tracing::span::{Attributes, Id};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::LogFormat;
use super::fields::{Fields, write_pairs, write_visible};
use super::invocation::with_current;
use crate::context::Invocation;

/// Characters of the invocation id in readable lines: enough to tell the invocations of some hours apart.
const SHORT_ID: usize = 8;

/// A layer that writes one line per event.
pub(crate) struct LogLayer<W> {
    format: LogFormat,
    clock: Clock,
    output: Mutex<W>,
}

/// Kept with a span that has fields.
struct SpanFields(Map<String, Value>);

impl<W: Write> LogLayer<W> {
    pub(crate) fn new(format: LogFormat, clock: Clock, output: W) -> Self {
        Self {
            format,
            clock,
            output: Mutex::new(output),
        }
    }

    fn write(&self, line: &str) {
        // A closed stdout must not end the work: there is nobody left to tell.
        if let Ok(mut output) = self.output.lock() {
            let _ = output.write_all(line.as_bytes());
            let _ = output.flush();
        }
    }
}

impl<S, W> Layer<S> for LogLayer<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Write + Send + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if attributes.metadata().fields().is_empty() {
            return;
        }
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(SpanFields(fields.others));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        thread_local! {
            static LINE: RefCell<String> = RefCell::default();
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(SpanFields(outer)) = span.extensions().get() {
                for (name, value) in outer {
                    fields.others.entry(name.clone()).or_insert_with(|| value.clone());
                }
            }
        }
        with_current(|invocation| {
            LINE.with_borrow_mut(|line| {
                line.clear();
                match self.format {
                    LogFormat::Text => text_line(line, self.clock.now(), event.metadata(), invocation, &fields),
                    LogFormat::Json => json_line(line, self.clock.now(), event.metadata(), invocation, &fields),
                }
                self.write(line);
            });
            // The SDK's own lines tell the host nothing that it does not know.
            if let Some(invocation) = invocation
                && !event.metadata().target().starts_with(env!("CARGO_CRATE_NAME"))
            {
                invocation.lines.keep(|| answer_line(event.metadata(), &fields));
            }
        });
    }
}

fn answer_line(metadata: &Metadata<'_>, fields: &Fields) -> String {
    let mut line = format!("{} ", metadata.level());
    write_visible(&mut line, &fields.message);
    write_pairs(&mut line, &fields.others);
    line
}

fn text_line(
    line: &mut String,
    now: Timestamp,
    metadata: &Metadata<'_>,
    invocation: Option<&Invocation>,
    fields: &Fields,
) {
    let time = now.strftime("%H:%M:%S%.3f");
    write!(line, "{time} {:5} ", metadata.level()).unwrap_or_default();
    if let Some(invocation) = invocation {
        write!(
            line,
            "{} {} ",
            invocation.function,
            invocation.id.get(..SHORT_ID).unwrap_or(&invocation.id)
        )
        .unwrap_or_default();
    }
    write_visible(line, &fields.message);
    write_pairs(line, &fields.others);
    line.push('\n');
}

fn json_line(
    line: &mut String,
    now: Timestamp,
    metadata: &Metadata<'_>,
    invocation: Option<&Invocation>,
    fields: &Fields,
) {
    let mut object = json!({
        "time": now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        "level": metadata.level().as_str(),
        "target": metadata.target(),
        "message": fields.message,
    });
    if let Some(invocation) = invocation {
        object["function"] = invocation.function.into();
        object["invocation"] = invocation.id.as_str().into();
    }
    if !fields.others.is_empty() {
        object["fields"] = Value::Object(fields.others.clone());
    }
    write!(line, "{object}").unwrap_or_default();
    line.push('\n');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::logs::enter;

    /// Keeps what is written.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn lines_of(format: LogFormat, write: impl FnOnce()) -> String {
        let (clock, _) = Clock::manual("2026-11-20T10:00:00.5Z".parse().unwrap());
        let written = Written::default();
        let subscriber = tracing_subscriber::registry().with(LogLayer::new(format, clock, written.clone()));
        tracing::subscriber::with_default(subscriber, write);
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_readable_line_has_the_function_the_invocation_and_the_fields_of_its_spans() {
        let invocation = Invocation::for_tests(1);
        let lines = lines_of(LogFormat::Text, || {
            tracing::info!("outside");
            let _entered = enter(&invocation);
            let _span = tracing::info_span!("fetch", url = "http://a/b").entered();
            tracing::warn!(tries = 3, text = "two words", "slow");
        });
        let expected = "10:00:00.500 INFO  outside\n\
                        10:00:00.500 WARN  check_mirror 3f0c9e53 slow text=\"two words\" tries=3 url=http://a/b\n";
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_json_line_is_one_object_with_the_whole_id() {
        let invocation = Invocation::for_tests(1);
        let line = lines_of(LogFormat::Json, || {
            let _entered = enter(&invocation);
            tracing::error!(code = 7, "two\nlines");
        });
        assert_eq!(line.lines().count(), 1);
        let object: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(object["time"], "2026-11-20T10:00:00.500000Z");
        assert_eq!(object["message"], "two\nlines");
        assert_eq!(object["function"], "check_mirror");
        assert_eq!(object["invocation"], invocation.id.as_str());
        assert_eq!(object["fields"]["code"], 7);
    }

    #[test]
    fn foreign_text_cannot_forge_a_line() {
        let text = "x\n10:00:00.500 ERROR forged\u{1b}[31m";
        let line = lines_of(LogFormat::Text, || tracing::info!(header = text, "{text}"));
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        assert!(!line.contains('\u{1b}'), "{line}");
    }

    #[test]
    fn the_answer_gets_the_apps_lines_but_not_without_limit() {
        let invocation = Invocation::for_tests(1);
        lines_of(LogFormat::Text, || {
            let _entered = enter(&invocation);
            tracing::info!(target: "custom_handler::call", "the SDK's own");
            for number in 0..1000 {
                tracing::info!(target: "scan_mirrors", number, "checked");
            }
        });
        let lines = invocation.lines.take();
        assert_eq!(lines.len(), 201);
        assert_eq!(lines[0], "INFO checked number=0");
        assert_eq!(lines[200], "800 more lines are in the log stream of the app");
    }
}
