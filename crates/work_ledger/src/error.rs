//! What can go wrong between the decisions and the storage.

use ledger_protocol::codec::CodecError;
use storage_access::StorageError;

/// A ledger operation that could not be carried out. What was decided up to then is stored; repeating it is safe.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// Storage did not do what was asked of it, after all tries.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A stored document is not what the ledger writes.
    #[error("the document {path} cannot be used")]
    Document {
        /// Its path in the ledger's container.
        path: String,
        /// What is wrong with it.
        source: CodecError,
    },
    /// A document that is too large to be stored.
    #[error("the document {path} cannot be written")]
    TooLarge {
        /// Its path in the ledger's container.
        path: String,
        /// Its size and the limit.
        source: CodecError,
    },
    /// A blob that a committed unit names is gone.
    #[error("the output {path} is gone")]
    Gone {
        /// Its path in the ledger's container.
        path: String,
    },
    /// A value cannot be written as JSON, or a stored one not be read as what the app expects.
    #[error("the value of {path} is no such JSON")]
    Json {
        /// Its path in the ledger's container.
        path: String,
        /// Where it is wrong.
        source: serde_json::Error,
    },
    /// A unit asks for more children than a unit can have.
    #[error(
        "a unit has at most {} children: leave a few that split further",
        crate::unit_context::MOST_CHILDREN
    )]
    TooManyChildren,
}
