//! What a handler gives back to the host.

use std::marker::PhantomData;

use bytes::Bytes;
use functions_protocol::host_json::MessageEncoding;
use functions_protocol::names::Queue;
use functions_protocol::payload::Payload;
use functions_protocol::{Answer, HttpAnswer, Message, Output as WireOutput, PayloadStore};

use crate::claims::Claim;
use crate::declaration::{DEFAULT_CONNECTION, Declaration};
use crate::failure::BoxError;
use crate::trigger::Edge;

/// An output of a function. Apps meet it in bounds only; this crate implements it.
pub trait Output: Send + Sync + 'static {
    /// What the handler returns for it.
    type Value: Send + 'static;

    #[doc(hidden)]
    fn declare(&self, declaration: &mut Declaration);

    #[doc(hidden)]
    fn write(&self, value: Self::Value, outputs: &mut Written) -> Result<(), BoxError>;
}

/// Messages for a queue, sent by the host after the handler's answer: at least once, so the reader must be able to
/// take a message twice.
#[derive(Debug)]
pub struct QueueOutput<T, Count = One> {
    binding: &'static str,
    queue: Queue<T>,
    connection: &'static str,
    count: PhantomData<fn() -> Count>,
}

/// Exactly one value per invocation.
#[derive(Debug)]
pub struct One;

/// One value or none.
#[derive(Debug)]
pub struct Optional;

/// Any number of values.
#[derive(Debug)]
pub struct Many;

/// One message per invocation: the handler returns a `T`. See [`QueueOutput::optional`] and [`QueueOutput::many`].
pub const fn queue_output<T: Payload>(binding: &'static str, queue: Queue<T>) -> QueueOutput<T> {
    QueueOutput {
        binding,
        queue,
        connection: DEFAULT_CONNECTION,
        count: PhantomData,
    }
}

impl<T> QueueOutput<T> {
    /// The handler returns `Vec<T>`.
    #[must_use]
    pub fn many(self) -> QueueOutput<T, Many> {
        self.counted()
    }

    /// The handler returns `Option<T>`.
    #[must_use]
    pub fn optional(self) -> QueueOutput<T, Optional> {
        self.counted()
    }

    fn counted<Count>(self) -> QueueOutput<T, Count> {
        QueueOutput {
            binding: self.binding,
            queue: self.queue,
            connection: self.connection,
            count: PhantomData,
        }
    }
}

impl<T, Count> QueueOutput<T, Count> {
    /// The setting that holds the connection to the queue's storage account. Default: `AzureWebJobsStorage`.
    #[must_use]
    pub fn connection(self, setting: &'static str) -> Self {
        Self {
            connection: setting,
            ..self
        }
    }
}

/// How many values an output has per invocation.
pub trait Count: Send + Sync + 'static {
    /// What the handler returns where one value is a `T`.
    type Of<T: Send + 'static>: IntoIterator<Item = T> + Send + 'static;
}

impl Count for Optional {
    type Of<T: Send + 'static> = Option<T>;
}

impl Count for Many {
    type Of<T: Send + 'static> = Vec<T>;
}

impl<T: Payload + Send + 'static> Output for QueueOutput<T> {
    type Value = T;

    fn declare(&self, declaration: &mut Declaration) {
        declaration.queue_output(self.binding, self.queue.name(), self.connection);
    }

    fn write(&self, value: T, outputs: &mut Written) -> Result<(), BoxError> {
        outputs.messages(self.binding, vec![value.encode()?]);
        Ok(())
    }
}

macro_rules! counted_queue_output {
    ($count:ident) => {
        impl<T: Payload + Send + 'static> Output for QueueOutput<T, $count> {
            type Value = <$count as Count>::Of<T>;

            fn declare(&self, declaration: &mut Declaration) {
                declaration.queue_output(self.binding, self.queue.name(), self.connection);
            }

            fn write(&self, values: Self::Value, outputs: &mut Written) -> Result<(), BoxError> {
                let messages = values
                    .into_iter()
                    .map(|value| value.encode())
                    .collect::<Result<Vec<_>, _>>()?;
                outputs.messages(self.binding, messages);
                Ok(())
            }
        }
    };
}

counted_queue_output!(Optional);
counted_queue_output!(Many);

/// A blob that the host writes after the handler's answer. It overwrites, and it is written at least once.
#[derive(Debug)]
pub struct BlobOutput<Content> {
    binding: &'static str,
    path: &'static str,
    connection: &'static str,
    content: PhantomData<fn() -> Content>,
}

/// A blob of UTF-8 text: the handler returns a `String`. The path is `container/name`, see
/// [`blob_text`](crate::blob_text).
pub const fn blob_text_output(binding: &'static str, path: &'static str) -> BlobOutput<String> {
    BlobOutput {
        binding,
        path,
        connection: DEFAULT_CONNECTION,
        content: PhantomData,
    }
}

/// A blob of any bytes: the handler returns [`Bytes`]. The path is as in [`blob_text_output`].
pub const fn blob_bytes_output(binding: &'static str, path: &'static str) -> BlobOutput<Bytes> {
    BlobOutput {
        binding,
        path,
        connection: DEFAULT_CONNECTION,
        content: PhantomData,
    }
}

impl BlobOutput<String> {
    /// The handler returns `Option<String>`; for `None` nothing is written.
    #[must_use]
    pub fn optional(self) -> BlobOutput<Option<String>> {
        BlobOutput {
            binding: self.binding,
            path: self.path,
            connection: self.connection,
            content: PhantomData,
        }
    }
}

