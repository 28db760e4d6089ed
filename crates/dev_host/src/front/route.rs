//! ASP.NET route templates: `items/{id:int?}`, `files/{*rest}`, `{name=main}`.

use super::constraint::Constraint;

/// A parsed route template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Parameter {
        name: String,
        constraints: Vec<Constraint>,
        optional: bool,
        default: Option<String>,
    },
    CatchAll {
        name: String,
        constraints: Vec<Constraint>,
    },
}

/// A route that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// Routes that start with `admin` or `runtime` belong to the host.
    #[error("route {0:?} is reserved: it starts with \"admin\" or \"runtime\"")]
    Reserved(String),
    /// A segment mixes text and parameters, has unbalanced brackets, an empty name or a parameter twice.
    #[error("route {route:?}: {segment:?} is not a segment that this host understands")]
    Segment {
        /// The template.
        route: String,
        /// The segment.
        segment: String,
    },
    /// A constraint is unknown.
    #[error("route {route:?}: constraint {constraint:?} is unknown to this host")]
    Constraint {
        /// The template.
        route: String,
        /// The constraint.
        constraint: String,
    },
    /// An optional parameter or a catch-all stands before the end.
    #[error("route {0:?}: an optional parameter or a catch-all must be last")]
    NotLast(String),
}

/// Route values in template order; an absent optional one is none.
pub type RouteValues = Vec<(String, Option<String>)>;

impl Route {
    /// Reads a template. Leading and trailing `/` do not matter.
    ///
    /// # Errors
    /// The template is reserved for the host or not understood.
    pub fn parse(template: &str) -> Result<Self, RouteError> {
        let text = template.trim_matches('/');
        let lower = text.to_ascii_lowercase();
        if lower.starts_with("admin") || lower.starts_with("runtime") {
            return Err(RouteError::Reserved(text.to_owned()));
        }
        let mut segments = Vec::new();
        for part in text.split('/').filter(|part| !part.is_empty()) {
            if matches!(
                segments.last(),
                Some(Segment::CatchAll { .. } | Segment::Parameter { optional: true, .. })
            ) {
                return Err(RouteError::NotLast(text.to_owned()));
            }
            let segment = Segment::parse(text, part)?;
            if segment
                .name()
                .is_some_and(|name| segments.iter().any(|other: &Segment| other.is_named(name)))
            {
                return Err(RouteError::Segment {
                    route: text.to_owned(),
                    segment: part.to_owned(),
                });
            }
            segments.push(segment);
        }
        Ok(Self {
            text: text.to_owned(),
            segments,
        })
    }

    /// The template.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The route values when `path` (still percent-encoded, without the prefix) matches. Literals match in any case;
    /// values are decoded, but `%2F` stays encoded as in ASP.NET.
    pub fn matches(&self, path: &str) -> Option<RouteValues> {
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        let mut values = Vec::new();
        for segment in &self.segments {
            match segment {
                Segment::Literal(text) => {
                    parts.next().filter(|part| decode(part).eq_ignore_ascii_case(text))?;
                }
                Segment::Parameter {
                    name,
                    constraints,
                    optional,
                    default,
                } => match parts.next().map(decode) {
                    Some(value) if constraints.iter().all(|constraint| constraint.accepts(&value)) => {
                        values.push((name.clone(), Some(value)));
                    }
                    Some(_) => return None,
                    None if *optional || default.is_some() => values.push((name.clone(), default.clone())),
                    None => return None,
                },
                Segment::CatchAll { name, constraints } => {
                    let rest = parts.by_ref().map(decode).collect::<Vec<_>>().join("/");
                    if !constraints.iter().all(|constraint| constraint.accepts(&rest)) {
                        return None;
                    }
                    values.push((name.clone(), (!rest.is_empty()).then_some(rest)));
                }
            }
        }
        parts.next().is_none().then_some(values)
    }

    /// A path of this route with the values that `value` gives, and those values. A parameter without one is left empty.
    pub fn fill(&self, value: impl Fn(&str) -> Option<String>) -> (String, RouteValues) {
        let mut parts = Vec::new();
        let mut values = Vec::new();
        for segment in &self.segments {
            match segment {
                Segment::Literal(text) => parts.push(text.clone()),
                Segment::Parameter { name, default, .. } => {
                    let found = value(name).or_else(|| default.clone());
                    parts.extend(found.as_deref().map(encode));
                    values.push((name.clone(), found));
                }
                Segment::CatchAll { name, .. } => {
                    let found = value(name);
                    parts.extend(found.clone());
                    values.push((name.clone(), found));
                }
            }
        }
        (parts.join("/"), values)
    }

    /// Sorts routes that match the same path: text before constrained parameters before others before catch-alls.
    pub fn precedence(&self) -> Vec<u8> {
        let rank = |segment: &Segment| match segment {
            Segment::Literal(_) => 1,
            Segment::Parameter { constraints, .. } if !constraints.is_empty() => 2,
            Segment::Parameter { .. } => 3,
            Segment::CatchAll { .. } => 5,
        };
        self.segments.iter().map(rank).collect()
    }
}

