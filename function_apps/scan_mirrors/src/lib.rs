//! Checks package mirrors every few minutes.
