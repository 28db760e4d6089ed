//! Faults on purpose: a plan of rules that every request passes, changeable while the emulator runs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use determinism::Rng;
use serde::{Deserialize, Serialize};

use crate::call::{Call, Service};
use crate::operation::Operation;

/// The rules in force. Clones share them, so the one that is handed to the emulator can be changed later.
#[derive(Clone, Debug, Default)]
pub struct FaultPlan(Arc<Mutex<Plan>>);

#[derive(Debug, Default)]
struct Plan {
    rules: Vec<ActiveRule>,
    last_id: u64,
    /// Processes that a [`Fault::Crash`] ended: nothing of them gets through.
    crashed: Vec<Crashed>,
}

#[derive(Debug)]
struct ActiveRule {
    id: RuleId,
    rule: FaultRule,
    matched: u64,
    struck: u64,
}

#[derive(Debug)]
struct Crashed {
    rule: RuleId,
    process: RequestFilter,
}

/// Names a rule of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RuleId(pub u64);

/// A fault, the requests that it may meet, and when it does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultRule {
    /// Which requests.
    #[serde(default)]
    pub filter: RequestFilter,
    /// What happens to them.
    pub fault: Fault,
    /// So many matching requests pass unharmed first.
    #[serde(default)]
    pub skip: u64,
    /// So often at most; `None`: without limit.
    #[serde(default)]
    pub limit: Option<u64>,
    /// Probability for each matching request, drawn from the emulator's seeded generator.
    #[serde(default = "always")]
    pub chance: f64,
}

fn always() -> f64 {
    1.0
}

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The request waits for so long (emulator's clock), then goes on; other rules may still meet it.
    Delay(Duration),
    /// 503 `ServerBusy`; nothing is done.
    ServerBusy,
    /// 429 `TooManyRequests`; nothing is done.
    TooManyRequests,
    /// 500 `InternalError`; nothing is done.
    InternalError,
    /// The connection is reset; nothing is done.
    Reset,
    /// The operation is done, then the connection is reset: the sender cannot know.
    LoseAnswer,
    /// The sender's process dies at this request: from here on nothing of it reaches storage. Its process is what the
    /// filter's `process` and `user_agent` say; if it names neither, every sender counts as that process.
    Crash(Moment),
}

/// When a process dies, seen from the request that it dies at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// The request never arrives.
    BeforeApply,
    /// The operation is done; the answer is not read.
    AfterApply,
}

/// Which requests a rule is about: all given parts must match. Empty matches every request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestFilter {
    /// The service.
    pub service: Option<Service>,
    /// One of these operations; empty: any.
    pub operations: Vec<Operation>,
    /// The container's or queue's whole name.
    pub resource: Option<String>,
    /// How the blob's name begins.
    pub blob_prefix: Option<String>,
    /// How `x-ms-client-request-id` begins.
    pub client_request_id: Option<String>,
    /// The [`crate::ProcessLabel`].
    pub process: Option<String>,
    /// A part of the User-Agent header.
    pub user_agent: Option<String>,
}

impl Fault {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Delay(_) => "delay",
            Self::ServerBusy => "server_busy",
            Self::TooManyRequests => "too_many_requests",
            Self::InternalError => "internal_error",
            Self::Reset => "reset",
            Self::LoseAnswer => "lose_answer",
            Self::Crash(Moment::BeforeApply) => "crash_before_apply",
            Self::Crash(Moment::AfterApply) => "crash_after_apply",
        }
    }
}

impl FaultRule {
    /// The fault meets every request that the filter matches.
    pub fn new(filter: RequestFilter, fault: Fault) -> Self {
        Self {
            filter,
            fault,
            skip: 0,
            limit: None,
            chance: 1.0,
        }
    }

    /// The `k`-th matching request (from 1) is where the process dies.
    pub fn crash(k: u64, moment: Moment, filter: RequestFilter) -> Self {
        Self {
            skip: k.saturating_sub(1),
            limit: Some(1),
            ..Self::new(filter, Fault::Crash(moment))
        }
    }

