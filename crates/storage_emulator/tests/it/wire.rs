//! Raw requests to a storage service, wherever it runs.

use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use storage_emulator::{
    DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY, Emulator, EmulatorBuilder, Endpoints, Listeners, Service,
};
use tokio::net::TcpListener;

use crate::signing;

const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const IN_PATH: &AsciiSet = &IN_QUERY.remove(b'/').remove(b'$');

/// A storage service and how to reach it.
pub(crate) struct Target {
    transport: Transport,
    blob: String,
    queue: String,
    /// Azurite: where it differs from the service as documented, the cases say so.
    pub(crate) is_azurite: bool,
    /// Ends the server with the test.
    _server: Option<tokio::task::JoinHandle<()>>,
}

enum Transport {
    InProcess(Emulator),
    Http(Client<HttpConnector, Full<Bytes>>),
}

impl Target {
    pub(crate) fn in_process() -> Self {
        Self::of(Emulator::builder().build().unwrap())
    }

    /// The emulator itself is asked, without a socket.
    pub(crate) fn of(emulator: Emulator) -> Self {
        let endpoints = Endpoints::in_process();
        Self {
            transport: Transport::InProcess(emulator),
            blob: endpoints.of(Service::Blob, DEVELOPMENT_ACCOUNT),
            queue: endpoints.of(Service::Queue, DEVELOPMENT_ACCOUNT),
            is_azurite: false,
            _server: None,
        }
    }

    pub(crate) async fn over_http() -> Self {
        Self::served(Emulator::builder()).await
    }

    pub(crate) async fn served(builder: EmulatorBuilder) -> Self {
        let emulator = builder.build().unwrap();
        let blob = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let queue = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoints = Endpoints::http(blob.local_addr().unwrap(), queue.local_addr().unwrap());
        let server = tokio::spawn(async move {
            emulator.serve(Listeners::new(blob, queue)).await;
        });
        Self {
            _server: Some(server),
            ..Self::at(
                endpoints.of(Service::Blob, DEVELOPMENT_ACCOUNT),
                endpoints.of(Service::Queue, DEVELOPMENT_ACCOUNT),
            )
        }
    }

    /// Some server that knows the development account.
    pub(crate) fn at(blob: String, queue: String) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self {
            transport: Transport::Http(client),
            blob,
            queue,
            is_azurite: false,
            _server: None,
        }
    }

    /// Azurite at the addresses that the environment names, if it does; otherwise an emulator over HTTP.
    #[expect(clippy::disallowed_methods, reason = "conformance/run.sh passes the addresses so")]
    pub(crate) async fn named_or_over_http() -> Self {
        let read = |name: &str| std::env::var(name).ok();
        match (read("AZURITE_BLOB_URL"), read("AZURITE_QUEUE_URL")) {
            (Some(blob), Some(queue)) => Self {
                is_azurite: true,
                ..Self::at(blob, queue)
            },
            _ => Self::over_http().await,
        }
    }

    /// The service's own answer, or Azurite's where that is known to differ.
    pub(crate) fn or_azurite<T>(&self, service: T, azurite: T) -> T {
        if self.is_azurite { azurite } else { service }
    }

    pub(crate) fn blob(&self, method: Method, path: &str) -> Call<'_> {
        self.call(Service::Blob, method, path)
    }

    pub(crate) fn queue(&self, method: Method, path: &str) -> Call<'_> {
        self.call(Service::Queue, method, path)
    }

    pub(crate) fn call(&self, service: Service, method: Method, path: &str) -> Call<'_> {
        let base = if service == Service::Blob {
            &self.blob
        } else {
            &self.queue
        };
        Call {
            target: self,
            url: format!("{base}{}", utf8_percent_encode(path, IN_PATH)),
            method,
            query: Vec::new(),
            headers: vec![("x-ms-version".into(), "2021-12-02".into())],
            body: Bytes::new(),
            credential: Credential::SharedKey(DEVELOPMENT_ACCOUNT.into(), DEVELOPMENT_KEY.into()),
        }
    }

    /// A new container with a name of its own.
    pub(crate) async fn container(&self) -> String {
        let name = unique("box");
        self.blob(Method::PUT, &format!("/{name}"))
            .query("restype", "container")
            .send()
            .await
            .expect(201);
        name
    }

    /// A new queue with a name of its own.
    pub(crate) async fn new_queue(&self) -> String {
        let name = unique("queue");
        self.queue(Method::PUT, &format!("/{name}")).send().await.expect(201);
        name
    }

    /// Stores a block blob and returns its ETag.
    pub(crate) async fn put(&self, path: &str, body: &str) -> String {
        self.blob(Method::PUT, path)
            .put_blob(body)
            .send()
            .await
            .expect(201)
            .header("etag")
            .to_owned()
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.blob(Method::GET, path).send().await
    }
}

