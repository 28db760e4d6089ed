/// A `%NAME%` for which there is no app setting: the function fails to index.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'%{0}%' does not resolve to a value")]
pub struct MissingSetting(pub String);

/// Replaces every `%NAME%` by the app setting of that name, once, at the start. A single `%` stays; `%%` is refused as a
/// setting without a name.
pub fn resolve_settings(text: &str, setting: impl Fn(&str) -> Option<String>) -> Result<String, MissingSetting> {
    let mut resolved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        let Some((name, behind)) = after.split_once('%') else {
            break;
        };
        let value = setting(name).ok_or_else(|| MissingSetting(name.to_owned()))?;
        resolved.push_str(before);
        resolved.push_str(&value);
        rest = behind;
    }
    resolved.push_str(rest);
    Ok(resolved)
}

/// Whether app settings disable a function: `AzureWebJobs.<name>.Disabled` or `AzureWebJobs_<name>_Disabled` with the value
/// `1` or `true` (any case).
pub fn is_disabled(function: &str, setting: impl Fn(&str) -> Option<String>) -> bool {
    let names = [
        format!("AzureWebJobs.{function}.Disabled"),
        format!("AzureWebJobs_{function}_Disabled"),
    ];
    names
        .iter()
        .filter_map(|name| setting(name))
        .any(|value| value == "1" || value.eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests {
    use super::{MissingSetting, is_disabled, resolve_settings};

    fn setting(name: &str) -> Option<String> {
        match name {
            "CRON" => Some("0 */5 * * * *".to_owned()),
            "Q" => Some("work".to_owned()),
            "AzureWebJobs.copy.Disabled" => Some("TRUE".to_owned()),
            "AzureWebJobs_move_Disabled" => Some("0".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn settings_are_put_in_and_missing_ones_named() {
        assert_eq!(resolve_settings("%CRON%", setting).as_deref(), Ok("0 */5 * * * *"));
        assert_eq!(resolve_settings("a-%Q%-%Q%", setting).as_deref(), Ok("a-work-work"));
        assert_eq!(resolve_settings("100% sure", setting).as_deref(), Ok("100% sure"));
        assert_eq!(
            resolve_settings("%MISSING%", setting),
            Err(MissingSetting("MISSING".to_owned()))
        );
        assert_eq!(resolve_settings("%%", setting), Err(MissingSetting(String::new())));
    }

    #[test]
    fn functions_are_disabled_by_either_spelling() {
        assert!(is_disabled("copy", setting));
        assert!(!is_disabled("move", setting));
        assert!(!is_disabled("other", setting));
    }
}
