//! List Containers.

use http::StatusCode;
use jiff::Timestamp;

use crate::answer::Answer;
use crate::call::{Call, Service};
use crate::emulator::Parts;
use crate::error::ServiceResult;
use crate::http_date;
use crate::listing::{ListRequest, Page};
use crate::metadata;
use crate::state::Lease;
use crate::xml::XmlWriter;

pub(super) fn containers(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let request = ListRequest::of(call)?;
    let with_metadata = call.query.includes("include", "metadata");
    let store = parts.store.lock();
    let now = parts.now();
    let mut page = Page::default();
    if let Some(account) = store.state().account(&call.account) {
        let entries = account.containers.range(request.first_name()..);
        page.fill(
            &request,
            entries.map(|(name, container)| (name.as_str(), container)),
            |_| true,
        );
    }
    let mut xml = XmlWriter::new();
    request.open(&mut xml, call, Service::Blob, None);
    xml.open("Containers");
    for (name, container) in page.entries() {
        let info = &container.info;
        xml.open("Container");
        xml.text("Name", name);
        xml.open("Properties");
        xml.text("Last-Modified", &http_date::rfc1123(info.modified));
        xml.text("Etag", &info.etag.quoted());
        write_lease(&mut xml, &info.lease, now);
        if let Some(access) = info.access.name() {
            xml.text("PublicAccess", access);
        }
        xml.text("HasImmutabilityPolicy", "false");
        xml.text("HasLegalHold", "false");
        xml.close("Properties");
        if with_metadata {
            metadata::write_xml(&mut xml, &info.metadata);
        }
        xml.close("Container");
    }
    xml.close("Containers");
    page.close(&mut xml);
    Ok(Answer::xml(StatusCode::OK, xml.finish()))
}

pub(super) fn write_lease(xml: &mut XmlWriter, lease: &Lease, now: Timestamp) {
    let status = lease.status(now);
    xml.text("LeaseStatus", if status.is_locked() { "locked" } else { "unlocked" });
    xml.text("LeaseState", status.name());
    if let Some(duration) = lease.duration_name(now) {
        xml.text("LeaseDuration", duration);
    }
}
