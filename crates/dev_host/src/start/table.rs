//! The one table at the start.

use std::time::Duration;

use crate::app::{Function, Trigger};
use crate::console::{Level, Style};
use crate::host::{Host, RunningApp};
use crate::supervisor::HandlerState;

/// Prints every function with its trigger and where or when it runs, the addresses, and how long the start took.
pub(super) fn print(host: &Host, dashboard: &str, website: Option<&str>, storage: &str, timers: bool, took: Duration) {
    let mut rows = vec![["APP", "FUNCTION", "TRIGGER", "URL, QUEUE OR NEXT RUN"].map(str::to_owned)];
    for app in &host.apps {
        for function in &app.app.functions {
            let place = place(host, app, function, timers);
            rows.push([
                app.app.name.clone(),
                function.name.clone(),
                function.trigger.word().to_owned(),
                place,
            ]);
        }
    }
    let mut block = format!("\n{}", columns(&rows));
    let mut addresses = vec![("dashboard", dashboard.to_owned())];
    addresses.extend(website.map(|address| ("website", address.to_owned())));
    addresses.push(("storage", storage.to_owned()));
    if let Some(keys) = &host.keys {
        addresses.extend(keys.host.iter().map(|(_, key)| ("function key", key.clone())));
        addresses.extend(keys.master.iter().map(|key| ("master key", key.clone())));
    }
    for (name, address) in &addresses {
        block.push_str(&format!("\n{name:<12}  {address}"));
    }
    host.console.block(&format!("{block}\n"));
    if host.console.style() == Style::Json {
        for row in &rows[1..] {
            host.console
                .line(&row[0], Level::Info, None, &format!("{} {} {}", row[1], row[2], row[3]));
        }
        for (name, address) in &addresses {
            host.console.host(Level::Info, &format!("{name}: {address}"));
        }
    }
    let down: Vec<&str> = host
        .apps
        .iter()
        .filter(|app| !matches!(app.handler.state(), HandlerState::Ready { .. }))
        .map(|app| app.app.name.as_str())
        .collect();
    match down.as_slice() {
        [] => {
            let text = format!(
                "all apps are ready after {:.1} s; Ctrl-C stops them",
                took.as_secs_f64()
            );
            host.console.host(Level::Info, &text);
        }
        down => host
            .console
            .host(Level::Error, &format!("not ready: {}", down.join(", "))),
    }
}

fn place(host: &Host, app: &RunningApp, function: &Function, timers: bool) -> String {
    let place = match &function.trigger {
        Trigger::Http { template, methods, .. } => {
            let prefix = app.app.host.extensions.http.route_prefix();
            let address = app.address();
            let parts = [address.as_str(), prefix, template.as_str()];
            let url = parts
                .iter()
                .filter(|part| !part.is_empty())
                .copied()
                .collect::<Vec<_>>()
                .join("/");
            if methods.is_empty() {
                url
            } else {
                format!("{} {url}", methods.join(","))
            }
        }
        Trigger::Queue { queue, .. } => queue.clone(),
        Trigger::Timer { text, .. } => {
            let state = app.timer_state(&function.name);
            let next = match state.next {
                Some(next) => next
                    .to_zoned(host.zone.clone())
                    .strftime("%Y-%m-%d %H:%M:%S")
                    .to_string(),
                None if state.elsewhere => "another host fires it".to_owned(),
                None if state.running => "runs now".to_owned(),
                None if timers && app.handler.is_down() => "waits for the handler".to_owned(),
                None if timers => "never".to_owned(),
                None => "off (--no-timers)".to_owned(),
            };
            format!("{next}  ({text})")
        }
    };
    if function.disabled {
        format!("{place}  [disabled by a setting]")
    } else {
        place
    }
}

fn columns(rows: &[[String; 4]]) -> String {
    let widths: [usize; 3] = std::array::from_fn(|column| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    });
    let line = |row: &[String; 4]| {
        let [app, function, trigger, place] = row;
        format!(
            "{app:<0$}  {function:<1$}  {trigger:<2$}  {place}\n",
            widths[0], widths[1], widths[2]
        )
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let row = |cells: [&str; 4]| cells.map(str::to_owned);
        let text = columns(&[
            row(["APP", "FUNCTION", "TRIGGER", "X"]),
            row(["scan_mirrors", "f", "queue", "work"]),
        ]);
        assert_eq!(
            text,
            "APP           FUNCTION  TRIGGER  X\nscan_mirrors  f         queue    work\n"
        );
    }
}
