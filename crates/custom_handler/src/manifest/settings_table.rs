//! The settings table of an app's README.

use std::collections::BTreeSet;
use std::fmt::Write;

use functions_protocol::function_json::BindingKind;

use crate::app::FunctionApp;
use crate::declaration::DEFAULT_CONNECTION;

const BEGIN: &str = "<!-- settings:begin -->";
const END: &str = "<!-- settings:end -->";

/// The text between the markers.
pub(super) fn render<D: Send + Sync + 'static>(app: &FunctionApp<D>) -> String {
    let mut table = Table("\n| setting | default | meaning |\n|---|---|---|\n".to_owned());
    table.row(
        "FUNCTIONS_WORKER_RUNTIME",
        Some("custom"),
        true,
        "Tells the host that the app is a custom handler.",
    );
    for connection in app.connections() {
        table.row(connection, None, true, &connection_meaning(app, connection));
    }
    for (name, schedule) in app
        .declarations()
        .filter_map(|declaration| Some((declaration.name, declaration.schedule.as_ref()?)))
    {
        let blank = if schedule.description.is_empty() { "" } else { " " };
        let meaning = format!("When `{name}` runs.{blank}{}", schedule.description);
        table.row(schedule.setting, Some(schedule.default), true, &meaning);
    }
    for setting in app.declared_settings() {
        table.row(setting.name, setting.default, setting.required, setting.description);
    }
    table.0
}

/// The text between the markers of `readme`; `None` without them.
pub(super) fn between_markers(readme: &str) -> Option<&str> {
    let (_, rest) = readme.split_once(&format!("{BEGIN}\n"))?;
    rest.split_once(END).map(|(table, _)| table)
}

/// `readme` with `table` between its markers; both are added at its end where they are missing.
pub(super) fn put_between_markers(readme: Option<String>, table: &str) -> String {
    let readme = readme.unwrap_or_default();
    let found = readme
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    match found {
        Some((before, after)) => format!("{before}{BEGIN}\n{table}{END}{after}"),
        None => {
            let separator = if readme.is_empty() || readme.ends_with("\n\n") {
                ""
            } else {
                "\n"
            };
            format!("{readme}{separator}## Settings\n\n{BEGIN}\n{table}{END}\n")
        }
    }
}

struct Table(String);

impl Table {
    fn row(&mut self, name: &str, default: Option<&str>, required: bool, meaning: &str) {
        let default = match default {
            Some(default) => format!("`{default}`"),
            None if required => "required".to_owned(),
            None => String::new(),
        };
        let cell = |text: &str| text.replace('|', "\\|");
        writeln!(self.0, "| `{name}` | {} | {} |", cell(&default), cell(meaning)).expect("a text takes any line");
    }
}

/// What a connection is for: the queues and blobs that are reached by it.
fn connection_meaning<D: Send + Sync + 'static>(app: &FunctionApp<D>, connection: &str) -> String {
    let (mut queues, mut blobs) = (BTreeSet::new(), BTreeSet::new());
    let bindings = app
        .declarations()
        .flat_map(|declaration| &declaration.document.bindings);
    for binding in bindings.filter(|binding| binding.kind.connection() == Some(connection)) {
        match &binding.kind {
            BindingKind::QueueTrigger { queue_name, .. } | BindingKind::QueueOutput { queue_name, .. } => {
                queues.insert(format!("`{queue_name}`"));
            }
            BindingKind::BlobInput { path, .. } | BindingKind::BlobOutput { path, .. } => {
                blobs.insert(format!("`{path}`"));
            }
            _ => {}
        }
    }
    let uses = [("queues", queues), ("blobs", blobs)]
        .into_iter()
        .filter(|(_, names)| !names.is_empty());
    let uses = uses.map(|(kind, names)| format!("{kind} {}", names.into_iter().collect::<Vec<_>>().join(", ")));
    let own = (connection == DEFAULT_CONNECTION).then(|| "the host's own state".to_owned());
    let uses: Vec<String> = own.into_iter().chain(uses).collect();
    format!(
        "Storage account for {}. A connection string, or `{connection}__...` settings for a managed identity.",
        uses.join("; ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_goes_between_the_markers_and_nothing_else_changes() {
        let readme = format!("# App\n\n{BEGIN}\nold\n{END}\n\nmore\n");
        let written = put_between_markers(Some(readme), "new\n");
        assert_eq!(written, format!("# App\n\n{BEGIN}\nnew\n{END}\n\nmore\n"));
        assert_eq!(between_markers(&written), Some("new\n"));
    }

    #[test]
    fn a_readme_without_markers_gets_them_at_its_end() {
        let written = put_between_markers(Some("# App\n".to_owned()), "new\n");
        assert_eq!(written, format!("# App\n\n## Settings\n\n{BEGIN}\nnew\n{END}\n"));
        assert_eq!(between_markers("# App\n"), None);
    }
}