/// A name that no other test of this process, and most probably of no other run, uses.
pub(crate) fn unique(prefix: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let run = determinism::Rng::from_entropy().next_u64() & 0xffff_ffff;
    format!("{prefix}-{run:08x}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

enum Credential {
    SharedKey(String, String),
    Sas(Vec<(String, String)>),
    None,
}

/// A request under construction; signed with the development key unless said otherwise.
pub(crate) struct Call<'t> {
    target: &'t Target,
    url: String,
    method: Method,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Bytes,
    credential: Credential,
}

impl Call<'_> {
    pub(crate) fn query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets a header; an empty value removes it.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn put_blob(self, body: &str) -> Self {
        self.header("x-ms-blob-type", "BlockBlob").body(body.to_owned())
    }

    pub(crate) fn message(self, text: &str) -> Self {
        self.body(format!(
            "<QueueMessage><MessageText>{text}</MessageText></QueueMessage>"
        ))
    }

    pub(crate) fn anonymous(mut self) -> Self {
        self.credential = Credential::None;
        self
    }

    pub(crate) fn key(mut self, account: &str, key: &str) -> Self {
        self.credential = Credential::SharedKey(account.to_owned(), key.to_owned());
        self
    }

    pub(crate) fn sas(mut self, parameters: Vec<(String, String)>) -> Self {
        self.credential = Credential::Sas(parameters);
        self
    }

    pub(crate) fn into_request(mut self) -> Request<Bytes> {
        match &self.credential {
            Credential::SharedKey(account, key) => {
                if !self.headers.iter().any(|(name, _)| name == "x-ms-date") {
                    self.headers.push(("x-ms-date".into(), signing::rfc1123(0)));
                }
                let uri: http::Uri = self.url.parse().unwrap();
                let identity = (account.as_str(), key.as_str());
                let method = self.method.as_str();
                let value = signing::shared_key(
                    identity,
                    method,
                    uri.path(),
                    &self.query,
                    &self.headers,
                    self.body.len(),
                );
                self.headers.push(("authorization".into(), value));
            }
            Credential::Sas(parameters) => self.query.extend(parameters.clone()),
            Credential::None => {}
        }
        if self.method == Method::PUT || self.method == Method::POST {
            self.headers
                .push(("content-length".into(), self.body.len().to_string()));
        }
        let encode = |text: &str| utf8_percent_encode(text, IN_QUERY).to_string();
        let query: Vec<_> = self
            .query
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        let separator = if query.is_empty() { "" } else { "?" };
        let mut request =
            Request::builder()
                .method(self.method)
                .uri(format!("{}{separator}{}", self.url, query.join("&")));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(self.body).unwrap()
    }

    pub(crate) async fn send(self) -> Reply {
        let what = format!("{} {}", self.method, self.url);
        self.try_send()
            .await
            .unwrap_or_else(|| panic!("{what}: the connection broke"))
    }

    /// `None` if the connection breaks.
    pub(crate) async fn try_send(self) -> Option<Reply> {
        let what = format!("{} {}", self.method, self.url);
        let target = self.target;
        let request = self.into_request();
        let (head, body) = match &target.transport {
            Transport::InProcess(emulator) => emulator.handle(request).await.into_parts(),
            Transport::Http(client) => {
                let response: Response<hyper::body::Incoming> = client.request(request.map(Full::new)).await.ok()?;
                let (head, body) = response.into_parts();
                (head, body.collect().await.ok()?.to_bytes())
            }
        };
        Some(Reply {
            what,
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        })
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    what: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {} {}", self.what, self.code(), self.text());
        self
    }

    /// The call failed with this status and error code.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!(
            (self.status, self.code()),
            (status, code),
            "{}: {}",
            self.what,
            self.text()
        );
        if !self.body.is_empty() {
            assert!(self.text().contains(&format!("<Code>{code}</Code>")), "{}", self.text());
        }
        self
    }

    /// Refused as 400; Azurite's generated parser refuses as well, without a code.
    #[track_caller]
    pub(crate) fn wrong_input(self, target: &Target, code: &str) -> Self {
        if target.is_azurite {
            self.expect(400)
        } else {
            self.refused(400, code)
        }
    }

    pub(crate) fn code(&self) -> &str {
        self.header("x-ms-error-code")
    }

    /// A header's value; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The texts of all elements with this name.
    pub(crate) fn all(&self, element: &str) -> Vec<String> {
        let text = self.text();
        let (open, close) = (format!("<{element}>"), format!("</{element}>"));
        text.split(&open)
            .skip(1)
            .filter_map(|part| Some(part.split_once(&close)?.0.to_owned()))
            .collect()
    }

    /// The text of the first element with this name.
    #[track_caller]
    pub(crate) fn one(&self, element: &str) -> String {
        self.all(element)
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("{}: no {element} in {}", self.what, self.text()))
    }
}
