//! The contract between the Azure Functions host and a custom handler, as data.
