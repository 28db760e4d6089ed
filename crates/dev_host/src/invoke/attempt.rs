//! One try of an invocation.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use host_rules::wire::{
    AnswerError, CallerAnswer, Failure, HandlerAnswer, HandlerResponse, Invocation, Outcome as WireOutcome,
    RetryContext, build_invocation, conclude,
};

use super::event::Event;
use super::{Conclusion, hints};
use crate::app::Function;
use crate::bindings::{Names, read_inputs, write_outputs};
use crate::console::Level;
use crate::error_chain::chain;
use crate::handler_client::{CallError, HandlerAnswer as RawAnswer};
use crate::host::{Host, RunningApp};
use crate::journal::{Answer, Content, Finished, Outcome, Output, Record, Started};
use crate::supervisor::Unavailable;

/// The parts of a try that are told when it ends, however it ends.
#[derive(Default)]
struct Told {
    answer: Option<Answer>,
    outputs: Vec<Output>,
    logs: Vec<String>,
    http: Option<CallerAnswer>,
    failed_by: Option<Failure>,
    handler_down: bool,
}

pub(super) async fn attempt(
    host: &Arc<Host>,
    app: &Arc<RunningApp>,
    function: &Function,
    event: &Event,
    id: &str,
    retry: Option<RetryContext>,
) -> Conclusion {
    let started = host.clock.monotonic();
    let tries = retry.as_ref().map_or(0, |retry| retry.retry_count);
    app.begin(id);
    let mut told = Told::default();
    let outcome = run(host, app, function, event, id, retry, tries, &mut told).await;
    // Here and nowhere later: every reader of the conclusion, of the journal and of the terminal gets these words.
    let redacted = |text: &String| host.redactor.redact(text).into_owned();
    let failure = outcome.err().as_ref().map(redacted);
    let logs: Vec<String> = told.logs.iter().map(redacted).collect();
    if failure.is_some() && told.http.is_none() && matches!(event, Event::Http(_) | Event::ManualHttp(_)) {
        told.http = Some(CallerAnswer::empty(500));
    }
    let milliseconds = u64::try_from((host.clock.monotonic() - started).as_millis()).unwrap_or(u64::MAX);
    // The journal first: who reads of the end in the terminal finds it in the dashboard.
    let answer = told.answer.as_ref().map(|answer| answer.body.clone());
    host.journal.append(Record::Finished(Finished {
        id: id.to_owned(),
        at: host.clock.now(),
        milliseconds,
        outcome: if failure.is_some() {
            Outcome::Failed
        } else {
            Outcome::Succeeded
        },
        reason: failure.clone(),
        answer: told.answer,
        outputs: told.outputs.clone(),
        logs: logs.clone(),
    }));
    if !app.prints_logs() {
        for line in &logs {
            host.console.line(&app.app.name, Level::Info, Some(id), line);
        }
    }
    if let Some(reason) = &failure {
        let text = format!("{} failed after {milliseconds} ms: {reason}", function.name);
        host.console.line(&app.app.name, Level::Error, Some(id), &text);
    } else {
        let text = format!(
            "{} succeeded in {milliseconds} ms{}",
            function.name,
            written(&told.outputs)
        );
        host.console.line(&app.app.name, Level::Info, Some(id), &text);
    }
    let (outputs, http, failed_by) = (told.outputs, told.http, told.failed_by);
    Conclusion {
        invocation: id.to_owned(),
        failure,
        handler_down: told.handler_down,
        failed_by,
        http,
        outputs,
        logs,
        answer,
        milliseconds,
    }
}

