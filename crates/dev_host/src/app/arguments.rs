//! Arguments of a handler: the host joins them with blanks, unquoted, and .NET splits the line again.

use std::ffi::OsString;

use crate::settings::AppSettings;

/// The arguments that the process really gets. `%NAME%` is a variable; an unset one is empty.
pub(super) fn split(arguments: &[String], settings: &AppSettings) -> Vec<OsString> {
    let line = expand(&arguments.join(" "), settings);
    let mut words = Vec::new();
    let (mut word, mut quoted, mut begun) = (String::new(), false, false);
    for c in line.chars() {
        match c {
            '"' => (quoted, begun) = (!quoted, true),
            ' ' | '\t' if !quoted => {
                if begun {
                    words.push(std::mem::take(&mut word).into());
                }
                begun = false;
            }
            c => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word.into());
    }
    words
}

/// Environment variables in the way of Windows, as .NET expands them everywhere.
pub(super) fn expand(text: &str, settings: &AppSettings) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        expanded.push_str(before);
        match after.split_once('%') {
            Some((name, tail)) => {
                expanded.push_str(settings.get(name).unwrap_or_default());
                rest = tail;
            }
            None => {
                expanded.push('%');
                rest = after;
            }
        }
    }
    expanded + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::LocalSettings;
    use std::collections::BTreeMap;

    #[test]
    fn arguments_are_joined_and_split_again() {
        let local = LocalSettings {
            values: BTreeMap::from([("HOME".to_owned(), "/h".to_owned())]),
        };
        let settings = AppSettings::merge(
            &BTreeMap::new(),
            &local,
            &LocalSettings::default(),
            &BTreeMap::new(),
            "",
        );
        let arguments = [
            "--data %HOME%/x".to_owned(),
            "\"a b\"".to_owned(),
            "%UNSET%".to_owned(),
            "50%".to_owned(),
        ];
        assert_eq!(split(&arguments, &settings), ["--data", "/h/x", "a b", "50%"]);
    }
}
