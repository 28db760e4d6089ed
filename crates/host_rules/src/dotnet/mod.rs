//! The .NET values that the host holds, and the text forms .NET gives them in the invariant culture.

mod base64;
mod date_time;
mod number;
mod text;
mod time_span;
mod value;

pub use self::base64::convert_from_base64;
pub use date_time::{DateTime, DateTimeKind, DateTimeOffset, TICKS_PER_SECOND};
pub use number::{double_text, single_text};
pub use text::to_invariant_text;
pub use time_span::{parse_time_span, time_span_text};
pub use value::Value;
