//! Polite HTTP for looking at package repositories: families, addresses, TLS, limits.
