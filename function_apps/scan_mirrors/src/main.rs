//! The scan_mirrors function app.
fn main() {}
