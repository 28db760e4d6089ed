//! A function app: functions, settings, host settings.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use functions_protocol::PayloadStore;
use functions_protocol::names::{is_function_name, is_setting_name};

use crate::declaration::Declaration;
use crate::function::Function;
use crate::host_settings::HostSettings;
use crate::logs::LogSettings;
use crate::schedule::{can_pause_longer_than, check_schedule};
use crate::setting::Setting;
use crate::settings::{SettingProblem, Settings};

/// A timer that may pause longer needs a retry policy: the host does not repeat a failed run by itself.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

type StoreOf<D> = Arc<dyn Fn(&D) -> Arc<dyn PayloadStore> + Send + Sync>;

/// The declaration of a function app whose handlers share dependencies `D`. It needs no dependencies itself, so a tool
/// can render it.
#[must_use = "an app does nothing until it is run"]
pub struct FunctionApp<D> {
    pub(crate) name: &'static str,
    pub(crate) functions: BTreeMap<&'static str, Function<D>>,
    pub(crate) settings: Vec<Setting>,
    pub(crate) host: HostSettings,
    pub(crate) store: Option<StoreOf<D>>,
    data_files: Vec<&'static str>,
    repeated: Vec<&'static str>,
}

/// What is wrong with the declaration of an app: mistakes that types cannot show, all of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the declaration of {app} is wrong:\n{}", .problems.join("\n"))]
pub struct DeclarationError {
    /// Name of the app.
    pub app: &'static str,
    /// One line per mistake.
    pub problems: Vec<String>,
}

impl<D: Send + Sync + 'static> FunctionApp<D> {
    /// An app without functions. The name is that of its executable.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            functions: BTreeMap::new(),
            settings: Vec::new(),
            host: HostSettings::default(),
            store: None,
            data_files: Vec::new(),
            repeated: Vec::new(),
        }
    }

    /// Adds a function.
    pub fn function(mut self, function: Function<D>) -> Self {
        let name = function.declaration.name;
        if self.functions.insert(name, function).is_some() {
            self.repeated.push(name);
        }
        self
    }

    /// Adds a setting that the app reads itself, beside connections and schedules.
    pub fn setting(mut self, setting: Setting) -> Self {
        self.settings.push(setting);
        self
    }

    /// Sets the app's part of host.json.
    pub fn host(self, host: HostSettings) -> Self {
        Self { host, ..self }
    }

    /// Ships a file of the app's folder beside the binary, under the same path. The app finds it below
    /// `FUNCTIONS_APP_ROOT_PATH`; in Azure it cannot be written.
    pub fn data_file(mut self, path: &'static str) -> Self {
        self.data_files.push(path);
        self
    }

    /// The files that are shipped beside the binary.
    pub fn data_files(&self) -> &[&'static str] {
        &self.data_files
    }

    /// Where messages go that are too large for a queue. Without a store such a message is an error that names its size.
    pub fn payload_store<F>(self, store: F) -> Self
    where
        F: Fn(&D) -> Arc<dyn PayloadStore> + Send + Sync + 'static,
    {
        Self {
            store: Some(Arc::new(store)),
            ..self
        }
    }

    /// Name of the app.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Names of the functions, in order.
    pub fn function_names(&self) -> impl Iterator<Item = &'static str> {
        self.functions.keys().copied()
    }

    /// Checks what types cannot: names, paths, schedules, repeated bindings.
    ///
    /// # Errors
    /// All mistakes together.
    pub fn check(&self) -> Result<(), DeclarationError> {
        let mut problems: Vec<String> = self
            .repeated
            .iter()
            .map(|name| format!("{name}: declared twice"))
            .collect();
        if !is_function_name(self.name) {
            problems.push(format!(
                "the app's name {:?} cannot be that of an executable",
                self.name
            ));
        }
        for path in &self.data_files {
            // A function folder is recognised by function.json, so nothing else may bring one along.
            let is_inside = path
                .split('/')
                .all(|name| !matches!(name, "" | "." | ".." | "function.json"));
            if !is_inside || path.contains('\\') {
                problems.push(format!(
                    "data file {path:?}: a path of plain names inside the app's folder"
                ));
            }
        }
        for declaration in self.declarations() {
            check_function(declaration, &mut problems);
        }
        for setting in self.declared_settings() {
            if !is_setting_name(setting.name) {
                problems.push(format!(
                    "setting {:?}: a name has letters, digits and underscores",
                    setting.name
                ));
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(DeclarationError {
                app: self.name,
                problems,
            })
        }
    }

    pub(crate) fn declarations(&self) -> impl Iterator<Item = &Declaration> {
        self.functions.values().map(|function| &function.declaration)
    }

    /// Connections of all functions, each once, the default one first: the host itself needs it.
    pub(crate) fn connections(&self) -> Vec<&'static str> {
        let mut connections = vec![crate::declaration::DEFAULT_CONNECTION];
        for connection in self.declarations().flat_map(|declaration| &declaration.connections) {
            if !connections.contains(connection) {
                connections.push(connection);
            }
        }
        connections
    }

    /// Settings of the app and of the log.
    pub(crate) fn declared_settings(&self) -> impl Iterator<Item = Setting> {
        self.settings.iter().cloned().chain(LogSettings::declared())
    }

    /// Everything that is missing or wrong in `settings`, as far as the declaration tells.
    pub(crate) fn setting_problems(&self, settings: &Settings) -> Vec<SettingProblem> {
        let needed = self.declarations().flat_map(|declaration| &declaration.connections);
        let mut problems: Vec<_> = needed
            .filter(|connection| !settings.has_connection(connection))
            .map(|connection| SettingProblem::missing(connection))
            .collect();
        for schedule in self
            .declarations()
            .filter_map(|declaration| declaration.schedule.as_ref())
        {
            match settings.get(schedule.setting) {
                None => problems.push(SettingProblem::missing(schedule.setting)),
                Some(value) => problems.extend(
                    check_schedule(value)
                        .err()
                        .map(|error| SettingProblem::new(schedule.setting, error.to_string())),
                ),
            }
        }
        problems.extend(self.declared_settings().filter_map(|setting| setting.problem(settings)));
        problems.sort();
        problems.dedup();
        problems
    }

    /// The settings that the app reads: those given, with declared defaults where one is missing.
    pub(crate) fn with_defaults(&self, settings: &Settings) -> Settings {
        settings.with_defaults(
            self.settings
                .iter()
                .filter_map(|setting| Some((setting.name, setting.default?))),
        )
    }
}

fn check_function(declaration: &Declaration, problems: &mut Vec<String>) {
    let name = declaration.name;
    if !is_function_name(name) {
        problems.push(format!("{name}: the host does not accept this name of a function"));
    }
    if let Err(error) = declaration.document.render() {
        problems.push(format!("{name}: {error}"));
    }
    if let Some(schedule) = &declaration.schedule {
        match check_schedule(schedule.default) {
            Err(error) => problems.push(format!("{name}: the default of {}: {error}", schedule.setting)),
            Ok(())
                if declaration.document.retry.is_none() && can_pause_longer_than(schedule.default, LONGEST_PAUSE) =>
            {
                problems.push(format!(
                    "{name}: after a failure more than {} minutes can pass until the next run: declare a `.retry(..)`",
                    LONGEST_PAUSE.as_secs() / 60
                ));
            }
            Ok(()) => {}
        }
    }
}

impl<D> fmt::Debug for FunctionApp<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionApp")
            .field("name", &self.name)
            .field("functions", &self.functions.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
