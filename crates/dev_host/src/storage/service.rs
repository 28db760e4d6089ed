//! The storage behind the apps: the built-in emulator, Azurite, or any account.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;

use bytes::Bytes;
use determinism::{Clock, Rng};
use storage_access::{Connection, ConnectionLost, Storage, Transport};
use storage_emulator::{BuildError, DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY, Emulator, Endpoints, Listeners};

use super::Connections;

/// Which storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageChoice {
    /// The emulator, kept in a folder.
    Folder(PathBuf),
    /// The emulator, in memory.
    Memory,
    /// Azurite on its usual ports, started by somebody else.
    Azurite,
    /// This connection string.
    Given(String),
}

/// The storage in use.
pub struct StorageService {
    /// What stands for the development storage in every setting.
    pub connection_string: String,
    /// Clients by connection name.
    pub connections: Connections,
    /// The emulator, when it is built in.
    pub emulator: Option<Emulator>,
    /// The storage as a visitor without any right sees it: public blobs. None when it has no address for blobs.
    pub public: Option<Storage>,
    /// For people: what was started, and where.
    pub description: String,
}

/// The built-in storage cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// No two ports are free.
    #[error("no free ports for storage from {0} on")]
    Ports(u16, #[source] std::io::Error),
    /// The emulator's folder is unusable.
    #[error("the built-in storage cannot be started")]
    Emulator(#[source] BuildError),
}

impl StorageService {
    /// Starts the emulator if it is wanted, on `first_port` and the next (the next free pair if they are taken).
    ///
    /// # Errors
    /// The emulator cannot be started.
    pub fn start(choice: &StorageChoice, first_port: u16, clock: &Clock, rng: &Rng) -> Result<Self, StorageError> {
        let builder = || Emulator::builder().clock(clock.clone()).rng(rng.fork());
        let (emulator, place) = match choice {
            StorageChoice::Folder(folder) => (builder().folder(folder).build(), "kept in target/dev"),
            StorageChoice::Memory => (builder().in_memory().build(), "in memory"),
            StorageChoice::Azurite => {
                let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                let text = format!(
                    "DefaultEndpointsProtocol=http;AccountName={DEVELOPMENT_ACCOUNT};AccountKey={DEVELOPMENT_KEY};\
                     BlobEndpoint=http://{}/{DEVELOPMENT_ACCOUNT};QueueEndpoint=http://{}/{DEVELOPMENT_ACCOUNT};",
                    at(10000),
                    at(10001)
                );
                return Ok(Self::given(text, "Azurite on ports 10000 and 10001".to_owned()));
            }
            StorageChoice::Given(text) => return Ok(Self::given(text.clone(), "the given account".to_owned())),
        };
        let emulator = emulator.map_err(StorageError::Emulator)?;
        let (blob, queue) = listeners(first_port).map_err(|error| StorageError::Ports(first_port, error))?;
        let address = |listener: &TcpListener| listener.local_addr();
        let ports = |error| StorageError::Ports(first_port, error);
        let (blob_at, queue_at) = (address(&blob).map_err(ports)?, address(&queue).map_err(ports)?);
        let tokio_listener = |listener| tokio::net::TcpListener::from_std(listener).map_err(ports);
        let sockets = Listeners::new(tokio_listener(blob)?, tokio_listener(queue)?);
        let server = emulator.clone();
        tokio::spawn(async move { server.serve(sockets).await });
        let taken = match blob_at.port() == first_port || first_port == 0 {
            true => String::new(),
            false => format!("; port {first_port} or the next is taken"),
        };
        let description = format!(
            "built in, {place}: blobs on port {}, queues on port {}{taken}",
            blob_at.port(),
            queue_at.port()
        );
        let connection_string = emulator.connection_string(&Endpoints::http(blob_at, queue_at));
        let inside = emulator.clone();
        let transport = Transport::in_process(move |request: http::Request<Bytes>| {
            let emulator = inside.clone();
            async move { emulator.exchange(request).await.map_err(|_| ConnectionLost) }
        })
        .with_clock(clock.clone(), rng.fork());
        let in_process = emulator.connection_string(&Endpoints::in_process());
        Ok(Self {
            public: public(&in_process, transport.clone()),
            connections: Connections::new(Some((connection_string.clone(), in_process, transport))),
            connection_string,
            emulator: Some(emulator),
            description,
        })
    }

    fn given(connection_string: String, description: String) -> Self {
        Self {
            connections: Connections::new(None),
            emulator: None,
            public: public(&connection_string, Transport::http()),
            connection_string,
            description,
        }
    }
}

fn public(connection_string: &str, transport: Transport) -> Option<Storage> {
    // What is wrong with the text is told where an app uses it.
    let connection = Connection::from_string("website", connection_string).ok()?;
    Storage::connect(&connection.anonymous(), transport).ok()
}

/// Two free ports in a row, from `first` on.
fn listeners(first: u16) -> std::io::Result<(TcpListener, TcpListener)> {
    let bind = |port| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    if first == 0 {
        return Ok((bind(0)?, bind(0)?));
    }
    let mut last = std::io::Error::other("no port to try");
    for blob in (first..first.saturating_add(100)).step_by(2) {
        match bind(blob).and_then(|listener| Ok((listener, bind(blob.saturating_add(1))?))) {
            Ok(pair) => return Ok(pair),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_ports_lead_to_the_next_pair() {
        let (blob, _queue) = listeners(0).unwrap();
        let taken = blob.local_addr().unwrap().port();
        let (next, after) = listeners(taken).unwrap();
        let (next, after) = (next.local_addr().unwrap().port(), after.local_addr().unwrap().port());
        assert!(next > taken && after == next + 1, "{taken} {next} {after}");
    }
}