impl BlobOutput<Bytes> {
    /// The handler returns `Option<Bytes>`; for `None` nothing is written.
    #[must_use]
    pub fn optional(self) -> BlobOutput<Option<Bytes>> {
        BlobOutput {
            binding: self.binding,
            path: self.path,
            connection: self.connection,
            content: PhantomData,
        }
    }
}

impl<Content> BlobOutput<Content> {
    /// The setting that holds the connection to the blob's storage account. Default: `AzureWebJobsStorage`.
    #[must_use]
    pub fn connection(self, setting: &'static str) -> Self {
        Self {
            connection: setting,
            ..self
        }
    }
}

/// Content of a blob output.
pub trait BlobContent: Send + 'static {
    #[doc(hidden)]
    fn to_wire(&self) -> Option<WireOutput>;
}

impl BlobContent for String {
    fn to_wire(&self) -> Option<WireOutput> {
        Some(WireOutput::blob_text(self))
    }
}

impl BlobContent for Bytes {
    fn to_wire(&self) -> Option<WireOutput> {
        Some(WireOutput::blob_bytes(self))
    }
}

impl<Content: BlobContent> BlobContent for Option<Content> {
    fn to_wire(&self) -> Option<WireOutput> {
        self.as_ref().and_then(BlobContent::to_wire)
    }
}

impl<Content: BlobContent> Output for BlobOutput<Content> {
    type Value = Content;

    fn declare(&self, declaration: &mut Declaration) {
        declaration.blob_output(self.binding, self.path, self.connection);
    }

    fn write(&self, content: Content, outputs: &mut Written) -> Result<(), BoxError> {
        if let Some(output) = content.to_wire() {
            outputs.ready.push((self.binding, output));
        }
        Ok(())
    }
}

/// The answer to the caller of an HTTP function. It belongs to the HTTP trigger and is the first output.
#[derive(Debug)]
pub struct HttpOutput;

impl Output for HttpOutput {
    type Value = HttpAnswer;

    fn declare(&self, declaration: &mut Declaration) {
        declaration.http_output(crate::trigger::ANSWER_BINDING);
    }

    fn write(&self, answer: HttpAnswer, outputs: &mut Written) -> Result<(), BoxError> {
        outputs
            .ready
            .push((crate::trigger::ANSWER_BINDING, WireOutput::http(&answer)?));
        Ok(())
    }
}

/// Outputs of one invocation, on the way into the answer.
#[doc(hidden)]
#[derive(Default)]
pub struct Written {
    ready: Vec<(&'static str, WireOutput)>,
    messages: Vec<(&'static str, Vec<String>)>,
}

/// A queue output that cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("writing the output {binding}")]
struct OutputFailed {
    binding: &'static str,
    source: BoxError,
}

impl Written {
    fn messages(&mut self, binding: &'static str, messages: Vec<String>) {
        self.messages.push((binding, messages));
    }

    /// The answer with all outputs; messages that a queue cannot hold go to the payload store first.
    pub(crate) async fn into_answer(self, at: &Edge<'_>) -> Result<Answer, BoxError> {
        let mut answer = Answer::new();
        for (binding, messages) in self.messages {
            let output = queue_value(messages, at.encoding, at.store).await;
            answer = answer.output(binding, output.map_err(|source| OutputFailed { binding, source })?);
        }
        Ok(self
            .ready
            .into_iter()
            .fold(answer, |answer, (binding, output)| answer.output(binding, output)))
    }
}

async fn queue_value(
    texts: Vec<String>,
    encoding: MessageEncoding,
    store: Option<&dyn PayloadStore>,
) -> Result<WireOutput, BoxError> {
    let mut messages = Vec::with_capacity(texts.len());
    for text in texts {
        messages.push(match store {
            Some(store) if text.len() > encoding.content_limit() => Message::Text(Claim::store(store, text).await?),
            _ => Message::Text(text),
        });
    }
    Ok(WireOutput::queue(&messages, encoding)?)
}

/// The outputs of a function together: a tuple of [`Output`]s.
pub trait Outputs: Send + Sync + 'static {
    /// What the handler returns: `()` without outputs, the value of the only one, or a tuple.
    type Values: Send + 'static;

    #[doc(hidden)]
    fn declare(&self, declaration: &mut Declaration);

    #[doc(hidden)]
    fn write(&self, values: Self::Values) -> Result<Written, BoxError>;
}

impl Outputs for () {
    type Values = ();

    fn declare(&self, _: &mut Declaration) {}

    fn write(&self, (): ()) -> Result<Written, BoxError> {
        Ok(Written::default())
    }
}

impl<A: Output> Outputs for (A,) {
    type Values = A::Value;

    fn declare(&self, declaration: &mut Declaration) {
        self.0.declare(declaration);
    }

    fn write(&self, value: A::Value) -> Result<Written, BoxError> {
        let mut written = Written::default();
        self.0.write(value, &mut written)?;
        Ok(written)
    }
}

macro_rules! outputs {
    ($($output:ident $index:tt),+) => {
        impl<$($output: Output),+> Outputs for ($($output,)+) {
            type Values = ($($output::Value,)+);

            fn declare(&self, declaration: &mut Declaration) {
                $(self.$index.declare(declaration);)+
            }

            fn write(&self, values: Self::Values) -> Result<Written, BoxError> {
                let mut written = Written::default();
                $(self.$index.write(values.$index, &mut written)?;)+
                Ok(written)
            }
        }
    };
}

outputs!(A 0, B 1);
outputs!(A 0, B 1, C 2);
outputs!(A 0, B 1, C 2, D 3);
outputs!(A 0, B 1, C 2, D 3, E 4);
outputs!(A 0, B 1, C 2, D 3, E 4, F 5);
