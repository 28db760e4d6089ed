//! Runs function apps on a laptop the way the Azure Functions host does.
