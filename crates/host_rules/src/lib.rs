//! The rules of the Azure Functions host as a pure machine: wire, schedules, queues, timers.
