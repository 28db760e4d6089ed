use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::status::{TimerStatus, check_past_due};
use crate::dotnet::Value;
use crate::schedule::Schedule;

/// The properties of a timer trigger.
#[derive(Clone, Debug)]
pub struct TimerOptions {
    /// The schedule, settings resolved.
    pub schedule: Schedule,
    /// `useMonitor` (true unless function.json says otherwise). Very frequent schedules switch it off.
    pub use_monitor: bool,
    /// `runOnStartup`.
    pub run_on_startup: bool,
    /// The host's zone.
    pub zone: TimeZone,
}

/// What the shell reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimerEvent {
    /// The listener holds its lock and starts.
    Start,
    /// The stored status was read.
    StatusRead {
        /// The text of the blob, if there is one.
        stored: Option<String>,
    },
    /// `next_deadline` has come.
    Tick,
    /// The run that was started is over, in success or failure.
    RunEnded,
    /// The host stops; a run under way ends by itself.
    Stop,
}

/// What the shell must do, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum TimerEffect {
    /// Read the status blob and report [`TimerEvent::StatusRead`].
    ReadStatus,
    /// Store the status.
    WriteStatus {
        /// The text of the blob.
        json: String,
    },
    /// Run the function and report [`TimerEvent::RunEnded`].
    Run {
        /// The trigger's value.
        timer_info: Value,
        /// Why it runs now.
        reason: RunReason,
    },
}

/// Why a timer function runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunReason {
    /// Its time has come (or had come while the run before was still going).
    Scheduled,
    /// A run was missed while the host was down.
    PastDue {
        /// When it should have run.
        original: Timestamp,
    },
    /// `runOnStartup`.
    RunOnStartup,
}

impl RunReason {
    /// `UnscheduledInvocationReason` of the host's log; `None` for a regular run.
    pub fn unscheduled_reason(&self) -> Option<&'static str> {
        match self {
            Self::Scheduled => None,
            Self::PastDue { .. } => Some("IsPastDue"),
            Self::RunOnStartup => Some("RunOnStartup"),
        }
    }
}

/// The listener of one timer function. It never starts a run before the one before has ended.
#[derive(Debug)]
pub struct TimerListener {
    options: TimerOptions,
    monitored: bool,
    status: TimerStatus,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    ReadingStatus,
    Waiting { until: Option<Timestamp> },
    Running { started: Timestamp, reason: RunReason },
    Stopped,
}

impl TimerListener {
    /// A listener that has not started. `now` decides whether the schedule is too frequent for the monitor.
    pub fn new(options: TimerOptions, now: Timestamp) -> Self {
        let monitored = options.use_monitor && !options.schedule.forces_monitor_off(now, &options.zone);
        Self {
            options,
            monitored,
            status: TimerStatus::default(),
            state: State::Idle,
        }
    }

    /// Whether runs are recorded in a status blob.
    pub fn is_monitored(&self) -> bool {
        self.monitored
    }

