use jiff::tz::TimeZone;

use super::answer::{AnswerError, HandlerAnswer, HandlerResult, read_answer};
use super::http_answer::{CallerAnswer, HttpContent, return_answer};
use super::outputs::{Collector, Delivered, OutputError, deliver};
use crate::dotnet::{Value, convert_from_base64};
use crate::function::{Binding, DataType, Function, RETURN};

/// What the host makes of a handler's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Conclusion {
    /// Success, failure, or neither.
    pub outcome: Outcome,
    /// What each output binding received, in order. After a failure those before the failing one stay delivered.
    pub outputs: Vec<BoundOutput>,
    /// The lines of `Logs`, as logged at Information.
    pub logs: Vec<String>,
    /// What the caller of an HTTP function sees; `None` for other triggers, and when the call never completes.
    pub http: Option<CallerAnswer>,
    /// The outputs after conversion, as the host keeps them.
    pub converted: Vec<(String, Value)>,
    /// The return value after conversion.
    pub return_value: Value,
}

/// How an invocation ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The trigger's message is done.
    Success,
    /// The trigger's rules for failures apply.
    Failed(Failure),
    /// Nothing completes it: it hangs until the function timeout.
    NeverCompletes,
}

/// Why an invocation failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Failure {
    /// The answer itself.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// The value of the http output is no response object.
    #[error("Failed while trying to Deserialize to httpOutputBindingResponse. Output is not in expected format")]
    HttpOutput,
    /// A value that an output binding cannot take.
    #[error("output binding '{binding}' cannot take its value")]
    Output {
        /// The binding.
        binding: String,
        /// Why not.
        #[source]
        source: OutputError,
    },
}

/// What one output binding received.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundOutput {
    /// The binding's name.
    pub binding: String,
    /// The data.
    pub delivered: Delivered,
}

/// Draws the host's conclusion from a handler's answer.
pub fn conclude(function: &Function, answer: &HandlerAnswer, zone: &TimeZone) -> Conclusion {
    let mut conclusion = Conclusion {
        outcome: Outcome::Success,
        outputs: Vec::new(),
        logs: Vec::new(),
        http: None,
        converted: Vec::new(),
        return_value: Value::Null,
    };
    match read_answer(answer, zone) {
        Ok(Some(result)) => {
            conclusion.logs = result
                .logs
                .iter()
                .map(|line| line.clone().unwrap_or("[null]".to_owned()))
                .collect();
            if let Err(failure) = apply(function, result, zone, &mut conclusion) {
                conclusion.outcome = Outcome::Failed(failure);
            }
        }
        Ok(None) => conclusion.outcome = Outcome::NeverCompletes,
        Err(error) => conclusion.outcome = Outcome::Failed(Failure::Answer(error)),
    }
    if !function.trigger().is_some_and(|trigger| trigger.is("httpTrigger")) {
        conclusion.http = None;
    } else if let Outcome::Failed(_) = conclusion.outcome {
        conclusion.http = Some(CallerAnswer::empty(500));
    }
    conclusion
}

fn apply(
    function: &Function,
    result: HandlerResult,
    zone: &TimeZone,
    conclusion: &mut Conclusion,
) -> Result<(), Failure> {
    let mut http = None;
    if let Some(outputs) = &result.outputs {
        for binding in function.outputs().filter(|binding| binding.name != RETURN) {
            let given = outputs
                .iter()
                .find(|(name, _)| *name == binding.name)
                .map(|(_, value)| value);
            if binding.is("http") {
                let content = HttpContent::from_output(given, zone).ok_or(Failure::HttpOutput)?;
                conclusion.converted.push((binding.name.clone(), content.to_value()));
                http = Some(content);
            } else if let Some(value) = given.filter(|value| **value != Value::Null) {
                conclusion
                    .converted
                    .push((binding.name.clone(), convert(binding, value.clone())));
            }
        }
    }
    let return_binding = function.return_binding();
    conclusion.return_value = match return_binding {
        Some(binding) => convert(binding, result.return_value),
        None => result.return_value,
    };
    if return_binding.is_some() {
        conclusion
            .converted
            .push((RETURN.to_owned(), conclusion.return_value.clone()));
    } else if let Value::Object(members) = &conclusion.return_value {
        for (name, value) in members.clone() {
            if function
                .outputs()
                .any(|binding| binding.is("http") && binding.name == name)
            {
                http = HttpContent::from_return(&value, zone);
            }
            match conclusion.converted.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = value,
                None => conclusion.converted.push((name, value)),
            }
        }
    }
    for binding in function.outputs() {
        if binding.is("http") && binding.name == RETURN {
            http = HttpContent::from_return(&conclusion.return_value, zone);
        }
        bind(binding, zone, conclusion)?;
    }
    let fallback = || match return_binding {
        Some(_) => CallerAnswer::empty(204),
        None => return_answer(&conclusion.return_value, zone),
    };
    conclusion.http = Some(http.map_or_else(fallback, |content| content.answer(zone)));
    Ok(())
}

/// Text that happens to be base64 becomes the decoded bytes unless the binding is binary.
fn convert(binding: &Binding, value: Value) -> Value {
    match &value {
        Value::String(text) if binding.data_type != Some(DataType::Binary) => {
            convert_from_base64(text).map_or(value, Value::Bytes)
        }
        _ => value,
    }
}

fn bind(binding: &Binding, zone: &TimeZone, conclusion: &mut Conclusion) -> Result<(), Failure> {
    let Some(collector) = Collector::of(binding) else {
        return Ok(());
    };
    let value = conclusion
        .converted
        .iter()
        .find(|(name, _)| *name == binding.name)
        .map(|(_, value)| value);
    let Some(value) = value.filter(|value| **value != Value::Null) else {
        return Ok(());
    };
    let (delivered, result) = match deliver(collector, value, zone) {
        Ok(delivered) => (delivered, Ok(())),
        Err(source) => (
            collector.nothing(),
            Err(Failure::Output {
                binding: binding.name.clone(),
                source,
            }),
        ),
    };
    conclusion.outputs.push(BoundOutput {
        binding: binding.name.clone(),
        delivered,
    });
    result
}
