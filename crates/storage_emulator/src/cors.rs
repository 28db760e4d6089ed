//! Cross-origin rules: "Cross-Origin Resource Sharing (CORS) support for Azure Storage".

use crate::answer::Answer;
use crate::call::Call;
use crate::emulator::Parts;
use crate::error::{Code, ServiceError, ServiceResult};
use crate::state::ServiceProperties;
use crate::xml::Element;

/// One rule, read from the stored properties.
struct Rule<'a> {
    origins: Vec<&'a str>,
    methods: Vec<&'a str>,
    allowed_headers: Vec<&'a str>,
    exposed_headers: &'a str,
    max_age: &'a str,
}

fn list(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn rules(properties: &ServiceProperties) -> impl Iterator<Item = Rule<'_>> {
    let cors = properties.sections.iter().find(|section| section.name == "Cors");
    cors.into_iter().flat_map(|cors| &cors.children).map(|rule| Rule {
        origins: list(rule.child_text("AllowedOrigins")),
        methods: list(rule.child_text("AllowedMethods")),
        allowed_headers: list(rule.child_text("AllowedHeaders")),
        exposed_headers: rule.child_text("ExposedHeaders"),
        max_age: rule.child_text("MaxAgeInSeconds"),
    })
}

impl Rule<'_> {
    fn allows(&self, origin: &str, method: &str) -> bool {
        self.methods.iter().any(|allowed| allowed.eq_ignore_ascii_case(method))
            && self.origins.iter().any(|allowed| *allowed == "*" || *allowed == origin)
    }

    fn allows_header(&self, header: &str) -> bool {
        self.allowed_headers
            .iter()
            .any(|allowed| match allowed.strip_suffix('*') {
                Some(prefix) => header
                    .get(..prefix.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(prefix)),
                None => allowed.eq_ignore_ascii_case(header),
            })
    }

    fn is_for_everyone(&self) -> bool {
        self.origins.contains(&"*")
    }
}

/// Checks rules that are about to be stored.
pub(crate) fn check_rules(cors: &Element) -> ServiceResult<()> {
    const MOST_RULES: usize = 5;
    if cors.children.len() > MOST_RULES {
        return Err(Code::InvalidXmlDocument.into());
    }
    for rule in &cors.children {
        let age = rule.child_text("MaxAgeInSeconds");
        let complete = ["AllowedOrigins", "AllowedMethods"]
            .iter()
            .all(|name| !rule.child_text(name).is_empty());
        if rule.name != "CorsRule" || !complete || (!age.is_empty() && age.parse::<u32>().is_err()) {
            return Err(Code::InvalidXmlNodeValue.into());
        }
    }
    Ok(())
}

/// Answers a browser's question whether it may send a request.
pub(crate) fn preflight(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let origin = call.required_header("origin")?;
    let method = call.required_header("access-control-request-method")?;
    let headers = call.header("access-control-request-headers").unwrap_or("");
    let store = parts.store.lock();
    let properties = store.state().service_properties(&call.account, call.service);
    let rule = properties
        .into_iter()
        .flat_map(rules)
        .find(|rule| rule.allows(origin, method) && list(headers).iter().all(|header| rule.allows_header(header)));
    let rule = rule.ok_or_else(|| ServiceError::from(Code::CorsPreflightFailure))?;
    let mut answer = Answer::new(http::StatusCode::OK);
    allow(&mut answer, &rule, origin);
    answer.set("access-control-allow-methods", method);
    if !headers.is_empty() {
        answer.set("access-control-allow-headers", headers);
    }
    if !rule.max_age.is_empty() {
        answer.set("access-control-max-age", rule.max_age);
    }
    Ok(answer)
}

/// Adds to the answer of a request with an Origin what the first matching rule says.
pub(crate) fn decorate(parts: &Parts, call: &Call, answer: &mut Answer) {
    let Some(origin) = call.header("origin") else { return };
    if call.method == http::Method::OPTIONS {
        return;
    }
    let store = parts.store.lock();
    let Some(properties) = store.state().service_properties(&call.account, call.service) else {
        return;
    };
    let mut any = false;
    for rule in rules(properties) {
        any = true;
        if rule.allows(origin, call.method.as_str()) {
            allow(answer, &rule, origin);
            if !rule.exposed_headers.is_empty() {
                let exposed = exposed(rule.exposed_headers, answer);
                answer.set("access-control-expose-headers", exposed);
            }
            return;
        }
    }
    if any {
        answer.set_static("vary", "Origin");
    }
}

fn allow(answer: &mut Answer, rule: &Rule<'_>, origin: &str) {
    if rule.is_for_everyone() {
        answer.set_static("access-control-allow-origin", "*");
    } else {
        answer.set("access-control-allow-origin", origin);
        answer.set_static("access-control-allow-credentials", "true");
        answer.set_static("vary", "Origin");
    }
}

/// Browsers take no prefixes, so they are replaced by the names in this answer that begin so.
fn exposed(rule: &str, answer: &Answer) -> String {
    let mut names: Vec<String> = Vec::new();
    for wanted in list(rule) {
        match wanted.strip_suffix('*') {
            Some(prefix) => {
                let prefix = prefix.to_ascii_lowercase();
                names.extend(
                    answer
                        .headers
                        .keys()
                        .map(|name| name.as_str().to_owned())
                        .filter(|name| name.starts_with(&prefix)),
                );
            }
            None => names.push(wanted.to_owned()),
        }
    }
    names.dedup();
    names.join(",")
}
