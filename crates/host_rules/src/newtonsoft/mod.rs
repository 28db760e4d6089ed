//! JSON as Newtonsoft.Json reads and writes it: lenient on the way in (comments, single quotes, trailing commas, text after
//! the value, timestamps turned into dates), with .NET's number texts on the way out.

mod date;
mod reader;
mod writer;

pub use reader::{DateParsing, Reader, SyntaxError};
pub(crate) use writer::quote;
pub use writer::{compact, indented};
