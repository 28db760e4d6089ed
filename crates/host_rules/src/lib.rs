//! The rules of the Azure Functions host as pure code: what it sends to a custom handler and concludes from the answer
//! ([`wire`]), when timers run ([`schedule`]), how listeners, retries and the handler's process are driven ([`machine`]),
//! and what it reads from function.json ([`function`]). Nothing here does I/O or reads a clock: time and randomness are
//! arguments.
//!
//! ```
//! use host_rules::function::Function;
//! use host_rules::wire::{
//!     Delivered, HandlerAnswer, HandlerResponse, Invocation, Outcome, build_invocation, conclude, manual_trigger,
//! };
//! use jiff::tz::TimeZone;
//!
//! let function = Function::parse(
//!     "copy",
//!     r#"{"bindings":[{"type":"queueTrigger","name":"msg","queueName":"in"},
//!                     {"type":"queue","name":"out","direction":"out","queueName":"done"}]}"#,
//! )?;
//! let request = build_invocation(
//!     &Invocation {
//!         function: &function,
//!         trigger: manual_trigger("hello"),
//!         inputs: Vec::new(),
//!         utc_now: "2026-11-20T10:00:00Z".parse()?,
//!         random_guid: "5f0c9e53-6c7e-4a43-9d5e-6a8b1f1f1a11".into(),
//!         retry: None,
//!     },
//!     &TimeZone::UTC,
//! );
//! assert!(request.0.starts_with(r#"{"Data":{"msg":"\"hello\""}"#));
//!
//! let answer = HandlerAnswer::Response(HandlerResponse {
//!     status: 200,
//!     reason: "OK".into(),
//!     content_type: Some("application/json".into()),
//!     body: br#"{"Outputs":{"out":["a","b"]}}"#.to_vec(),
//! });
//! let conclusion = conclude(&function, &answer, &TimeZone::UTC);
//! assert_eq!(conclusion.outcome, Outcome::Success);
//! assert_eq!(conclusion.outputs[0].delivered, Delivered::Messages(vec![b"a".to_vec(), b"b".to_vec()]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod dotnet;
pub mod function;
pub mod machine;
pub mod newtonsoft;
pub mod schedule;
pub mod wire;
