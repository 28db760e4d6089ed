//! Queues themselves: create, delete, metadata, access policies.

use http::StatusCode;

use super::queue_name;
use crate::answer::Answer;
use crate::call::Call;
use crate::emulator::Parts;
use crate::error::{Code, ServiceError, ServiceResult};
use crate::state::{Change, QueueInfo};
use crate::{access_policies, metadata};

/// "Naming queues and metadata": 3 to 63 letters, digits and single hyphens, with a letter or digit at both ends.
fn check_name(name: &str) -> ServiceResult<()> {
    if name.len() < 3 || name.len() > 63 {
        return Err(Code::OutOfRangeInput.into());
    }
    let allowed = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !allowed || name.starts_with('-') || name.ends_with('-') || name.contains("--") {
        return Err(Code::InvalidResourceName.into());
    }
    Ok(())
}

pub(super) fn create(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let name = queue_name(call)?;
    check_name(name)?;
    let metadata = metadata::of_request(call)?;
    let mut store = parts.store.lock();
    if let Some(queue) = store.state().queue(&call.account, name) {
        return if metadata::same(&queue.info.metadata, &metadata) {
            Ok(Answer::new(StatusCode::NO_CONTENT))
        } else {
            Err(Code::QueueAlreadyExists.into())
        };
    }
    let info = QueueInfo {
        metadata,
        identifiers: Vec::new(),
    };
    store.commit(vec![Change::Queue {
        account: call.account.clone(),
        name: name.to_owned(),
        info,
    }])?;
    Ok(Answer::new(StatusCode::CREATED))
}

pub(super) fn delete(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let name = queue_name(call)?;
    let mut store = parts.store.lock();
    store.state().queue(&call.account, name).ok_or(Code::QueueNotFound)?;
    store.commit(vec![Change::QueueGone {
        account: call.account.clone(),
        name: name.to_owned(),
    }])?;
    Ok(Answer::new(StatusCode::NO_CONTENT))
}

pub(super) fn get_metadata(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let name = queue_name(call)?;
    let mut store = parts.store.lock();
    store.purge(&call.account, name, parts.now());
    let queue = store.state().queue(&call.account, name).ok_or(Code::QueueNotFound)?;
    let mut answer = Answer::new(StatusCode::OK);
    metadata::write(&mut answer, &queue.info.metadata);
    answer.set("x-ms-approximate-messages-count", queue.len().to_string());
    Ok(answer)
}

pub(super) fn set_metadata(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let metadata = metadata::of_request(call)?;
    change(parts, call, |info| info.metadata = metadata)
}

pub(super) fn get_acl(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let store = parts.store.lock();
    let queue = store
        .state()
        .queue(&call.account, queue_name(call)?)
        .ok_or(Code::QueueNotFound)?;
    Ok(Answer::xml(
        StatusCode::OK,
        access_policies::write(&queue.info.identifiers),
    ))
}

pub(super) fn set_acl(parts: &Parts, call: &Call) -> ServiceResult<Answer> {
    let identifiers = access_policies::read(&call.body)?;
    change(parts, call, |info| info.identifiers = identifiers)
}

fn change(parts: &Parts, call: &Call, change: impl FnOnce(&mut QueueInfo)) -> ServiceResult<Answer> {
    let name = queue_name(call)?;
    let mut store = parts.store.lock();
    let queue = store
        .state()
        .queue(&call.account, name)
        .ok_or_else(|| ServiceError::from(Code::QueueNotFound))?;
    let mut info = queue.info.clone();
    change(&mut info);
    store.commit(vec![Change::Queue {
        account: call.account.clone(),
        name: name.to_owned(),
        info,
    }])?;
    Ok(Answer::new(StatusCode::NO_CONTENT))
}