    /// When the function runs next, if it is known and not running now. Also when the next [`TimerEvent::Tick`] is due.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        if let State::Waiting { until } = self.state {
            until
        } else {
            None
        }
    }

    /// Takes an event and says what to do.
    pub fn step(&mut self, now: Timestamp, event: TimerEvent) -> Vec<TimerEffect> {
        let now = whole_ticks(now);
        let mut effects = Vec::new();
        match (event, self.state) {
            (TimerEvent::Stop, _) => self.state = State::Stopped,
            (TimerEvent::Start, State::Idle) if self.monitored => {
                self.state = State::ReadingStatus;
                effects.push(TimerEffect::ReadStatus);
            }
            (TimerEvent::Start, State::Idle) => self.begin(now, None, &mut effects),
            (TimerEvent::StatusRead { stored }, State::ReadingStatus) => {
                let past_due = self.check_stored(now, stored, &mut effects);
                self.begin(now, past_due, &mut effects);
            }
            (TimerEvent::Tick, State::Waiting { until: Some(until) }) if until <= now => {
                self.run(now, RunReason::Scheduled, &mut effects);
            }
            (TimerEvent::RunEnded, State::Running { started, reason }) => {
                self.ended(now, started, reason, &mut effects);
            }
            _ => {}
        }
        effects
    }

    /// Compares the stored status with the schedule; the missed occurrence, if any.
    fn check_stored(
        &mut self,
        now: Timestamp,
        stored: Option<String>,
        effects: &mut Vec<TimerEffect>,
    ) -> Option<RunReason> {
        let zone = &self.options.zone;
        let stored = stored.and_then(|text| TimerStatus::parse(&text, zone));
        let found = check_past_due(stored, &self.options.schedule, now, zone);
        if let Some(updated) = found.updated {
            effects.push(TimerEffect::WriteStatus {
                json: updated.to_json(zone),
            });
        }
        // A new timer's function sees a status without a time of update, though the blob has one.
        self.status = match stored {
            Some(_) => found.status,
            None => TimerStatus {
                last_updated: None,
                ..found.status
            },
        };
        let original = found.status.next.filter(|_| found.is_past_due)?;
        Some(RunReason::PastDue { original })
    }

    fn begin(&mut self, now: Timestamp, past_due: Option<RunReason>, effects: &mut Vec<TimerEffect>) {
        let on_startup = self.options.run_on_startup.then_some(RunReason::RunOnStartup);
        match past_due.or(on_startup) {
            Some(reason) => self.run(now, reason, effects),
            None => {
                let next = self.options.schedule.next_after(now, &self.options.zone);
                self.state = State::Waiting {
                    until: if self.monitored { self.status.next } else { next },
                };
            }
        }
    }

    fn run(&mut self, now: Timestamp, reason: RunReason, effects: &mut Vec<TimerEffect>) {
        self.state = State::Running { started: now, reason };
        let status = if self.monitored {
            self.status.to_value(&self.options.zone)
        } else {
            Value::Null
        };
        let adjusts = Value::Boolean(self.options.schedule.adjusts_for_daylight_saving());
        let is_past_due = matches!(reason, RunReason::PastDue { .. });
        let timer_info = Value::Object(vec![
            (
                "Schedule".to_owned(),
                Value::Object(vec![("AdjustForDST".to_owned(), adjusts)]),
            ),
            ("ScheduleStatus".to_owned(), status),
            ("IsPastDue".to_owned(), Value::Boolean(is_past_due)),
        ]);
        effects.push(TimerEffect::Run { timer_info, reason });
    }

    fn ended(&mut self, now: Timestamp, started: Timestamp, reason: RunReason, effects: &mut Vec<TimerEffect>) {
        // A timer that fires a little early must not compute the same occurrence again.
        let early = self
            .status
            .next
            .filter(|next| reason == RunReason::Scheduled && *next > started);
        let invoked = early.unwrap_or(started);
        // Computed from the start of the run: an occurrence missed meanwhile runs at once, further ones are dropped.
        let next = self.options.schedule.next_after(invoked, &self.options.zone);
        self.status = TimerStatus {
            last: Some(invoked),
            next,
            last_updated: Some(invoked),
        };
        if self.monitored {
            effects.push(TimerEffect::WriteStatus {
                json: self.status.to_json(&self.options.zone),
            });
        }
        // A schedule like `00:00:00` is always due; .NET's timer takes at least a millisecond.
        let soonest = now.checked_add(SignedDuration::from_millis(1)).unwrap_or(now);
        let at_once = matches!(self.options.schedule, Schedule::Interval(interval) if !interval.is_positive());
        self.state = State::Waiting {
            until: if at_once { Some(soonest) } else { next },
        };
    }
}

/// .NET knows ticks of 100 ns; a finer time would not survive being stored.
fn whole_ticks(moment: Timestamp) -> Timestamp {
    let nanoseconds = moment.as_nanosecond();
    Timestamp::from_nanosecond(nanoseconds - nanoseconds.rem_euclid(100)).unwrap_or(moment)
}
