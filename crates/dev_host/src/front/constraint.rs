//! Constraints of ASP.NET route templates: `{id:int:min(1)}`.

/// One constraint. Only what function apps use; a name that is not here is refused when the app is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Constraint {
    Alpha,
    Bool,
    Decimal,
    Double,
    Guid,
    Int,
    Length(usize, usize),
    Long,
    Max(i64),
    Min(i64),
    Range(i64, i64),
    Required,
}

impl Constraint {
    /// Reads `name` or `name(arguments)`; none when it is unknown or its arguments are unusable.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (name, arguments) = match text.split_once('(') {
            Some((name, rest)) => (name, Some(rest.strip_suffix(')')?)),
            None => (text, None),
        };
        let single = || arguments?.trim().parse::<i64>().ok();
        let size = || usize::try_from(single()?).ok();
        let pair = || arguments?.split_once(',');
        Some(match (name.to_ascii_lowercase().as_str(), arguments) {
            ("alpha", None) => Self::Alpha,
            ("bool", None) => Self::Bool,
            ("decimal", None) => Self::Decimal,
            ("double" | "float", None) => Self::Double,
            ("guid", None) => Self::Guid,
            ("int", None) => Self::Int,
            ("long", None) => Self::Long,
            ("required", None) => Self::Required,
            ("length", Some(_)) => match pair() {
                Some((low, high)) => Self::Length(low.trim().parse().ok()?, high.trim().parse().ok()?),
                None => Self::Length(size()?, size()?),
            },
            ("minlength", Some(_)) => Self::Length(size()?, usize::MAX),
            ("maxlength", Some(_)) => Self::Length(0, size()?),
            ("min", Some(_)) => Self::Min(single()?),
            ("max", Some(_)) => Self::Max(single()?),
            ("range", Some(_)) => {
                let (low, high) = pair()?;
                Self::Range(low.trim().parse().ok()?, high.trim().parse().ok()?)
            }
            _ => return None,
        })
    }

    /// Whether `value` meets it.
    pub(super) fn accepts(&self, value: &str) -> bool {
        let number = || value.parse::<i64>().ok();
        match self {
            Self::Alpha => value.bytes().all(|byte| byte.is_ascii_alphabetic()),
            Self::Bool => value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"),
            Self::Decimal => {
                let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
                digits.bytes().any(|b| b.is_ascii_digit())
                    && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
                    && digits.matches('.').count() <= 1
            }
            Self::Double => value.parse::<f64>().is_ok(),
            Self::Guid => is_guid(value),
            Self::Int => value.parse::<i32>().is_ok(),
            Self::Length(low, high) => (*low..=*high).contains(&value.chars().count()),
            Self::Long => number().is_some(),
            Self::Max(most) => number().is_some_and(|number| number <= *most),
            Self::Min(least) => number().is_some_and(|number| number >= *least),
            Self::Range(low, high) => number().is_some_and(|number| (*low..=*high).contains(&number)),
            Self::Required => !value.is_empty(),
        }
    }
}

fn is_guid(value: &str) -> bool {
    let inner = value
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .or_else(|| value.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')))
        .unwrap_or(value);
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match inner.len() {
        32 => hex(inner),
        36 => inner.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && inner.split('-').all(hex),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Constraint;

    #[test]
    fn constraints_accept_what_aspnet_accepts() {
        for (constraint, good, bad) in [
            ("int", "-7", "7.5"),
            ("long", "9000000000", "x"),
            ("alpha", "abC", "a1"),
            ("bool", "True", "yes"),
            ("decimal", "1.5", "1.5.2"),
            ("double", "1e3", "one"),
            ("guid", "6f9619ff-8b86-d011-b42d-00cf4fc964ff", "6f9619ff-8b86"),
            ("length(3)", "abc", "ab"),
            ("length(2,3)", "abc", "a"),
            ("minlength(2)", "ab", "a"),
            ("maxlength(2)", "ab", "abc"),
            ("min(5)", "5", "4"),
            ("max(5)", "5", "6"),
            ("range(1, 3)", "2", "4"),
        ] {
            let parsed = Constraint::parse(constraint).unwrap();
            assert!(parsed.accepts(good) && !parsed.accepts(bad), "{constraint}");
        }
    }

    #[test]
    fn unknown_names_and_bad_arguments_are_refused() {
        for text in [
            "", "integer", "int(3)", "min", "min(x)", "range(1)", "length(", "regex(a)",
        ] {
            assert_eq!(Constraint::parse(text), None, "{text}");
        }
    }
}
