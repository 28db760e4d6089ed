use super::answer::AnswerError;
use super::conclusion::Failure;
use crate::dotnet::Value;

/// .NET's code for an exception without one of its own.
const GENERIC_RESULT: i64 = -2_146_233_088;
/// Stands where the real host has some kilobytes of .NET frames.
const NO_STACK: &str = "(stack trace)";

/// The exception of a failed try as `RetryContext.Exception` shows it to the next one.
pub fn exception_value(function: &str, invocation_id: &str, failure: &Failure) -> Value {
    let text = |text: &str| Value::from(text);
    let message = format!("Exception while executing function: {function}");
    let mut members = vec![
        ("InstanceId".to_owned(), text(invocation_id)),
        ("MethodName".to_owned(), Value::from(format!("(type).{function}"))),
        ("Handled".to_owned(), Value::Boolean(false)),
    ];
    let class = "Microsoft.Azure.WebJobs.Host.FunctionInvocationException";
    members.extend(classic(class, &message, inner(failure)));
    Value::Object(members)
}

fn inner(failure: &Failure) -> Value {
    let Failure::Answer(AnswerError::Status { status, .. }) = failure else {
        return Value::Object(classic(
            "System.InvalidOperationException",
            &failure.to_string(),
            Value::Null,
        ));
    };
    let members = [
        ("HttpRequestError", Value::Integer(0)),
        ("StatusCode", Value::Integer(i64::from(*status))),
        ("Message", Value::from(failure.to_string())),
        ("Data", Value::Object(Vec::new())),
        ("InnerException", Value::Null),
        ("HelpLink", Value::Null),
        ("Source", Value::from("System.Net.Http")),
        ("HResult", Value::Integer(GENERIC_RESULT)),
        ("StackTrace", Value::from(NO_STACK)),
    ];
    Value::Object(
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

/// The members of an exception class that serializes itself.
fn classic(class: &str, message: &str, inner: Value) -> Vec<(String, Value)> {
    let members = [
        ("ClassName", Value::from(class)),
        ("Message", Value::from(message)),
        ("Data", Value::Null),
        ("InnerException", inner),
        ("HelpURL", Value::Null),
        ("StackTraceString", Value::from(NO_STACK)),
        ("RemoteStackTraceString", Value::Null),
        ("RemoteStackIndex", Value::Integer(0)),
        ("ExceptionMethod", Value::Null),
        ("HResult", Value::Integer(GENERIC_RESULT)),
        ("Source", Value::from("System.Private.CoreLib")),
        ("WatsonBuckets", Value::Null),
    ];
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
