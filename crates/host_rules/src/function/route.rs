use crate::wire::unescape_path_segment;

/// A route template as ASP.NET reads it, reduced to what function routes use: literals, parameters, optional parameters,
/// defaults, a catch-all at the end, and the constraints below.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteTemplate {
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq)]
enum Segment {
    /// Text and parameters in turn; most segments hold one of either.
    Parts(Vec<Part>),
    /// `{*rest}`.
    CatchAll(Parameter),
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Literal(String),
    Parameter(Parameter),
}

#[derive(Clone, Debug, PartialEq)]
struct Parameter {
    name: String,
    optional: bool,
    default: Option<String>,
    constraints: Vec<Constraint>,
}

#[derive(Clone, Debug, PartialEq)]
enum Constraint {
    Int,
    Long,
    Bool,
    Number,
    Guid,
    Alpha,
    Required,
    Length(usize, usize),
    Range(i64, i64),
}

/// Why a template is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// Begins with `admin` or `runtime`, which the host keeps for itself.
    #[error("the route '{0}' begins with a reserved word (admin, runtime)")]
    Reserved(String),
    /// Braces, names or positions are wrong.
    #[error("the route '{route}' is malformed: {problem}")]
    Malformed {
        /// The template.
        route: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A constraint that this host does not check, so that nobody relies on it here.
    #[error("the route '{route}' uses the constraint '{constraint}', which is not supported here")]
    Constraint {
        /// The template.
        route: String,
        /// The constraint.
        constraint: String,
    },
}

impl RouteTemplate {
    /// Reads the template of a function (without the route prefix). Slashes at both ends do not count.
    pub fn parse(route: &str) -> Result<Self, RouteError> {
        let trimmed = route.trim_matches('/');
        let lower = trimmed.to_ascii_lowercase();
        if ["admin", "runtime"].iter().any(|reserved| lower.starts_with(reserved)) {
            return Err(RouteError::Reserved(route.to_owned()));
        }
        let malformed = |problem| RouteError::Malformed {
            route: route.to_owned(),
            problem,
        };
        let mut segments = Vec::new();
        for text in split_segments(trimmed) {
            if matches!(segments.last(), Some(Segment::CatchAll(_))) {
                return Err(malformed("a catch-all parameter must be the last"));
            }
            let parts = parse_segment(text, route)?;
            segments.push(match <[Part; 1]>::try_from(parts) {
                Ok([Part::Parameter(parameter)]) if parameter.name.starts_with('*') => {
                    let name = parameter.name.trim_start_matches('*').to_owned();
                    Segment::CatchAll(Parameter { name, ..parameter })
                }
                Ok(single) => Segment::Parts(single.into()),
                Err(several) => Segment::Parts(several),
            });
        }
        let template = Self { segments };
        let mut names: Vec<String> = template
            .parameters()
            .map(|parameter| parameter.name.to_lowercase())
            .collect();
        if names
            .iter()
            .any(|name| name.is_empty() || name.contains(['*', '/', '{', '}']))
        {
            return Err(malformed("a parameter has no proper name"));
        }
        let count = names.len();
        names.sort();
        names.dedup();
        if names.len() != count {
            return Err(malformed("a parameter name is used twice"));
        }
        Ok(template)
    }

    fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.segments.iter().flat_map(|segment| match segment {
            Segment::CatchAll(parameter) => vec![parameter],
            Segment::Parts(parts) => parts
                .iter()
                .filter_map(|part| {
                    if let Part::Parameter(parameter) = part {
                        Some(parameter)
                    } else {
                        None
                    }
                })
                .collect(),
        })
    }

    /// Matches a path (still percent-encoded, without prefix and query). The values of all parameters: an absent optional
    /// one is `None`. `%2F` stays encoded in a value.
    pub fn matches(&self, path: &str) -> Option<Vec<(String, Option<String>)>> {
        let path = path.trim_matches('/');
        let mut given = if path.is_empty() {
            Vec::new()
        } else {
            path.split('/').collect::<Vec<_>>()
        }
        .into_iter();
        let mut values = Vec::new();
        for segment in &self.segments {
            match segment {
                Segment::CatchAll(parameter) => {
                    let rest: Vec<String> = given.by_ref().map(unescape_path_segment).collect();
                    values.push((
                        parameter.name.clone(),
                        parameter.accept((!rest.is_empty()).then(|| rest.join("/")))?,
                    ));
                }
                Segment::Parts(parts) => match given.next() {
                    Some(text) => match_parts(parts, &unescape_path_segment(text), &mut values)?,
                    None => match parts.as_slice() {
                        [Part::Parameter(parameter)] if parameter.optional || parameter.default.is_some() => {
                            values.push((parameter.name.clone(), parameter.default.clone()));
                        }
                        _ => return None,
                    },
                },
            }
        }
        given.next().is_none().then_some(values)
    }

    /// Orders templates that match the same path: literals before parameters, constrained ones first, catch-alls last.
    pub fn precedence(&self) -> Vec<u8> {
        let rank = |segment: &Segment| match segment {
            Segment::CatchAll(_) => 5,
            Segment::Parts(parts) => match parts.as_slice() {
                [Part::Literal(_)] => 1,
                [Part::Parameter(parameter)] if parameter.constraints.is_empty() => 4,
                [Part::Parameter(_)] => 3,
                _ => 2,
            },
        };
        self.segments.iter().map(rank).collect()
    }
}

