//! Inputs beside the trigger.

use std::marker::PhantomData;

use bytes::Bytes;
use functions_protocol::Invocation;
use functions_protocol::payload::Payload;

use crate::declaration::{DEFAULT_CONNECTION, DataType, Declaration};
use crate::failure::BoxError;

/// An input of a function beside its trigger. Apps meet it in bounds only; this crate implements it.
pub trait Input: Send + Sync + 'static {
    /// What the handler gets.
    type Value: Send + 'static;

    #[doc(hidden)]
    fn declare(&self, declaration: &mut Declaration);

    #[doc(hidden)]
    fn read(&self, invocation: &Invocation<'_>) -> Result<Self::Value, BoxError>;
}

/// A blob that the host reads before each invocation. `None` for the handler when there is no such blob.
#[derive(Debug)]
pub struct BlobInput<Content> {
    binding: &'static str,
    path: &'static str,
    connection: &'static str,
    content: PhantomData<fn() -> Content>,
}

/// A blob as text: the handler gets `Option<String>`. The path is `container/name`; `{name}` expressions over the
/// trigger's data and `%SETTING%` are the host's.
pub const fn blob_text(binding: &'static str, path: &'static str) -> BlobInput<String> {
    BlobInput {
        binding,
        path,
        connection: DEFAULT_CONNECTION,
        content: PhantomData,
    }
}

/// A blob as it is: the handler gets `Option<Bytes>`. The path is as in [`blob_text`].
pub const fn blob_bytes(binding: &'static str, path: &'static str) -> BlobInput<Bytes> {
    BlobInput {
        binding,
        path,
        connection: DEFAULT_CONNECTION,
        content: PhantomData,
    }
}

/// A blob whose text is a `T`: the handler gets `Option<T>`. A blob that is none fails the invocation, with the place
/// in the text. The path is as in [`blob_text`].
pub const fn blob_payload<T: Payload>(binding: &'static str, path: &'static str) -> BlobInput<Decoded<T>> {
    BlobInput {
        binding,
        path,
        connection: DEFAULT_CONNECTION,
        content: PhantomData,
    }
}

/// Marks a blob whose text is decoded.
#[derive(Debug)]
pub struct Decoded<T>(PhantomData<fn() -> T>);

impl<Content> BlobInput<Content> {
    /// The setting that holds the connection to the blob's storage account. Default: `AzureWebJobsStorage`.
    #[must_use]
    pub fn connection(self, setting: &'static str) -> Self {
        Self {
            connection: setting,
            ..self
        }
    }

    fn declare_as(&self, data_type: DataType, declaration: &mut Declaration) {
        declaration.blob_input(self.binding, self.path, self.connection, data_type);
    }
}

impl Input for BlobInput<String> {
    type Value = Option<String>;

    fn declare(&self, declaration: &mut Declaration) {
        self.declare_as(DataType::String, declaration);
    }

    fn read(&self, invocation: &Invocation<'_>) -> Result<Option<String>, BoxError> {
        Ok(invocation.optional_text(self.binding)?)
    }
}

impl Input for BlobInput<Bytes> {
    type Value = Option<Bytes>;

    fn declare(&self, declaration: &mut Declaration) {
        self.declare_as(DataType::Binary, declaration);
    }

    fn read(&self, invocation: &Invocation<'_>) -> Result<Option<Bytes>, BoxError> {
        Ok(invocation.optional_bytes(self.binding)?.map(Bytes::from))
    }
}

impl<T: Payload + Send + 'static> Input for BlobInput<Decoded<T>> {
    type Value = Option<T>;

    fn declare(&self, declaration: &mut Declaration) {
        self.declare_as(DataType::String, declaration);
    }

    fn read(&self, invocation: &Invocation<'_>) -> Result<Option<T>, BoxError> {
        let Some(text) = invocation.optional_text(self.binding)? else {
            return Ok(None);
        };
        match T::decode(&text) {
            Ok(value) => Ok(Some(value)),
            Err(source) => Err(UndecodableBlob {
                binding: self.binding,
                path: self.path,
                source,
            }
            .into()),
        }
    }
}

/// A blob that is not what the function declares.
#[derive(Debug, thiserror::Error)]
#[error("decoding the blob {path} of input {binding}")]
struct UndecodableBlob {
    binding: &'static str,
    path: &'static str,
    source: functions_protocol::payload::PayloadError,
}

/// The inputs of a function together: a tuple of [`Input`]s.
pub trait Inputs: Send + Sync + 'static {
    /// The handler's input for a trigger value `V`: `V` itself without further inputs, else a tuple that begins with it.
    type With<V: Send + 'static>: Send + 'static;

    #[doc(hidden)]
    fn declare(&self, declaration: &mut Declaration);

    #[doc(hidden)]
    fn read<V: Send + 'static>(&self, trigger: V, invocation: &Invocation<'_>) -> Result<Self::With<V>, BoxError>;
}

impl Inputs for () {
    type With<V: Send + 'static> = V;

    fn declare(&self, _: &mut Declaration) {}

    fn read<V: Send + 'static>(&self, trigger: V, _: &Invocation<'_>) -> Result<V, BoxError> {
        Ok(trigger)
    }
}

macro_rules! inputs {
    ($($input:ident $index:tt),+) => {
        impl<$($input: Input),+> Inputs for ($($input,)+) {
            type With<V: Send + 'static> = (V, $($input::Value),+);

            fn declare(&self, declaration: &mut Declaration) {
                $(self.$index.declare(declaration);)+
            }

            fn read<V: Send + 'static>(&self, trigger: V, invocation: &Invocation<'_>) -> Result<Self::With<V>, BoxError> {
                Ok((trigger, $(self.$index.read(invocation)?),+))
            }
        }
    };
}

inputs!(A 0);
inputs!(A 0, B 1);
inputs!(A 0, B 1, C 2);
inputs!(A 0, B 1, C 2, D 3);
inputs!(A 0, B 1, C 2, D 3, E 4);
inputs!(A 0, B 1, C 2, D 3, E 4, F 5);
