//! Metrics for Prometheus and its like, and health for whoever restarts what is not well: over HTTP, to anybody who
//! reaches the address. `docs/control.md` documents them.

mod answer;
mod text;

use std::convert::Infallible;
use std::io;
use std::net::TcpListener as Listener;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::host::Inquiry;

/// Connections at a time: a Prometheus, its double, and who looks by hand.
const MAX_CONNECTIONS: usize = 16;
/// How long a client may take from one request to the next, with all of its head.
const HEAD: Duration = Duration::from_secs(30);
/// How long a connection may last: who reads slowly makes room for others.
const LONGEST: Duration = Duration::from_secs(600);
/// Bytes of a request's head, at most; bodies are not read.
const MAX_HEAD: usize = 16 << 10;
/// After a client could not be let in, as there are no files left, the next is let in after this.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until the host ends.
///
/// # Errors
/// The address cannot be listened at.
pub(crate) async fn serve(
    listener: Listener,
    inquiry: Arc<Inquiry>,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let accepting = async {
        loop {
            // Who comes when it is full waits at the door, and not in our memory.
            let Ok(place) = room.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let inquiry = inquiry.clone();
                    tokio::spawn(async move {
                        let _ = timeout(LONGEST, talk(stream, inquiry)).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::debug!("a client of the metrics is not let in: {error}");
                    sleep(PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = accepting => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    Ok(())
}

async fn talk(stream: TcpStream, inquiry: Arc<Inquiry>) {
    let service = service_fn(|request| {
        let inquiry = inquiry.clone();
        async move { Ok::<_, Infallible>(answer::answer(&request, &inquiry).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_header_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!("a client of the metrics is gone: {error}");
    }
}

#[cfg(test)]
mod tests;
