//! The workspace's own commands: manifest, stage, tidy, bench, checks.
fn main() {}
