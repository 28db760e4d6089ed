//! local.settings.example.json: settings with which the app runs on a laptop.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::app::FunctionApp;

/// The storage emulator on its usual ports.
const LOCAL_STORAGE: &str = "UseDevelopmentStorage=true";

pub(super) fn render<D: Send + Sync + 'static>(app: &FunctionApp<D>) -> String {
    let mut values = Values(vec![("FUNCTIONS_WORKER_RUNTIME", "custom")]);
    for connection in app.connections() {
        values.put(connection, LOCAL_STORAGE);
    }
    for schedule in app
        .declarations()
        .filter_map(|declaration| declaration.schedule.as_ref())
    {
        values.put(schedule.setting, schedule.default);
    }
    for setting in &app.settings {
        values.put(setting.name, setting.default.or(setting.example).unwrap_or_default());
    }
    let mut text = serde_json::to_string_pretty(&Document(values)).expect("texts have a JSON form");
    text.push('\n');
    text
}

struct Document(Values);

/// In the order of declaration, which a JSON map of serde would not keep.
struct Values(Vec<(&'static str, &'static str)>);

impl Values {
    fn put(&mut self, name: &'static str, value: &'static str) {
        if self.0.iter().all(|(known, _)| *known != name) {
            self.0.push((name, value));
        }
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_map(Some(2))?;
        document.serialize_entry("IsEncrypted", &false)?;
        document.serialize_entry("Values", &self.0)?;
        document.end()
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}
