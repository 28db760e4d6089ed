//! SDK for Azure Functions custom handlers on axum.
