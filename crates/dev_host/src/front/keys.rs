//! Function keys: made at start, printed, enforced only on request.

use determinism::Rng;
use functions_protocol::function_json::AuthLevel;

/// The keys of this run.
#[derive(Clone)]
pub struct Keys {
    master: String,
    function: String,
}

/// What a key allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// No key, or a wrong one.
    Anonymous,
    /// Functions of level `function`.
    Function,
    /// Everything.
    Admin,
}

impl Keys {
    /// Fresh keys. They protect a port on 127.0.0.1 for the length of a run, so plain randomness will do.
    pub fn new(rng: &Rng) -> Self {
        let key = || format!("{}{}", rng.uuid(), rng.uuid()).replace('-', "");
        Self {
            master: key(),
            function: key(),
        }
    }

    /// The master key (`_master`).
    pub fn master(&self) -> &str {
        &self.master
    }

    /// The host key (`default`), which opens every function.
    pub fn function(&self) -> &str {
        &self.function
    }

    /// What this key allows.
    pub fn access(&self, key: Option<&str>) -> Access {
        match key {
            Some(key) if same(key, &self.master) => Access::Admin,
            Some(key) if same(key, &self.function) => Access::Function,
            _ => Access::Anonymous,
        }
    }
}

impl Access {
    /// Whether it is enough for a function of this level.
    pub fn allows(self, level: AuthLevel) -> bool {
        self >= match level {
            AuthLevel::Anonymous => Self::Anonymous,
            AuthLevel::Function => Self::Function,
            AuthLevel::Admin => Self::Admin,
        }
    }
}

/// Takes as long for a near miss as for a far one.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_opens_its_level_and_below() {
        let keys = Keys::new(&Rng::seeded(1));
        let allows = |key, level| keys.access(key).allows(level);
        let (master, function) = (keys.master().to_owned(), keys.function().to_owned());
        assert!(allows(None, AuthLevel::Anonymous) && !allows(None, AuthLevel::Function));
        assert!(allows(Some(&function), AuthLevel::Function) && !allows(Some(&function), AuthLevel::Admin));
        assert!(allows(Some(&master), AuthLevel::Admin) && !allows(Some("wrong"), AuthLevel::Function));
    }
}