#[expect(clippy::too_many_arguments, reason = "the one caller hands over what it has")]
async fn run(
    host: &Arc<Host>,
    app: &Arc<RunningApp>,
    function: &Function,
    event: &Event,
    id: &str,
    retry: Option<RetryContext>,
    tries: u32,
    told: &mut Told,
) -> Result<(), String> {
    let message = event.message();
    let parent = message
        .as_ref()
        .and_then(|message| host.journal.look(|ring| ring.sender(&message.id).map(str::to_owned)));
    let mut started = Started {
        id: id.to_owned(),
        app: app.app.name.clone(),
        function: function.name.clone(),
        trigger: event.kind(),
        at: host.clock.now(),
        attempt: event.attempt().saturating_add(tries),
        parent,
        message,
        payload: Content::keep(&event.payload(&host.zone), &host.redactor),
        request: Content::default(),
    };
    let trigger = match event.trigger(function, &host.zone) {
        Ok(trigger) => trigger,
        Err(problem) => {
            host.journal.append(Record::Started(started));
            return Err(problem);
        }
    };
    let (now, guid) = (host.clock.now(), host.new_id());
    let names = Names::new(&trigger, &function.name, &host.zone, now, &guid);
    let inputs = match read_inputs(host, app, function, &names).await {
        Ok(inputs) => inputs,
        Err(error) => {
            host.journal.append(Record::Started(started));
            return Err(chain(&error));
        }
    };
    let invocation = Invocation {
        function: &function.rules,
        trigger,
        inputs,
        utc_now: now,
        random_guid: guid,
        retry,
    };
    let body = build_invocation(&invocation, &host.zone).0;
    started.request = Content::keep(body.as_bytes(), &host.redactor);
    host.journal.append(Record::Started(started));

    let port = app.handler.port().await.map_err(|unavailable| {
        told.handler_down = matches!(unavailable, Unavailable::Down(_));
        unavailable.to_string()
    })?;
    let limit = app.app.function_timeout();
    let answer = match host
        .client
        .invoke(port, &function.name, id, Bytes::from(body), limit)
        .await
    {
        Ok(answer) => answer,
        Err(CallError::TimedOut(limit)) => {
            app.handler.timed_out(port).await;
            return Err(timed_out(limit));
        }
        Err(error) => {
            if matches!(error, CallError::Connection(_)) {
                app.handler.disconnected(port, &host.clock).await;
            }
            return Err(chain(&error));
        }
    };
    told.answer = Some(Answer {
        status: answer.status.as_u16(),
        content_type: answer.content_type.clone(),
        body: Content::keep(&answer.body, &host.redactor),
    });
    let answer = wire_answer(answer);
    hints::look(host, app, function, &answer);
    let concluded = conclude(&function.rules, &answer, &host.zone);
    told.logs = concluded.logs;
    let write = write_outputs(host, app, function, id, &names, &concluded.outputs, &mut told.outputs).await;
    match concluded.outcome {
        WireOutcome::Success => {}
        WireOutcome::Failed(failure) => {
            let text = explained(&failure, &answer);
            told.failed_by = Some(failure);
            return Err(text);
        }
        WireOutcome::NeverCompletes => {
            return Err(
                "the answer has no content: in Azure the invocation would hang until the function timeout. \
                        Answer {} as application/json"
                    .to_owned(),
            );
        }
    }
    write.map_err(|error| chain(&error))?;
    told.http = concluded.http;
    Ok(())
}

fn wire_answer(answer: RawAnswer) -> HandlerAnswer {
    HandlerAnswer::Response(HandlerResponse {
        status: answer.status.as_u16(),
        reason: answer.status.canonical_reason().unwrap_or_default().to_owned(),
        content_type: answer.content_type,
        body: answer.body.to_vec(),
    })
}

/// Azure tells only the status. The SDK puts its reason into the body, and a developer wants to read that.
fn explained(failure: &Failure, answer: &HandlerAnswer) -> String {
    const MOST_CHARACTERS: usize = 1_000;
    let said = match (failure, answer) {
        (Failure::Answer(AnswerError::Status { status, .. }), HandlerAnswer::Response(response)) => {
            let text = std::str::from_utf8(&response.body).unwrap_or_default().trim();
            (!text.is_empty()).then_some((text, *status))
        }
        _ => None,
    };
    match said {
        Some((text, status)) => {
            let text: String = text.chars().take(MOST_CHARACTERS).collect();
            format!("{text} (the handler answered {status})")
        }
        None => chain(failure),
    }
}

fn timed_out(limit: Duration) -> String {
    format!(
        "the function ran longer than functionTimeout ({} s); the handler was killed with everything else it was doing, as \
         in Azure",
        limit.as_secs()
    )
}

/// ", 3 messages to work, blob public/status.json".
fn written(outputs: &[Output]) -> String {
    let mut text = String::new();
    let mut queues: Vec<(&str, usize)> = Vec::new();
    for output in outputs {
        match (
            output.to.as_str(),
            queues.iter_mut().find(|(queue, _)| *queue == output.target),
        ) {
            ("queue", Some((_, count))) => *count += 1,
            ("queue", None) => queues.push((&output.target, 1)),
            _ => text.push_str(&format!(", blob {}", output.target)),
        }
    }
    for (queue, count) in queues {
        let plural = if count == 1 { "" } else { "s" };
        text.push_str(&format!(", {count} message{plural} to {queue}"));
    }
    text
}
