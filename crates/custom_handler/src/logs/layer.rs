//! Writes events as lines and collects them for the answer.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::Write;
use std::sync::Mutex;

use determinism::Clock;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tracing::span::{Attributes, Id};
use tracing::{Event, Metadata, Span, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::LogFormat;
use super::fields::{Fields, write_pairs, write_visible};

/// Lines of one invocation that its answer carries; the rest is on stdout alone.
const LINES_IN_ANSWER: usize = 200;
/// Characters of the invocation id in readable lines: enough to tell the invocations of some hours apart.
const SHORT_ID: usize = 8;

/// A layer that writes one line per event.
pub(crate) struct LogLayer<W> {
    format: LogFormat,
    clock: Clock,
    output: Mutex<W>,
}

/// Kept with the span of an invocation.
struct InvocationLog {
    function: String,
    id: String,
    lines: Vec<String>,
    left_out: usize,
}

/// Kept with any other span that has fields.
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
        if is_invocation(attributes.metadata()) {
            let mut text = |name| match fields.others.remove(name) {
                Some(Value::String(text)) => text,
                _ => String::new(),
            };
            let log = InvocationLog {
                function: text("function"),
                id: text("id"),
                lines: Vec::new(),
                left_out: 0,
            };
            span.extensions_mut().insert(log);
        } else {
            span.extensions_mut().insert(SpanFields(fields.others));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        thread_local! {
            static LINE: RefCell<String> = RefCell::default();
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut invocation = None;
        for span in context.event_scope(event).into_iter().flatten() {
            if is_invocation(span.metadata()) {
                invocation = Some(span);
            } else if let Some(SpanFields(outer)) = span.extensions().get() {
                for (name, value) in outer {
                    fields.others.entry(name.clone()).or_insert_with(|| value.clone());
                }
            }
        }
        let mut extensions = invocation.as_ref().map(|span| span.extensions_mut());
        let log = extensions
            .as_mut()
            .and_then(|extensions| extensions.get_mut::<InvocationLog>());
        LINE.with_borrow_mut(|line| {
            line.clear();
            match self.format {
                LogFormat::Text => text_line(line, self.clock.now(), event.metadata(), log.as_deref(), &fields),
                LogFormat::Json => json_line(line, self.clock.now(), event.metadata(), log.as_deref(), &fields),
            }
            self.write(line);
        });
        if let Some(log) = log
            && !event.metadata().target().starts_with("custom_handler")
        {
            log.keep(event.metadata(), &fields);
        }
    }
}

impl InvocationLog {
    fn keep(&mut self, metadata: &Metadata<'_>, fields: &Fields) {
        if self.lines.len() == LINES_IN_ANSWER {
            self.left_out += 1;
            return;
        }
        let mut line = format!("{} ", metadata.level());
        write_visible(&mut line, &fields.message);
        write_pairs(&mut line, &fields.others);
        self.lines.push(line);
    }
}

/// Takes the lines that the app wrote inside an invocation's span.
pub(crate) fn take_lines(span: &Span) -> Vec<String> {
    let taken = span.with_subscriber(|(id, dispatch)| {
        let registry = dispatch.downcast_ref::<Registry>()?;
        let span = registry.span(id)?;
        let mut extensions = span.extensions_mut();
        let log = extensions.get_mut::<InvocationLog>()?;
        let mut lines = std::mem::take(&mut log.lines);
        if log.left_out > 0 {
            lines.push(format!("{} more lines are in the log stream of the app", log.left_out));
        }
        Some(lines)
    });
    taken.flatten().unwrap_or_default()
}

fn is_invocation(metadata: &Metadata<'_>) -> bool {
    metadata.target() == "custom_handler" && metadata.name() == "invocation"
}

fn text_line(line: &mut String, now: Timestamp, metadata: &Metadata<'_>, log: Option<&InvocationLog>, fields: &Fields) {
    let time = now.strftime("%H:%M:%S%.3f");
    write!(line, "{time} {:5} ", metadata.level()).unwrap_or_default();
    if let Some(log) = log {
        write!(line, "{} {} ", log.function, log.id.get(..SHORT_ID).unwrap_or(&log.id)).unwrap_or_default();
    }
    write_visible(line, &fields.message);
    write_pairs(line, &fields.others);
    line.push('\n');
}

fn json_line(line: &mut String, now: Timestamp, metadata: &Metadata<'_>, log: Option<&InvocationLog>, fields: &Fields) {
    let mut object = json!({
        "time": now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        "level": metadata.level().as_str(),
        "target": metadata.target(),
        "message": fields.message,
    });
    if let Some(log) = log {
        object["function"] = log.function.as_str().into();
        object["invocation"] = log.id.as_str().into();
    }
    if !fields.others.is_empty() {
        object["fields"] = Value::Object(fields.others.clone());
    }
    write!(line, "{object}").unwrap_or_default();
    line.push('\n');
}