    /// Meets a matching request only with this probability.
    pub fn with_chance(mut self, chance: f64) -> Self {
        self.chance = chance;
        self
    }

    /// Meets at most so many requests.
    pub fn times(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Leaves the first `skip` matching requests alone.
    pub fn after(mut self, skip: u64) -> Self {
        self.skip = skip;
        self
    }
}

impl RequestFilter {
    /// Requests that carry this [`crate::ProcessLabel`].
    pub fn process(label: &str) -> Self {
        Self {
            process: Some(label.to_owned()),
            ..Self::default()
        }
    }

    /// Requests for one of these operations.
    pub fn operations(operations: &[Operation]) -> Self {
        Self {
            operations: operations.to_vec(),
            ..Self::default()
        }
    }

    fn matches(&self, call: &Call, operation: Operation) -> bool {
        let resource = call.container().or(call.queue());
        let starts = |wanted: &Option<String>, given: Option<&str>| {
            wanted
                .as_deref()
                .is_none_or(|wanted| given.is_some_and(|given| given.starts_with(wanted)))
        };
        self.service.is_none_or(|service| service == call.service)
            && (self.operations.is_empty() || self.operations.contains(&operation))
            && self.resource.as_deref().is_none_or(|wanted| resource == Some(wanted))
            && starts(&self.blob_prefix, call.blob())
            && starts(&self.client_request_id, call.client_request_id())
            && self
                .process
                .as_deref()
                .is_none_or(|wanted| call.process.as_deref() == Some(wanted))
            && self
                .user_agent
                .as_deref()
                .is_none_or(|wanted| call.header("user-agent").is_some_and(|given| given.contains(wanted)))
    }
}

/// What the plan decided for one request.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Decision {
    pub(crate) delay: Duration,
    pub(crate) fault: Option<Fault>,
    /// The sender is a process that has crashed before.
    pub(crate) crashed: bool,
}

impl FaultPlan {
    /// A plan without rules.
    pub fn none() -> Self {
        Self::default()
    }

    /// Puts a rule in force.
    pub fn add(&self, rule: FaultRule) -> RuleId {
        self.with(|plan| {
            plan.last_id += 1;
            let id = RuleId(plan.last_id);
            plan.rules.push(ActiveRule {
                id,
                rule,
                matched: 0,
                struck: 0,
            });
            id
        })
    }

    /// Ends a rule, and the crash that it caused; false if there is no such rule.
    pub fn remove(&self, id: RuleId) -> bool {
        self.with(|plan| {
            let before = plan.rules.len();
            plan.rules.retain(|rule| rule.id != id);
            plan.crashed.retain(|crashed| crashed.rule != id);
            plan.rules.len() < before
        })
    }

    /// Ends all rules and lets crashed processes in again.
    pub fn clear(&self) {
        self.with(|plan| {
            plan.rules.clear();
            plan.crashed.clear();
        });
    }

    /// The rules in force, each with how many requests it has met.
    pub fn rules(&self) -> Vec<(RuleId, FaultRule, u64)> {
        self.with(|plan| {
            plan.rules
                .iter()
                .map(|rule| (rule.id, rule.rule.clone(), rule.struck))
                .collect()
        })
    }

    /// Whether the crash of this rule has happened.
    pub fn has_crashed(&self, id: RuleId) -> bool {
        self.with(|plan| plan.crashed.iter().any(|crashed| crashed.rule == id))
    }

