//! Keeping secret settings out of the journal, the console and the dashboard.

use std::borrow::Cow;

use super::AppSettings;

/// Replaces the secret values that it was made from wherever they occur in text.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Longest first, so that a value is not cut by a shorter one inside it.
    secrets: Vec<String>,
}

/// What stands in the place of a secret.
const MASK: &str = "«redacted»";
/// Shorter values are more likely words than secrets, and hiding them would tear up every text.
const SHORTEST: usize = 8;
const SECRET_NAMES: [&str; 8] = [
    "key",
    "secret",
    "password",
    "pwd",
    "token",
    "connection",
    "credential",
    "signature",
];
const SECRET_PARTS: [&str; 4] = ["accountkey=", "sharedaccesskey=", "sharedaccesssignature=", "sig="];

impl Redactor {
    /// Collects the secrets among these settings: values whose name says so, and the keys and signatures inside
    /// connection strings. Forms that JSON or a URL would give them are covered too.
    pub fn from_settings<'a>(settings: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut secrets = Vec::new();
        for (name, value) in settings {
            let name = name.to_ascii_lowercase();
            let parts: Vec<&str> = secret_parts(value).collect();
            let named = SECRET_NAMES.iter().any(|word| name.contains(word));
            // A connection string's secret is its key; its host names may be shown.
            if parts.is_empty() && named && !is_harmless(value) {
                add(&mut secrets, value);
            }
            for part in parts {
                add(&mut secrets, part);
            }
        }
        Self::sorted(secrets)
    }

    /// Collects the secrets of one app: everything secret among its declared settings, and of all others, which are the
    /// machine's environment, only keys and signatures inside connection strings and URLs. Hiding every value of the
    /// environment that happens to be named "…KEY…" would tear up ordinary texts.
    pub fn from_app(settings: &AppSettings) -> Self {
        let mut secrets = Vec::new();
        for (_, value) in settings.iter() {
            for part in secret_parts(value) {
                add(&mut secrets, part);
            }
        }
        Self::sorted(secrets).and(&Self::from_settings(settings.declared()))
    }

    /// This redactor's secrets and the other's.
    pub fn and(mut self, other: &Self) -> Self {
        self.secrets.extend(other.secrets.iter().cloned());
        Self::sorted(self.secrets)
    }

    /// The text without any secret.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(text.replace(secret.as_str(), MASK));
            }
        }
        text
    }

    fn sorted(mut secrets: Vec<String>) -> Self {
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        Self { secrets }
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} secrets)", self.secrets.len())
    }
}

fn secret_parts(value: &str) -> impl Iterator<Item = &str> {
    value.split([';', '&', '?']).filter_map(secret_part)
}

fn secret_part(part: &str) -> Option<&str> {
    let lower = part.to_ascii_lowercase();
    SECRET_PARTS
        .iter()
        .find(|name| lower.starts_with(**name))
        .and_then(|name| part.get(name.len()..))
}

/// Addresses and file paths are named "…Connection" at times; hiding them helps nobody.
fn is_harmless(value: &str) -> bool {
    value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false") || value.starts_with("http://127.0.0.1")
}

fn add(secrets: &mut Vec<String>, value: &str) {
    if value.len() < SHORTEST {
        return;
    }
    secrets.push(value.to_owned());
    let json = serde_json::to_string(value).unwrap_or_default();
    secrets.push(json.trim_matches('"').to_owned());
    secrets.push(percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONNECTION: &str =
        "DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=c2VjcmV0+a2V5==;EndpointSuffix=x";

    #[test]
    fn the_key_of_a_connection_string_disappears_and_its_name_stays() {
        let redactor = Redactor::from_settings([("S", CONNECTION)]);
        assert_eq!(
            redactor.redact(CONNECTION),
            "DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=«redacted»;EndpointSuffix=x"
        );
        assert_eq!(redactor.redact("k=c2VjcmV0%2Ba2V5%3D%3D"), "k=«redacted»");
    }

    #[test]
    fn values_with_secret_names_disappear_also_in_json() {
        let redactor = Redactor::from_settings([("ApiToken", "to\"ken-123"), ("Schedule", "0 */3 * * * *")]);
        assert_eq!(redactor.redact(r#"{"t":"to\"ken-123"}"#), r#"{"t":"«redacted»"}"#);
        assert_eq!(redactor.redact("0 */3 * * * *"), "0 */3 * * * *");
    }

    #[test]
    fn secrets_given_by_the_environment_disappear_and_its_other_values_stay() {
        let map = |pairs: &[(&str, &str)]| -> std::collections::BTreeMap<String, String> {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        let environment = map(&[
            ("ApiToken", "t0ken-of-the-shell"),
            ("Undeclared", CONNECTION),
            ("SAS", "https://a.blob.example/c?sv=1&sig=s1gnature%3D"),
            ("KEYBOARD_LAYOUT", "ordinary words"),
        ]);
        let example = crate::settings::LocalSettings {
            values: map(&[("ApiToken", "")]),
        };
        let none = crate::settings::LocalSettings::default();
        let settings = AppSettings::merge(&environment, &none, &example, &map(&[]), "S=1");
        let redactor = Redactor::from_app(&settings);
        let text = "t0ken-of-the-shell c2VjcmV0+a2V5== s1gnature%3D ordinary words";
        assert_eq!(redactor.redact(text), "«redacted» «redacted» «redacted» ordinary words");
    }

    #[test]
    fn short_values_are_left_alone() {
        assert_eq!(Redactor::from_settings([("Key", "abc")]).redact("abcdef"), "abcdef");
    }
}
