//! One function: its declaration with settings filled in, and why one cannot run.

use functions_protocol::FunctionJson;
use functions_protocol::function_json::{AuthLevel, Binding, BindingKind, Direction, Retry};
use host_rules::function::{
    Function as Rules, MissingSetting, RouteError, RouteTemplate, is_disabled, resolve_settings,
};
use host_rules::machine::retry::{RetryPolicy, RetryStrategy};
use host_rules::schedule::Schedule;
use jiff::SignedDuration;

use crate::error_chain::chain;
use crate::settings::AppSettings;

/// A function that can run.
#[derive(Clone, Debug)]
pub struct Function {
    /// Folder name.
    pub name: String,
    /// Its bindings, every `%NAME%` replaced.
    pub bindings: Vec<Binding>,
    /// Its trigger.
    pub trigger: Trigger,
    /// The same declaration as the wire's rules read it.
    pub rules: Rules,
    /// How the host itself repeats a failed run.
    pub retry: Option<RetryPolicy>,
    /// Switched off by a setting: no trigger, but it can be run by hand.
    pub disabled: bool,
    /// function.json as written.
    pub document: String,
}

/// What starts a function.
#[derive(Clone, Debug)]
pub enum Trigger {
    /// A request to the app's front.
    Http {
        /// The route below the prefix, as written.
        template: String,
        /// The route, as read.
        route: RouteTemplate,
        /// Upper case; empty for all.
        methods: Vec<String>,
        /// The key needed under `--keys`.
        level: AuthLevel,
    },
    /// Messages of a queue.
    Queue {
        /// The queue.
        queue: String,
        /// The connection setting.
        connection: String,
    },
    /// A schedule.
    Timer {
        /// As written, settings filled in.
        text: String,
        /// As read.
        schedule: Schedule,
        /// Also at each start.
        run_on_startup: bool,
        /// Keep the state in storage.
        use_monitor: bool,
    },
}

/// A function that cannot run, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionProblem {
    /// Folder name.
    pub function: String,
    /// Why.
    pub reason: String,
}