    /// The first rule that strikes decides; delays of the rules before it add up.
    pub(crate) fn decide(&self, call: &Call, operation: Operation, rng: &Rng) -> Decision {
        self.with(|plan| {
            let mut decision = Decision::default();
            if plan
                .crashed
                .iter()
                .any(|crashed| crashed.process.matches(call, operation))
            {
                decision.crashed = true;
                return decision;
            }
            for active in &mut plan.rules {
                if !active.rule.filter.matches(call, operation) {
                    continue;
                }
                active.matched += 1;
                let spent = active.rule.limit.is_some_and(|limit| active.struck >= limit);
                if spent || active.matched <= active.rule.skip || !rng.chance(active.rule.chance) {
                    continue;
                }
                active.struck += 1;
                match active.rule.fault {
                    Fault::Delay(duration) => decision.delay += duration,
                    fault => {
                        if let Fault::Crash(_) = fault {
                            let filter = &active.rule.filter;
                            let process = RequestFilter {
                                process: filter.process.clone(),
                                user_agent: filter.user_agent.clone(),
                                ..RequestFilter::default()
                            };
                            plan.crashed.push(Crashed {
                                rule: active.id,
                                process,
                            });
                        }
                        decision.fault = Some(fault);
                        break;
                    }
                }
            }
            decision
        })
    }

    fn with<T>(&self, change: impl FnOnce(&mut Plan) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;

    use super::*;
    use crate::call::ProcessLabel;

    fn call(process: &str) -> Call {
        let mut request = Request::put("http://blob.emulator.test/devstoreaccount1/box/name")
            .body(Bytes::new())
            .unwrap();
        request.extensions_mut().insert(ProcessLabel(process.to_owned()));
        Call::parse(request).unwrap()
    }

    fn decide(plan: &FaultPlan, process: &str) -> Decision {
        plan.decide(&call(process), Operation::PutBlob, &Rng::seeded(1))
    }

    #[test]
    fn the_kth_request_crashes_its_process_and_no_other() {
        let plan = FaultPlan::none();
        let id = plan.add(FaultRule::crash(2, Moment::AfterApply, RequestFilter::process("app")));
        assert_eq!(decide(&plan, "app"), Decision::default());
        assert!(!plan.has_crashed(id));
        assert_eq!(decide(&plan, "app").fault, Some(Fault::Crash(Moment::AfterApply)));
        assert!(plan.has_crashed(id) && decide(&plan, "app").crashed);
        assert_eq!(decide(&plan, "other"), Decision::default());
        plan.clear();
        assert_eq!(decide(&plan, "app"), Decision::default());
    }

    #[test]
    fn delays_add_up_until_a_fault_strikes() {
        let plan = FaultPlan::none();
        let second = Duration::from_secs(1);
        plan.add(FaultRule::new(RequestFilter::default(), Fault::Delay(second)));
        plan.add(FaultRule::new(RequestFilter::default(), Fault::Delay(second)).after(1));
        plan.add(
            FaultRule::new(RequestFilter::operations(&[Operation::PutBlob]), Fault::Reset)
                .times(1)
                .after(1),
        );
        assert_eq!(
            decide(&plan, "a"),
            Decision {
                delay: second,
                ..Decision::default()
            }
        );
        assert_eq!(
            decide(&plan, "a"),
            Decision {
                delay: 2 * second,
                fault: Some(Fault::Reset),
                crashed: false
            }
        );
        assert_eq!(decide(&plan, "a").fault, None);
    }

    #[test]
    fn rules_can_be_written_as_json() {
        let rule: FaultRule = serde_json::from_str(
            r#"{"filter":{"service":"queue","operations":["PutMessage"]},"fault":"server_busy","chance":0.2}"#,
        )
        .unwrap();
        let filter = RequestFilter {
            service: Some(Service::Queue),
            ..RequestFilter::operations(&[Operation::PutMessage])
        };
        assert_eq!(rule, FaultRule::new(filter, Fault::ServerBusy).with_chance(0.2));
        let delay: FaultRule = serde_json::from_str(r#"{"fault":{"delay":{"secs":1,"nanos":0}}}"#).unwrap();
        assert_eq!(delay.fault, Fault::Delay(Duration::from_secs(1)));
    }
}
