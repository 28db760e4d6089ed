/// `authLevel` of an HTTP trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthLevel {
    /// No key.
    Anonymous,
    /// A function key, a host key or the master key.
    Function,
    /// The master key.
    Admin,
}

impl AuthLevel {
    /// Reads the property; absent means `function`. `None` for an unknown level.
    pub fn parse(text: Option<&str>) -> Option<Self> {
        match text.map(str::to_ascii_lowercase).as_deref() {
            None | Some("function") => Some(Self::Function),
            Some("anonymous") => Some(Self::Anonymous),
            Some("admin") => Some(Self::Admin),
            Some(_) => None,
        }
    }
}

/// The keys that an app accepts for one function. They never appear in `Debug` output.
#[derive(Clone, Default)]
pub struct Keys {
    /// The master key.
    pub master: Option<String>,
    /// Host keys by name.
    pub host: Vec<(String, String)>,
    /// Function keys by name.
    pub function: Vec<(String, String)>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = |keys: &[(String, String)]| keys.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        f.debug_struct("Keys")
            .field("master", &self.master.is_some())
            .field("host", &names(&self.host))
            .field("function", &names(&self.function))
            .finish()
    }
}

/// What a key allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Without a key.
    Anonymous,
    /// With a host or function key of this name.
    Function {
        /// The key's name.
        key: String,
    },
    /// With the master key.
    Admin,
}

/// The key of a request: the header `x-functions-key` before the query parameter `code`.
pub fn given_key<'a>(header: Option<&'a str>, code: Option<&'a str>) -> Option<&'a str> {
    header.filter(|key| !key.is_empty()).or(code)
}

/// Whether a request may call a function; `None` means 401 with an empty body.
pub fn authorize(level: AuthLevel, given: Option<&str>, keys: &Keys) -> Option<Access> {
    let access = given.map_or(Access::Anonymous, |given| keys.access(given));
    match (level, &access) {
        (AuthLevel::Anonymous, _) | (AuthLevel::Function, Access::Function { .. }) | (_, Access::Admin) => Some(access),
        _ => None,
    }
}

impl Keys {
    fn access(&self, given: &str) -> Access {
        if self.master.as_deref().is_some_and(|master| same(master, given)) {
            return Access::Admin;
        }
        let known = self.function.iter().chain(&self.host).find(|(_, key)| same(key, given));
        known.map_or(Access::Anonymous, |(name, _)| Access::Function { key: name.clone() })
    }
}

/// Compares all bytes, so that the time taken tells nothing about where keys differ.
fn same(key: &str, given: &str) -> bool {
    let difference = key
        .bytes()
        .zip(given.bytes())
        .fold(0, |difference, (one, other)| difference | (one ^ other));
    !key.is_empty() && key.len() == given.len() && difference == 0
}

#[cfg(test)]
mod tests {
    use super::{Access, AuthLevel, Keys, authorize, given_key};

    #[test]
    fn levels_ask_for_their_keys() {
        let keys = Keys {
            master: Some("m".into()),
            host: vec![("default".into(), "h".into())],
            function: vec![("mine".into(), "f".into())],
        };
        let allowed = |level, key| authorize(level, key, &keys);
        assert_eq!(allowed(AuthLevel::Anonymous, None), Some(Access::Anonymous));
        assert_eq!(allowed(AuthLevel::Anonymous, Some("wrong")), Some(Access::Anonymous));
        assert_eq!(allowed(AuthLevel::Function, None), None);
        assert_eq!(allowed(AuthLevel::Function, Some("wrong")), None);
        assert_eq!(
            allowed(AuthLevel::Function, Some("f")),
            Some(Access::Function { key: "mine".into() })
        );
        assert_eq!(
            allowed(AuthLevel::Function, Some("h")),
            Some(Access::Function { key: "default".into() })
        );
        assert_eq!(allowed(AuthLevel::Admin, Some("h")), None);
        assert_eq!(allowed(AuthLevel::Admin, Some("m")), Some(Access::Admin));
        assert!(!format!("{keys:?}").contains("\"h\""));
    }

    #[test]
    fn the_header_comes_first() {
        assert_eq!(given_key(Some("a"), Some("b")), Some("a"));
        assert_eq!(given_key(None, Some("b")), Some("b"));
        assert_eq!(AuthLevel::parse(None), Some(AuthLevel::Function));
        assert_eq!(AuthLevel::parse(Some("secret")), None);
    }
}