/// Splits at slashes outside braces.
fn split_segments(route: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let split = route.split(|character| {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == '/' && depth == 0
    });
    let segments: Vec<&str> = split.collect();
    if route.is_empty() { Vec::new() } else { segments }
}

fn parse_segment(text: &str, route: &str) -> Result<Vec<Part>, RouteError> {
    let malformed = |problem| RouteError::Malformed {
        route: route.to_owned(),
        problem,
    };
    if text.is_empty() {
        return Err(malformed("a segment is empty"));
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let open = rest.find('{').unwrap_or(rest.len());
        let (literal, behind) = rest.split_at(open);
        if literal.contains(['}', '?', ' ']) {
            return Err(malformed("a literal contains a brace, a question mark or a blank"));
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.to_owned()));
        }
        if behind.is_empty() {
            break;
        }
        let (parameter, after) = behind[1..]
            .split_once('}')
            .ok_or_else(|| malformed("a brace is not closed"))?;
        if matches!(parts.last(), Some(Part::Parameter(_))) {
            return Err(malformed("two parameters follow each other without text between them"));
        }
        parts.push(Part::Parameter(parse_parameter(parameter, route)?));
        rest = after;
    }
    Ok(parts)
}

fn parse_parameter(text: &str, route: &str) -> Result<Parameter, RouteError> {
    let (text, default) = match text.split_once('=') {
        Some((text, default)) => (text, Some(default.to_owned())),
        None => (text, None),
    };
    let (text, optional) = text.strip_suffix('?').map_or((text, false), |text| (text, true));
    let mut pieces = text.split(':');
    let name = pieces.next().unwrap_or_default().to_owned();
    let constraints = pieces
        .map(|piece| parse_constraint(piece, route))
        .collect::<Result<_, _>>()?;
    Ok(Parameter {
        name,
        optional,
        default,
        constraints,
    })
}

fn parse_constraint(text: &str, route: &str) -> Result<Constraint, RouteError> {
    let unknown = || RouteError::Constraint {
        route: route.to_owned(),
        constraint: text.to_owned(),
    };
    let (name, arguments) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        Some((name, arguments)) => (name, arguments.split(',').map(str::trim).collect::<Vec<_>>()),
        None => (text, Vec::new()),
    };
    let length = |index: usize| {
        arguments
            .get(index)
            .and_then(|text| text.parse::<usize>().ok())
            .ok_or_else(unknown)
    };
    let number = |index: usize| {
        arguments
            .get(index)
            .and_then(|text| text.parse::<i64>().ok())
            .ok_or_else(unknown)
    };
    Ok(match (name.to_ascii_lowercase().as_str(), arguments.len()) {
        ("int", 0) => Constraint::Int,
        ("long", 0) => Constraint::Long,
        ("bool", 0) => Constraint::Bool,
        ("double" | "float" | "decimal", 0) => Constraint::Number,
        ("guid", 0) => Constraint::Guid,
        ("alpha", 0) => Constraint::Alpha,
        ("required", 0) => Constraint::Required,
        ("length", 1) => Constraint::Length(length(0)?, length(0)?),
        ("length", 2) => Constraint::Length(length(0)?, length(1)?),
        ("minlength", 1) => Constraint::Length(length(0)?, usize::MAX),
        ("maxlength", 1) => Constraint::Length(0, length(0)?),
        ("min", 1) => Constraint::Range(number(0)?, i64::MAX),
        ("max", 1) => Constraint::Range(i64::MIN, number(0)?),
        ("range", 2) => Constraint::Range(number(0)?, number(1)?),
        _ => return Err(unknown()),
    })
}

impl Parameter {
    /// The value of the parameter for what was given; `None` when a constraint refuses it.
    fn accept(&self, given: Option<String>) -> Option<Option<String>> {
        match given {
            Some(text) => self
                .constraints
                .iter()
                .all(|constraint| constraint.accepts(&text))
                .then_some(Some(text)),
            None => Some(self.default.clone()),
        }
    }
}

impl Constraint {
    fn accepts(&self, text: &str) -> bool {
        match self {
            Self::Int => text.parse::<i32>().is_ok(),
            Self::Long => text.parse::<i64>().is_ok(),
            Self::Bool => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"),
            Self::Number => text.parse::<f64>().is_ok_and(f64::is_finite),
            Self::Guid => is_guid(text),
            Self::Alpha => text.bytes().all(|byte| byte.is_ascii_alphabetic()),
            Self::Required => !text.is_empty(),
            Self::Length(least, most) => (*least..=*most).contains(&text.chars().count()),
            Self::Range(least, most) => text.parse().is_ok_and(|number: i64| (*least..=*most).contains(&number)),
        }
    }
}