impl Segment {
    fn parse(route: &str, part: &str) -> Result<Self, RouteError> {
        let bad = || RouteError::Segment {
            route: route.to_owned(),
            segment: part.to_owned(),
        };
        let Some(inner) = part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            return if part.contains(['{', '}', '?', '#']) {
                Err(bad())
            } else {
                Ok(Self::Literal(part.to_owned()))
            };
        };
        if inner.contains(['{', '}']) {
            return Err(bad());
        }
        let (catch_all, inner) = match inner.trim_start_matches('*') {
            rest if rest.len() < inner.len() => (true, rest),
            _ => (false, inner),
        };
        let (inner, default) = match inner.split_once('=') {
            Some((before, default)) => (before, Some(default.to_owned())),
            None => (inner, None),
        };
        let (inner, optional) = inner.strip_suffix('?').map_or((inner, false), |rest| (rest, true));
        let mut pieces = inner.split(':');
        let name = pieces
            .next()
            .filter(|name| !name.is_empty())
            .ok_or_else(bad)?
            .to_owned();
        let constraints = pieces
            .map(|piece| {
                Constraint::parse(piece).ok_or_else(|| RouteError::Constraint {
                    route: route.to_owned(),
                    constraint: piece.to_owned(),
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(match catch_all {
            true => Self::CatchAll { name, constraints },
            false => Self::Parameter {
                name,
                constraints,
                optional,
                default,
            },
        })
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Literal(_) => None,
            Self::Parameter { name, .. } | Self::CatchAll { name, .. } => Some(name),
        }
    }

    fn is_named(&self, name: &str) -> bool {
        self.name().is_some_and(|own| own.eq_ignore_ascii_case(name))
    }
}

fn encode(value: &str) -> String {
    percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn decode(part: &str) -> String {
    let kept = part.replace("%2F", "%252F").replace("%2f", "%252f");
    percent_encoding::percent_decode_str(&kept)
        .decode_utf8_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(template: &str, path: &str) -> Option<Vec<(String, String)>> {
        let values = Route::parse(template).unwrap().matches(path)?;
        Some(
            values
                .into_iter()
                .map(|(name, value)| (name, value.unwrap_or_else(|| "-".to_owned())))
                .collect(),
        )
    }

    fn pairs(pairs: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
        Some(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn templates_match_paths() {
        for (template, path, expected) in [
            ("items/{id}", "items/7", pairs(&[("id", "7")])),
            ("items/{id}", "ITEMS/a%20b", pairs(&[("id", "a b")])),
            ("items/{id}", "items/a%2Fb", pairs(&[("id", "a%2Fb")])),
            ("items/{id}", "items", None),
            ("items/{id}", "items/7/8", None),
            ("items/{id?}", "items", pairs(&[("id", "-")])),
            ("items/{id:int?}", "items/x", None),
            ("items/{id:int}", "items/12", pairs(&[("id", "12")])),
            ("{page=home}", "", pairs(&[("page", "home")])),
            ("files/{*rest}", "files/a/b.txt", pairs(&[("rest", "a/b.txt")])),
            ("files/{*rest}", "files", pairs(&[("rest", "-")])),
            ("/hi/", "hi", pairs(&[])),
        ] {
            assert_eq!(values(template, path), expected, "{template} {path}");
        }
    }

    #[test]
    fn reserved_and_unreadable_templates_are_refused() {
        for template in [
            "administrators",
            "Runtime/x",
            "a{b}",
            "{a}-{b}",
            "{}",
            "{a}/{A}",
            "{a?}/b",
            "{*r}/b",
            "{a:no}",
        ] {
            assert!(Route::parse(template).is_err(), "{template}");
        }
    }

    #[test]
    fn a_route_is_filled_with_values() {
        let route = Route::parse("items/{id:int}/{kind?}").unwrap();
        let (path, values) = route.fill(|name| (name == "id").then(|| "a b".to_owned()));
        assert_eq!(path, "items/a%20b");
        assert_eq!(
            values,
            [("id".to_owned(), Some("a b".to_owned())), ("kind".to_owned(), None)]
        );
    }

    #[test]
    fn text_goes_before_parameters_before_catch_alls() {
        let mut templates = ["{*all}", "a/{x}", "a/b", "a/{x:int}"].map(|text| Route::parse(text).unwrap());
        templates.sort_by_key(Route::precedence);
        assert_eq!(
            templates.map(|route| route.text),
            ["a/b", "a/{x:int}", "a/{x}", "{*all}"]
        );
    }

    proptest::proptest! {
        #[test]
        fn any_template_and_path_is_handled(template in ".{0,40}", path in "[a-z/%0-9]{0,40}") {
            if let Ok(route) = Route::parse(&template) {
                let _ = route.matches(&path);
            }
        }
    }
}
