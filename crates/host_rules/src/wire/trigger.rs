use jiff::tz::TimeZone;

use super::binding_data::BindingData;
use super::http_call::HttpCall;
use super::text::stream_text;
use crate::dotnet::{DateTimeOffset, Value};
use crate::function::DataType;
use crate::machine::queue::TriggerMessage;

/// What a trigger hands over.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// The value of the trigger's binding.
    pub value: TriggerValue,
    /// The trigger's metadata.
    pub binding_data: BindingData,
    /// A run by the admin endpoint: the raw input also appears in the metadata, under the binding's name.
    pub manual: bool,
}

/// The trigger's value.
#[derive(Clone, Debug, PartialEq)]
pub enum TriggerValue {
    /// An HTTP request in the host's JSON shape. Its JSON body has been added to the binding data already.
    Http(Value),
    /// Anything else. The properties of a text that is a JSON object are added to the metadata.
    Value(Value),
}

impl TriggerValue {
    /// The value itself.
    pub fn value(&self) -> &Value {
        match self {
            Self::Http(value) | Self::Value(value) => value,
        }
    }
}

impl Trigger {
    /// A value with its metadata.
    pub fn new(value: Value, binding_data: BindingData) -> Self {
        Self {
            value: TriggerValue::Value(value),
            binding_data,
            manual: false,
        }
    }
}

/// A run by `POST /admin/functions/<name>`: the input takes the place of the trigger's text.
pub fn manual_trigger(input: &str) -> Trigger {
    Trigger {
        manual: true,
        ..Trigger::new(Value::from(input), BindingData::new())
    }
}

/// A timer's run.
pub fn timer_trigger(timer_info: Value) -> Trigger {
    Trigger::new(timer_info, BindingData::new())
}

/// An HTTP request.
pub fn http_trigger(call: &HttpCall, zone: &TimeZone) -> Trigger {
    Trigger {
        value: TriggerValue::Http(call.to_value()),
        binding_data: call.binding_data(zone),
        manual: false,
    }
}

/// The bytes of a text trigger are not UTF-8: the run fails before the handler is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message is not UTF-8")]
pub struct NotUtf8;

/// A queue message. A text trigger refuses bytes that are not UTF-8; with `dataType: binary` it gets any.
pub fn queue_trigger(message: &TriggerMessage, data_type: Option<DataType>) -> Result<Trigger, NotUtf8> {
    let text = std::str::from_utf8(&message.body).ok();
    let value = match (data_type, text) {
        (Some(DataType::Binary), _) => Value::Bytes(message.body.clone()),
        (_, Some(text)) => Value::from(text),
        (_, None) => return Err(NotUtf8),
    };
    let received = &message.received;
    let mut data = BindingData::new();
    if let Some(text) = text {
        data.set("QueueTrigger", Value::from(text));
    }
    let expires = received.expires.map_or_else(never, DateTimeOffset::utc);
    data.set("DequeueCount", Value::Integer(received.dequeue_count));
    data.set("ExpirationTime", Value::DateTimeOffset(expires));
    data.set("Id", Value::from(received.id.as_str()));
    data.set(
        "InsertionTime",
        Value::DateTimeOffset(DateTimeOffset::utc(received.inserted)),
    );
    data.set(
        "NextVisibleTime",
        Value::DateTimeOffset(DateTimeOffset::utc(received.next_visible)),
    );
    data.set("PopReceipt", Value::from(received.pop_receipt.as_str()));
    Ok(Trigger::new(value, data))
}

/// The last moment of .NET's calendar, which stands for "never".
fn never() -> DateTimeOffset {
    let wall = jiff::civil::date(9999, 12, 31).at(23, 59, 59, 999_999_900);
    DateTimeOffset {
        wall,
        offset: jiff::tz::Offset::UTC,
    }
}

/// The value of a blob input: text unless `dataType` is binary; `None` stands for a missing blob.
pub fn blob_input(bytes: Option<&[u8]>, data_type: Option<DataType>) -> Value {
    match (bytes, data_type) {
        (None, _) => Value::Null,
        (Some(bytes), Some(DataType::Binary)) => Value::Bytes(bytes.to_vec()),
        (Some(bytes), _) => Value::String(stream_text(bytes)),
    }
}
