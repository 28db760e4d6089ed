//! The emulator as a program of its own.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use storage_emulator::{Emulator, Endpoints, Listeners};
use tokio::net::TcpListener;

/// Azure Blob and Queue storage on this machine, for development and tests.
///
/// Apps reach it with the connection string it prints; on the usual ports 10000 and 10001 also with
/// UseDevelopmentStorage=true. Without --folder or --memory it keeps its data in ./storage.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    /// Port of the Blob service; 0 takes a free one
    #[arg(long, default_value_t = 10000)]
    blob_port: u16,
    /// Port of the Queue service; 0 takes a free one
    #[arg(long, default_value_t = 10001)]
    queue_port: u16,
    /// Address to listen on; anything but loopback lets others on the network in, who know the published key
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// Keep all data in this folder; it survives a kill
    #[arg(long, value_name = "DIR", conflicts_with = "memory", default_value = "storage")]
    folder: PathBuf,
    /// Keep all data in memory; it ends with the program
    #[arg(long)]
    memory: bool,
}

const EXAMPLES: &str = "\
Examples:
  storage_emulator                                  data in ./storage, ports 10000 and 10001
  storage_emulator --memory --blob-port 0 --queue-port 0
                                                    nothing on disk, free ports (printed)
  storage_emulator --folder /tmp/data               data in /tmp/data

Talk to it with any Azure client, for example:
  az storage queue create -n work --connection-string \"<the printed one>\"

The account is devstoreaccount1 with its published key. Shared Key, SAS and anonymous reads of public
containers are checked as by the real service.";

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    match run(Arguments::parse()).await {
        Ok(never) => match never {},
        Err(error) => {
            let mut line = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                line = format!("{line}: {cause}");
                source = cause.source();
            }
            tracing::error!("{line}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<std::convert::Infallible, Box<dyn std::error::Error>> {
    let builder = Emulator::builder();
    let builder = if arguments.memory {
        builder.in_memory()
    } else {
        builder.folder(&arguments.folder)
    };
    let emulator = builder.build()?;
    let blob = listen(arguments.host, arguments.blob_port).await?;
    let queue = listen(arguments.host, arguments.queue_port).await?;
    let endpoints = Endpoints::http(blob.local_addr()?, queue.local_addr()?);
    let place = if arguments.memory {
        "memory".to_owned()
    } else {
        arguments.folder.display().to_string()
    };
    let greeting = format!(
        "Blob service   http://{}\nQueue service  http://{}\nData           {place}\n\n{}\n",
        blob.local_addr()?,
        queue.local_addr()?,
        emulator.connection_string(&endpoints)
    );
    // Whoever started it may have stopped reading; the services are what matters.
    let _ = std::io::stdout().write_all(greeting.as_bytes());
    Ok(emulator.serve(Listeners::new(blob, queue)).await)
}

/// A port that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}; choose another port, or 0 for a free one")]
struct ListenError {
    address: SocketAddr,
    source: std::io::Error,
}

async fn listen(host: IpAddr, port: u16) -> Result<TcpListener, ListenError> {
    let address = SocketAddr::new(host, port);
    TcpListener::bind(address)
        .await
        .map_err(|source| ListenError { address, source })
}