/// 32 digits, or 8-4-4-4-12 with hyphens, the latter also in braces or parentheses.
fn is_guid(text: &str) -> bool {
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let inner = inner
        .or_else(|| text.strip_prefix('(').and_then(|text| text.strip_suffix(')')))
        .unwrap_or(text);
    let groups: Vec<usize> = inner.split('-').map(str::len).collect();
    let shape = matches!(groups.as_slice(), [8, 4, 4, 4, 12]) || (inner == text && groups == [32]);
    shape && inner.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

fn match_parts(parts: &[Part], text: &str, values: &mut Vec<(String, Option<String>)>) -> Option<()> {
    match parts {
        [] => text.is_empty().then_some(()),
        [Part::Literal(literal), rest @ ..] => {
            let head = text.get(..literal.len())?;
            head.eq_ignore_ascii_case(literal)
                .then(|| match_parts(rest, &text[literal.len()..], values))?
        }
        [Part::Parameter(parameter)] => {
            if text.is_empty() {
                return None;
            }
            values.push((parameter.name.clone(), parameter.accept(Some(text.to_owned()))?));
            Some(())
        }
        [Part::Parameter(parameter), rest @ ..] => {
            // The longest value for which the remainder fits, as ASP.NET matches from the right.
            let ends = text
                .char_indices()
                .map(|(index, _)| index)
                .filter(|index| *index > 0)
                .rev();
            for end in ends {
                let kept = values.len();
                let value = parameter.accept(Some(text[..end].to_owned()));
                if let Some(value) = value {
                    values.push((parameter.name.clone(), value));
                    if match_parts(rest, &text[end..], values).is_some() {
                        return Some(());
                    }
                    values.truncate(kept);
                }
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{RouteError, RouteTemplate};

    fn values(template: &str, path: &str) -> Option<String> {
        let found = RouteTemplate::parse(template).unwrap().matches(path)?;
        let shown = found
            .iter()
            .map(|(name, value)| format!("{name}={}", value.as_deref().unwrap_or("-")));
        Some(shown.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn templates_match_like_in_the_host() {
        for (template, path, expected) in [
            ("hi/{id?}", "hi/7", Some("id=7")),
            ("hi/{id?}", "hi", Some("id=-")),
            ("hi/{id?}", "HI/a%20b%2Fc%C3%BC", Some("id=a b%2Fcü")),
            ("hi/{id?}", "hi/7/8", None),
            ("/items/{id:int}/", "items/12", Some("id=12")),
            ("items/{id:int}", "items/x", None),
            ("items/{id:int:min(5)?}", "items/4", None),
            (
                "{category:alpha}/{num:range(1,99)}",
                "books/42",
                Some("category=books num=42"),
            ),
            ("{*rest}", "a/b/c", Some("rest=a/b/c")),
            ("files/{*rest}", "files", Some("rest=-")),
            (
                "files/{name}.{extension}",
                "files/a.b.txt",
                Some("name=a.b extension=txt"),
            ),
            ("page/{number=1}", "page", Some("number=1")),
            (
                "g/{id:guid}",
                "g/5f0c9e53-6c7e-4a43-9d5e-6a8b1f1f1a11",
                Some("id=5f0c9e53-6c7e-4a43-9d5e-6a8b1f1f1a11"),
            ),
            ("g/{code:length(2,3)}", "g/abcd", None),
            ("", "", Some("")),
        ] {
            assert_eq!(values(template, path).as_deref(), expected, "{template} on {path}");
        }
    }

    #[test]
    fn what_cannot_be_kept_is_refused_by_name() {
        let parse = RouteTemplate::parse;
        for reserved in ["admin", "administrators/{id}", "/Runtime/x"] {
            assert!(matches!(parse(reserved), Err(RouteError::Reserved(_))), "{reserved}");
        }
        assert!(matches!(
            parse(r"x/{id:regex(^\d{{3}}$)}"),
            Err(RouteError::Constraint { .. } | RouteError::Malformed { .. })
        ));
        assert!(
            matches!(parse("x/{id:regex(a)}"), Err(RouteError::Constraint { constraint, .. }) if constraint == "regex(a)")
        );
        for malformed in ["{id", "a}b", "{}", "{*a}/b", "{a}{b}", "{a}/{A}", "a//b"] {
            assert!(
                matches!(parse(malformed), Err(RouteError::Malformed { .. })),
                "{malformed}"
            );
        }
    }

    #[test]
    fn literals_come_before_parameters() {
        let precedence = |route| RouteTemplate::parse(route).unwrap().precedence();
        assert!(precedence("a/b") < precedence("a/{id:int}"));
        assert!(precedence("a/{id:int}") < precedence("a/{id}"));
        assert!(precedence("a/{id}") < precedence("a/{*rest}"));
    }
}
