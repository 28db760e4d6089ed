//! Why results could not be delivered now. All of it passes; the host tries again.

use scan_status::StateError;
use storage_access::StorageError;

/// A delivery that did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeliveryError {
    #[error("reading or writing the state")]
    State(#[source] StorageError),
    #[error("understanding the state")]
    StateContent(#[from] StateError),
    #[error("the state would have {bytes} bytes, and at most {most} can be read again; it is left as it was")]
    TooLarge { bytes: usize, most: usize },
    #[error("publishing the status")]
    Public(#[source] StorageError),
    #[error("other instances changed {document} at each of {tries} tries")]
    Contention { document: &'static str, tries: u32 },
    #[error("draining the results")]
    Drain(#[source] StorageError),
    #[error("copying a result that is handed out for the last time")]
    Spare(#[source] StorageError),
    #[error("putting an unusable result aside")]
    Aside(#[source] StorageError),
}
