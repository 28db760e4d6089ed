//! One connection, served as the behaviour says. The answers are written by hand, because no server library helps to
//! break the rules.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use determinism::Clock;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::behaviour::Behaviour;
use super::content::{file, generation};

/// The largest request head that is read, in bytes.
const LARGEST_HEAD: usize = 16 * 1024;

/// Serves one connection to its end.
pub(super) async fn serve(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    behaviour: &Behaviour,
    clock: &Clock,
) -> io::Result<()> {
    match (behaviour, tls) {
        (Behaviour::Hang, _) => {
            let _held_open = stream;
            std::future::pending().await
        }
        (Behaviour::Reset, _) => {
            let mut stream = stream;
            read_head(&mut stream).await?;
            stream.set_zero_linger()
        }
        (Behaviour::Banner(bytes), _) => {
            let mut stream = stream;
            stream.write_all(bytes).await?;
            stream.shutdown().await?;
            // What the peer sends is read to its end: closing before would reset the connection and lose the banner.
            tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.map(drop)
        }
        (_, Some(config)) => answer(TlsAcceptor::from(config).accept(stream).await?, behaviour, clock).await,
        (_, None) => answer(stream, behaviour, clock).await,
    }
}

async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    behaviour: &Behaviour,
    clock: &Clock,
) -> io::Result<()> {
    let path = read_head(&mut stream).await?;
    match behaviour {
        Behaviour::Serve { lag } => write_file(&mut stream, &path, *lag, clock).await?,
        Behaviour::Slow(pause) => {
            clock.sleep(*pause).await;
            write_file(&mut stream, &path, Duration::ZERO, clock).await?;
        }
        Behaviour::Status(status) => write(&mut stream, *status, "", "text/plain", "", clock).await?,
        Behaviour::Busy(seconds) => {
            write(
                &mut stream,
                503,
                &format!("Retry-After: {seconds}\r\n"),
                "text/plain",
                "",
                clock,
            )
            .await?;
        }
        Behaviour::WrongContent => {
            write(
                &mut stream,
                200,
                "",
                "text/html",
                "<html><h1>It works!</h1></html>\n",
                clock,
            )
            .await?;
        }
        Behaviour::ShortBody => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nOrigin: Example\n")
                .await?;
        }
        Behaviour::EndlessBody => endless(&mut stream).await?,
        Behaviour::Drip(pause) => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                .await?;
            loop {
                stream.write_all(b".").await?;
                stream.flush().await?;
                clock.sleep(*pause).await;
            }
        }
        Behaviour::RedirectLoop => {
            let next = if path.ends_with('1') {
                path.trim_end_matches('1').to_owned()
            } else {
                format!("{path}1")
            };
            write(
                &mut stream,
                302,
                &format!("Location: {next}\r\n"),
                "text/plain",
                "",
                clock,
            )
            .await?;
        }
        Behaviour::RedirectTo(address) => {
            write(
                &mut stream,
                302,
                &format!("Location: {address}\r\n"),
                "text/plain",
                "",
                clock,
            )
            .await?;
        }
        Behaviour::Raw(bytes) => stream.write_all(bytes).await?,
        // The others are served before a request is read; a refused connection has no listener.
        Behaviour::Close | Behaviour::Hang | Behaviour::Reset | Behaviour::Banner(_) | Behaviour::Refuse => {}
    }
    stream.shutdown().await
}

async fn write_file<S: AsyncWrite + Unpin>(stream: &mut S, path: &str, lag: Duration, clock: &Clock) -> io::Result<()> {
    match file(path, generation(clock.now(), lag)) {
        Some((media_type, body)) => write(stream, 200, "", media_type, &body, clock).await,
        None => write(stream, 404, "", "text/plain", "not here\n", clock).await,
    }
}

async fn write<S: AsyncWrite + Unpin>(
    stream: &mut S,
    status: u16,
    headers: &str,
    media_type: &str,
    body: &str,
    clock: &Clock,
) -> io::Result<()> {
    let date = clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT");
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} Fake\r\nDate: {date}\r\n{headers}Content-Type: {media_type}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await
}

async fn endless<S: AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await?;
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    // Until the peer has had enough and closes.
    loop {
        stream.write_all(chunk.as_bytes()).await?;
    }
}

/// Reads the head of a request and gives its path.
async fn read_head<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        if head.len() > LARGEST_HEAD || stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let head = String::from_utf8_lossy(&head);
    Ok(head.split(' ').nth(1).unwrap_or("/").to_owned())
}