/// Why a function cannot run.
#[derive(Debug, thiserror::Error)]
pub(super) enum FunctionError {
    #[error("its name must be a letter followed by letters, digits, _ or -, and not \"host\"")]
    Name,
    #[error("function.json: {0}")]
    Document(String),
    #[error("binding {name:?}: this host does not know type {binding_type:?} (direction {direction})")]
    UnknownBinding {
        name: String,
        binding_type: String,
        direction: &'static str,
    },
    #[error("a setting is missing: {0}")]
    MissingSetting(#[source] MissingSetting),
    #[error("it has no trigger")]
    NoTrigger,
    #[error(transparent)]
    Route(#[from] RouteError),
    #[error("schedule {text:?}: {problem}")]
    Schedule { text: String, problem: String },
}

impl Function {
    pub(super) fn read(
        name: &str,
        text: &str,
        settings: &AppSettings,
        default_retry: Option<&Retry>,
        warnings: &mut Vec<String>,
    ) -> Result<Self, FunctionError> {
        if !is_function_name(name) {
            return Err(FunctionError::Name);
        }
        let read = FunctionJson::read(text).map_err(|error| FunctionError::Document(chain(&error)))?;
        warnings.extend(
            read.warnings
                .iter()
                .map(|warning| format!("{name}/function.json: {warning}")),
        );
        let FunctionJson { mut bindings, retry } = read.document;
        for binding in &mut bindings {
            if let BindingKind::Unknown {
                binding_type,
                direction,
            } = &binding.kind
            {
                let direction = Direction::name(*direction);
                let (name, binding_type) = (binding.name.clone(), binding_type.clone());
                return Err(FunctionError::UnknownBinding {
                    name,
                    binding_type,
                    direction,
                });
            }
            fill_in(&mut binding.kind, settings).map_err(FunctionError::MissingSetting)?;
        }
        let trigger = bindings
            .iter()
            .find(|binding| binding.kind.is_trigger())
            .ok_or(FunctionError::NoTrigger)?;
        let trigger = Trigger::of(name, &trigger.kind)?;
        let rules = Rules::parse(name, text).map_err(|error| FunctionError::Document(chain(&error)))?;
        let retry = retry.as_ref().or(default_retry).map(policy);
        let (name, disabled) = (
            name.to_owned(),
            is_disabled(name, |setting| settings.get(setting).map(str::to_owned)),
        );
        Ok(Self {
            name,
            bindings,
            trigger,
            rules,
            retry,
            disabled,
            document: text.to_owned(),
        })
    }

    /// The trigger's binding.
    pub fn trigger_binding(&self) -> &Binding {
        let binding = self.bindings.iter().find(|binding| binding.kind.is_trigger());
        binding.expect("a function without a trigger is refused when it is read")
    }

    /// The other bindings that are read before a run.
    pub fn inputs(&self) -> impl Iterator<Item = &Binding> {
        let reads = |binding: &&Binding| !binding.kind.is_trigger() && binding.kind.direction() != Direction::Out;
        self.bindings.iter().filter(reads)
    }

    /// The bindings that are written after a run.
    pub fn outputs(&self) -> impl Iterator<Item = &Binding> {
        self.bindings
            .iter()
            .filter(|binding| binding.kind.direction() != Direction::In)
    }
}

impl Trigger {
    fn of(function: &str, kind: &BindingKind) -> Result<Self, FunctionError> {
        match kind {
            BindingKind::HttpTrigger {
                auth_level,
                methods,
                route,
            } => Ok(Self::Http {
                template: route.as_deref().unwrap_or(function).trim_matches('/').to_owned(),
                route: RouteTemplate::parse(route.as_deref().unwrap_or(function))?,
                methods: methods.iter().map(|method| method.to_ascii_uppercase()).collect(),
                level: *auth_level,
            }),
            BindingKind::QueueTrigger { queue_name, .. } => Ok(Self::Queue {
                queue: queue_name.to_ascii_lowercase(),
                connection: kind.connection().unwrap_or("AzureWebJobsStorage").to_owned(),
            }),
            BindingKind::TimerTrigger {
                schedule: text,
                run_on_startup,
                use_monitor,
            } => {
                let problem = |error: &dyn std::error::Error| FunctionError::Schedule {
                    text: text.clone(),
                    problem: chain(error),
                };
                let schedule = Schedule::parse(text).map_err(|error| problem(&error))?;
                let (text, run_on_startup, use_monitor) = (text.clone(), *run_on_startup, *use_monitor);
                Ok(Self::Timer {
                    text,
                    schedule,
                    run_on_startup,
                    use_monitor,
                })
            }
            _ => Err(FunctionError::NoTrigger),
        }
    }

    /// The kind in one word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Http { .. } => "http",
            Self::Queue { .. } => "queue",
            Self::Timer { .. } => "timer",
        }
    }
}

fn fill_in(kind: &mut BindingKind, settings: &AppSettings) -> Result<(), MissingSetting> {
    match kind {
        BindingKind::QueueTrigger { queue_name: text, .. }
        | BindingKind::QueueOutput { queue_name: text, .. }
        | BindingKind::BlobInput { path: text, .. }
        | BindingKind::BlobOutput { path: text, .. }
        | BindingKind::TimerTrigger { schedule: text, .. }
        | BindingKind::HttpTrigger { route: Some(text), .. } => {
            *text = resolve_settings(text, |name| settings.get(name).map(str::to_owned))?
        }
        _ => {}
    }
    Ok(())
}

fn policy(written: &Retry) -> RetryPolicy {
    let span =
        |span: functions_protocol::TimeSpan| SignedDuration::try_from(span.duration()).unwrap_or(SignedDuration::MAX);
    match *written {
        Retry::FixedDelay {
            max_retry_count,
            delay_interval,
        } => RetryPolicy {
            max_retry_count: u32::try_from(max_retry_count).ok(),
            strategy: RetryStrategy::FixedDelay {
                delay: span(delay_interval),
            },
        },
        Retry::ExponentialBackoff {
            max_retry_count,
            minimum_interval,
            maximum_interval,
        } => RetryPolicy {
            max_retry_count: u32::try_from(max_retry_count).ok(),
            strategy: RetryStrategy::ExponentialBackoff {
                minimum: span(minimum_interval),
                maximum: span(maximum_interval),
            },
        },
    }
}

fn is_function_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && name.len() <= 128
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && !name.eq_ignore_ascii_case("host")
}
