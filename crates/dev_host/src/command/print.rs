//! What a run by hand did, for the terminal.

use crate::by_hand::Finished;
use crate::console::{Console, Level, Style};
use crate::journal::Content;

/// Prints logs, outputs, the HTTP answer and the outcome; one JSON object under `--json`.
pub(super) fn finished(console: &Console, function: &str, finished: &Finished) {
    if console.style() == Style::Json {
        let text = serde_json::to_string(finished).unwrap_or_default();
        console.line("run", Level::Info, Some(&finished.invocation), &text);
        return outcome(console, function, finished);
    }
    let mut block = String::new();
    // The answer's logs are complete; those of a failed run are lost to the host and stand in what was printed.
    let lines: Vec<String> = match finished.logs.is_empty() {
        false => finished.logs.clone(),
        true => finished
            .printed
            .iter()
            .map(|line| format!("{} {}", line.level, line.text))
            .collect(),
    };
    section(&mut block, "Log", lines.into_iter());
    section(
        &mut block,
        "Outputs",
        finished.outputs.iter().map(|output| {
            format!(
                "{} → {} {}\n{}",
                output.binding,
                output.to,
                output.target,
                indented(&output.content)
            )
        }),
    );
    if let Some((status, body)) = &finished.http {
        section(
            &mut block,
            "HTTP answer",
            std::iter::once(format!("{status}\n{}", indented(body))),
        );
    }
    console.block(&format!("\n{block}"));
    outcome(console, function, finished);
}

fn outcome(console: &Console, function: &str, finished: &Finished) {
    match &finished.failure {
        None => console.host(
            Level::Info,
            &format!("{function} succeeded in {} ms", finished.milliseconds),
        ),
        Some(reason) => {
            console.host(
                Level::Error,
                &format!("{function} failed after {} ms: {reason}", finished.milliseconds),
            );
        }
    }
}

fn section(block: &mut String, title: &str, entries: impl Iterator<Item = String>) {
    let mut entries = entries.peekable();
    if entries.peek().is_none() {
        return;
    }
    block.push_str(&format!("{title}\n"));
    for entry in entries {
        block.push_str(&format!("  {}\n", entry.replace('\n', "\n  ")));
    }
    block.push('\n');
}

fn indented(content: &Content) -> String {
    let mut text: String = content
        .text
        .chars()
        .map(|c| {
            if c.is_control() && c != '\n' && c != '\t' {
                '·'
            } else {
                c
            }
        })
        .collect();
    if content.cut {
        text.push_str(&format!("… ({} bytes in all)", content.bytes));
    }
    format!("  {}", text.replace('\n', "\n  "))
}
