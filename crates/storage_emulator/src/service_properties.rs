//! Get and Set Service Properties. The sections are kept as they come; only the CORS rules have an effect here.

use http::StatusCode;

use crate::answer::Answer;
use crate::call::{Call, Service};
use crate::cors;
use crate::emulator::Parts;
use crate::error::{Code, ServiceResult};
use crate::state::{Change, ServiceProperties};
use crate::xml::{Element, XmlWriter};

const ROOT: &str = "StorageServiceProperties";

fn sections(service: Service) -> &'static [&'static str] {
    match service {
        Service::Queue => &["Logging", "HourMetrics", "MinuteMetrics", "Cors"],
        Service::Blob => &[
            "Logging",
            "HourMetrics",
            "MinuteMetrics",
            "Cors",
            "DefaultServiceVersion",
            "DeleteRetentionPolicy",
            "StaticWebsite",
        ],
    }
}

/// What a new account answers.
fn default_section(name: &str) -> Option<Element> {
    let off = || Element::branch("RetentionPolicy", vec![Element::leaf("Enabled", "false")]);
    let leaf = Element::leaf;
    let children = match name {
        "Logging" => {
            vec![
                leaf("Version", "1.0"),
                leaf("Delete", "false"),
                leaf("Read", "false"),
                leaf("Write", "false"),
                off(),
            ]
        }
        "HourMetrics" | "MinuteMetrics" => vec![leaf("Version", "1.0"), leaf("Enabled", "false"), off()],
        "DeleteRetentionPolicy" | "StaticWebsite" => vec![leaf("Enabled", "false")],
        "Cors" => Vec::new(),
        _ => return None,
    };
    Some(Element::branch(name, children))
}

pub(crate) fn get(parts: &Parts, call: &Call) -> Answer {
    let store = parts.store.lock();
    let stored = store.state().service_properties(&call.account, call.service);
    let mut xml = XmlWriter::new();
    xml.open(ROOT);
    for name in sections(call.service) {
        let own = stored.and_then(|stored| stored.sections.iter().find(|section| section.name == *name));
        if let Some(section) = own.cloned().or_else(|| default_section(name)) {
            xml.element(&section);
        }
    }
    xml.close(ROOT);
    Answer::xml(StatusCode::OK, xml.finish())
}

/// Replaces the sections that are given and leaves the others.
pub(crate) fn set(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let document = Element::parse(&call.body)?;
    let known = sections(call.service);
    if document.name != ROOT
        || document
            .children
            .iter()
            .any(|section| !known.contains(&section.name.as_str()))
    {
        return Err(Code::InvalidXmlDocument.into());
    }
    if let Some(rules) = document.child("Cors") {
        cors::check_rules(rules)?;
    }
    let mut store = parts.store.lock();
    let stored = store.state().service_properties(&call.account, call.service);
    let mut value: ServiceProperties = stored.cloned().unwrap_or_default();
    value.sections.retain(|section| document.child(&section.name).is_none());
    value.sections.extend(document.children);
    store.commit(vec![Change::ServiceProperties {
        account: call.account.clone(),
        service: call.service,
        value,
    }])?;
    Ok(Answer::new(StatusCode::ACCEPTED))
}
