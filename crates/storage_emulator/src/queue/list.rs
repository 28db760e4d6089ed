//! List Queues.

use http::StatusCode;

use crate::answer::Answer;
use crate::call::{Call, Service};
use crate::emulator::Parts;
use crate::error::ServiceResult;
use crate::listing::{ListRequest, Page};
use crate::metadata;
use crate::xml::XmlWriter;

pub(super) fn queues(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let request = ListRequest::of(call)?;
    let with_metadata = call.query.includes("include", "metadata");
    let store = parts.store.lock();
    let mut page = Page::default();
    if let Some(account) = store.state().account(&call.account) {
        let entries = account
            .queues
            .range(request.first_name()..)
            .map(|(name, queue)| (name.as_str(), queue));
        page.fill(&request, entries, |_| true);
    }
    let mut xml = XmlWriter::new();
    request.open(&mut xml, call, Service::Queue, None);
    xml.open("Queues");
    for (name, queue) in page.entries() {
        xml.open("Queue");
        xml.text("Name", name);
        if with_metadata {
            metadata::write_xml(&mut xml, &queue.info.metadata);
        }
        xml.close("Queue");
    }
    xml.close("Queues");
    page.close(&mut xml);
    Ok(Answer::xml(StatusCode::OK, xml.finish()))
}
