//! The rules of the Azure Functions host as pure code: what it sends to a custom handler and concludes from the answer
//! ([`wire`]), when timers run ([`schedule`]), and how listeners, retries and the handler's process are driven
//! ([`machine`]). Nothing here does I/O or reads a clock: time and randomness are arguments.

pub mod dotnet;
pub mod function;
pub mod machine;
pub mod newtonsoft;
pub mod schedule;
pub mod wire;
