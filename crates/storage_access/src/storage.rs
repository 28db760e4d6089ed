//! The clients of one account.

use std::fmt;
use std::sync::Arc;

use azure_core::http::policies::Policy;
use azure_core::http::request::options::ClientRequestId;
use azure_core::http::{ClientMethodOptions, ClientOptions, Context, RetryOptions, Transport as AzureTransport, Url};
use azure_storage_blob::{BlobServiceClient, BlobServiceClientOptions};
use azure_storage_queue::{QueueServiceClient, QueueServiceClientOptions};

use crate::connection::{Authorization, Connection, ConnectionError};
use crate::container::Container;
use crate::error::{Cause, StorageError};
use crate::queue::Queue;
use crate::retry::PipelineRetry;
use crate::shared_key::SharedKeyPolicy;
use crate::transport::Transport;
use crate::{identity, retry::Retry};

/// One account's containers and queues. Clones share clients and connections.
#[derive(Clone)]
pub struct Storage {
    pub(crate) clients: Arc<Clients>,
    request_id: Option<Arc<str>>,
}

pub(crate) struct Clients {
    connection: String,
    blobs: Option<BlobServiceClient>,
    queues: Option<QueueServiceClient>,
    pub(crate) retry: Retry,
}

impl Storage {
    /// Clients for `connection` over `transport`. Sends nothing yet.
    ///
    /// # Errors
    ///
    /// [`ConnectionError::Unusable`] when no client or no credential can be made of the settings.
    pub fn connect(connection: &Connection, transport: Transport) -> Result<Self, ConnectionError> {
        let retry = transport.retry;
        let mut options = ClientOptions {
            transport: Some(AzureTransport::new(transport.client)),
            retry: RetryOptions::custom(Arc::new(PipelineRetry::new(retry, transport.clock, transport.rng))),
            ..ClientOptions::default()
        };
        let unusable = |error: azure_core::Error| ConnectionError::Unusable {
            name: connection.name.clone(),
            problem: Cause::of(&error).to_string(),
        };
        let mut credential = None;
        let mut signature = None;
        match &connection.authorization {
            Authorization::SharedKey { account, key } => {
                let policy: Arc<dyn Policy> = Arc::new(SharedKeyPolicy::new(account.clone(), key.clone()));
                options.per_try_policies.push(policy);
            }
            Authorization::Anonymous => {}
            Authorization::SharedAccessSignature(query) => signature = Some(query.secret()),
            Authorization::Identity(identity) => {
                credential = Some(identity::credential(identity, options.clone()).map_err(unusable)?);
            }
        }
        let signed = |endpoint: &Option<Url>| {
            endpoint.clone().map(|mut url| {
                url.set_query(signature);
                url
            })
        };
        let blobs = signed(&connection.blob_endpoint)
            .map(|url| {
                let options = BlobServiceClientOptions {
                    client_options: options.clone(),
                    ..Default::default()
                };
                BlobServiceClient::new(url, credential.clone(), Some(options))
            })
            .transpose()
            .map_err(unusable)?;
        let queues = signed(&connection.queue_endpoint)
            .map(|url| {
                let options = QueueServiceClientOptions {
                    client_options: options.clone(),
                    ..Default::default()
                };
                QueueServiceClient::new(url, credential.clone(), Some(options))
            })
            .transpose()
            .map_err(unusable)?;
        let clients = Clients {
            connection: connection.name.clone(),
            blobs,
            queues,
            retry,
        };
        Ok(Self {
            clients: Arc::new(clients),
            request_id: None,
        })
    }

    /// The same clients, sending `id` as `x-ms-client-request-id`: the service's log then tells which invocation
    /// caused a request. Characters that a header cannot hold are left out.
    #[must_use]
    pub fn for_invocation(&self, id: &str) -> Self {
        let id: String = id.chars().filter(char::is_ascii_graphic).take(256).collect();
        Self {
            clients: Arc::clone(&self.clients),
            request_id: (!id.is_empty()).then(|| id.into()),
        }
    }

    /// The container `name`, which need not exist.
    pub fn container(&self, name: &str) -> Container {
        Container::new(self.clone(), name)
    }

    /// The queue `name`, which need not exist, with the encoding of the Functions host (base64).
    pub fn queue(&self, name: &str) -> Queue {
        Queue::new(self.clone(), name)
    }

    pub(crate) fn blobs(&self) -> Result<&BlobServiceClient, Cause> {
        self.clients.blobs.as_ref().ok_or_else(|| self.no_endpoint("blob"))
    }

    pub(crate) fn queues(&self) -> Result<&QueueServiceClient, Cause> {
        self.clients.queues.as_ref().ok_or_else(|| self.no_endpoint("queue"))
    }

    fn no_endpoint(&self, service: &'static str) -> Cause {
        Cause::NoEndpoint {
            connection: self.clients.connection.clone(),
            service,
        }
    }

    pub(crate) fn request_context(&self) -> Context<'static> {
        match &self.request_id {
            Some(id) => Context::new().with_value(ClientRequestId::new(id.to_string())),
            None => Context::new(),
        }
    }

    pub(crate) fn method_options(&self) -> ClientMethodOptions<'static> {
        ClientMethodOptions {
            context: self.request_context(),
        }
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Storage")
            .field("connection", &self.clients.connection)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

/// Turns a missing endpoint into the operation's error.
pub(crate) fn client_or<T>(
    client: Result<T, Cause>,
    operation: &'static str,
    resource: &str,
) -> Result<T, StorageError> {
    client.map_err(|cause| StorageError::new(operation, resource, cause))
}
