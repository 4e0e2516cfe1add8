//! Accepting connections, no more than there is room for, and an end for those that keep others waiting.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use lanner_access::{Client, Crowd, Patient, Tls};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service as _;

/// Connections at a time.
const MOST: usize = 256;
/// Of one client: several people may stand behind an address, and nobody has all of them.
const EACH: usize = 64;
/// How long a client may take for TLS, and for the head of a request: also until the next one.
const HEAD: Duration = Duration::from_secs(20);
/// Headers of a request, and bytes of them.
const HEADERS: usize = 64;
const HEAD_BYTES: usize = 32 << 10;
/// How long a client may take nothing of what it is sent.
const PATIENCE: Duration = Duration::from_secs(30);
/// After a client could not be let in, as there are no files left, the next is let in after this.
const PAUSE: Duration = Duration::from_millis(100);
/// How long requests may go on when the host ends.
const FAREWELL: Duration = Duration::from_secs(1);

/// Serves until it is to stop.
pub(crate) async fn serve(listener: TcpListener, tls: Option<Arc<Tls>>, router: Router, stop: CancellationToken) {
    let (room, connections) = (Arc::new(Semaphore::new(MOST)), TaskTracker::new());
    let crowd = Crowd::new(EACH);
    loop {
        let next = async {
            let place = room.clone().acquire_owned().await.expect("it is never closed");
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = stop.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!("a client of the console is not let in: {error}");
                sleep(PAUSE).await;
                continue;
            }
        };
        let Some(own) = crowd.enter(Client::at(peer.ip())) else {
            tracing::debug!(client = %peer.ip(), "a connection to the console is closed: the client has too many");
            continue;
        };
        let (tls, router, stop) = (tls.clone(), router.clone(), stop.clone());
        connections.spawn(async move {
            begin(stream, peer, tls, router, stop).await;
            drop((place, own));
        });
    }
    drop(listener);
    connections.close();
    let _ = timeout(FAREWELL, connections.wait()).await;
}

async fn begin(stream: TcpStream, peer: SocketAddr, tls: Option<Arc<Tls>>, router: Router, stop: CancellationToken) {
    // It is a wish only.
    let _ = stream.set_nodelay(true);
    let stream = Patient::new(stream, PATIENCE);
    match tls {
        None => talk(stream, peer, router, stop).await,
        Some(tls) => {
            if let Ok(Ok(stream)) = timeout(HEAD, tls.acceptor().accept(stream)).await {
                talk(stream, peer, router, stop).await;
            }
        }
    }
}

async fn talk<S>(stream: S, peer: SocketAddr, router: Router, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut router = router.clone();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        async move { Ok::<_, Infallible>(router.call(request).await.unwrap_or_else(|never| match never {})) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let outcome = tokio::select! {
        outcome = &mut connection => outcome,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(client = %peer, "a connection to the console ended: {error}");
    }
}
