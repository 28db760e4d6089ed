//! Function keys: made at start, printed, enforced only on request.

use determinism::Rng;
use host_rules::function::Keys;

/// The name of the one host key.
const HOST_KEY: &str = "default";

/// Fresh keys. They protect a port on 127.0.0.1 for the length of a run, so plain randomness will do.
pub fn fresh_keys(rng: &Rng) -> Keys {
    let key = || format!("{}{}", rng.uuid(), rng.uuid()).replace('-', "");
    Keys {
        master: Some(key()),
        host: vec![(HOST_KEY.to_owned(), key())],
        function: Vec::new(),
    }
}
