//! The Queue service.

mod list;
mod messages;
mod queues;

use crate::answer::Answer;
use crate::call::Call;
use crate::emulator::Parts;
use crate::error::{Code, ServiceError, ServiceResult};
use crate::operation::Operation;
use crate::service_properties;

/// Does what a request, already allowed, asks for.
pub(crate) fn perform(parts: &Parts, call: &Call, operation: Operation) -> ServiceResult<Answer> {
    use Operation as O;
    match operation {
        O::ListQueues => list::queues(parts, call),
        O::GetServiceProperties => Ok(service_properties::get(parts, call)),
        O::SetServiceProperties => service_properties::set(parts, call),
        O::CreateQueue => queues::create(parts, call),
        O::DeleteQueue => queues::delete(parts, call),
        O::GetQueueMetadata => queues::get_metadata(parts, call),
        O::SetQueueMetadata => queues::set_metadata(parts, call),
        O::GetQueueAcl => queues::get_acl(parts, call),
        O::SetQueueAcl => queues::set_acl(parts, call),
        O::PutMessage => messages::put(parts, call),
        O::GetMessages => messages::get(parts, call),
        O::PeekMessages => messages::peek(parts, call),
        O::ClearMessages => messages::clear(parts, call),
        O::DeleteMessage => messages::delete(parts, call),
        O::UpdateMessage => messages::update(parts, call),
        _ => Err(Code::NotImplemented.into()),
    }
}

/// The queue in the address.
fn queue_name(call: &Call) -> ServiceResult<&str> {
    call.queue().ok_or_else(|| ServiceError::from(Code::InvalidUri))
}
