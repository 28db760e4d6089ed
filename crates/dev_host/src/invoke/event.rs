//! What happened, as the wire and the journal want it.

use functions_protocol::poison;
use host_rules::dotnet::Value;
use host_rules::machine::queue::TriggerMessage;
use host_rules::machine::timer::RunReason;
use host_rules::newtonsoft;
use host_rules::wire::{HttpCall, Trigger, http_trigger, manual_trigger, queue_trigger, timer_trigger};
use jiff::tz::TimeZone;

use crate::app::Function;
use crate::journal::{MessageReference, TriggerKind};

/// What a function is run for.
#[derive(Clone, Debug)]
pub enum Event {
    /// A message of a queue.
    Queue {
        /// The queue.
        queue: String,
        /// The message.
        message: TriggerMessage,
    },
    /// A timer.
    Timer {
        /// The trigger's value.
        timer_info: Value,
        /// Why now.
        reason: RunReason,
    },
    /// A request to the app's front.
    Http(HttpCall),
    /// A person asked for it.
    Manual {
        /// The text that takes the place of the trigger's.
        input: String,
    },
    /// A person asked for it, with an HTTP request of their own.
    ManualHttp(HttpCall),
}

impl Event {
    /// A run by hand of a function with this trigger: a timer gets a timer's value, other triggers the text.
    pub fn by_hand(function: &Function, input: String) -> Self {
        match &function.trigger {
            crate::app::Trigger::Timer { schedule, .. } => {
                let adjusts = Value::Boolean(schedule.adjusts_for_daylight_saving());
                let timer_info = Value::Object(vec![
                    (
                        "Schedule".to_owned(),
                        Value::Object(vec![("AdjustForDST".to_owned(), adjusts)]),
                    ),
                    ("ScheduleStatus".to_owned(), Value::Null),
                    ("IsPastDue".to_owned(), Value::Boolean(false)),
                ]);
                Self::Timer {
                    timer_info,
                    reason: RunReason::RunOnStartup,
                }
            }
            _ => Self::Manual { input },
        }
    }

    /// The trigger's value and metadata.
    ///
    /// # Errors
    /// Bytes that are not text for a text trigger.
    pub fn trigger(&self, function: &Function, zone: &TimeZone) -> Result<Trigger, String> {
        Ok(match self {
            Self::Queue { message, .. } => {
                let data_type = function.rules.trigger().and_then(|trigger| trigger.data_type);
                queue_trigger(message, data_type).map_err(|error| error.to_string())?
            }
            Self::Timer { timer_info, .. } => timer_trigger(timer_info.clone()),
            Self::Http(call) | Self::ManualHttp(call) => http_trigger(call, zone),
            Self::Manual { input } => manual_trigger(input),
        })
    }

    /// What the journal calls it.
    pub fn kind(&self) -> TriggerKind {
        match self {
            Self::Queue { .. } => TriggerKind::Queue,
            Self::Timer { .. } => TriggerKind::Timer,
            Self::Http(_) => TriggerKind::Http,
            Self::Manual { .. } | Self::ManualHttp(_) => TriggerKind::Manual,
        }
    }

    /// The message, for queue triggers.
    pub fn message(&self) -> Option<MessageReference> {
        match self {
            Self::Queue { queue, message } => Some(MessageReference {
                queue: queue.clone(),
                id: message.received.id.clone(),
            }),
            _ => None,
        }
    }

    /// The message's dequeue count; 1 otherwise.
    pub fn attempt(&self) -> u32 {
        match self {
            Self::Queue { message, .. } => u32::try_from(message.received.dequeue_count).unwrap_or(u32::MAX),
            _ => 1,
        }
    }

    /// The value for people: the message text out of its envelope, the request line and body, the timer's object.
    pub fn payload(&self, zone: &TimeZone) -> Vec<u8> {
        match self {
            Self::Queue { message, .. } => match String::from_utf8(message.body.clone()) {
                Ok(text) => poison::unwrap_text(text).into_bytes(),
                Err(error) => error.into_bytes(),
            },
            Self::Timer { timer_info, .. } => newtonsoft::indented(timer_info, zone).into_bytes(),
            Self::Http(call) | Self::ManualHttp(call) => {
                let mut text = format!("{} {}\n", call.method, call.target).into_bytes();
                text.extend_from_slice(&call.body);
                text
            }
            Self::Manual { input } => input.clone().into_bytes(),
        }
    }
}
