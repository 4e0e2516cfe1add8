//! One connection: TLS, the version of HTTP, requests, and an end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{CONNECTION, HeaderValue, RETRY_AFTER};
use axum::http::{Request, Response, StatusCode, Version};
use axum::response::IntoResponse as _;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use lanner_access::{NotTaken, Patient, Tls};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::Service as _;
use tracing::Instrument as _;

use super::body::{Incoming, Outgoing, Pace};
use super::forwarded::Proxies;
use super::owed::{Owed, Silence};
use super::rate::{Client, Rates};
use super::record::Record;
use super::stream::Begun;
use crate::config::Limits;
use crate::metrics::{Reason, metrics};
use crate::oci::{Code, OciError};

/// How many headers a request may have.
const HEADERS: usize = 128;
/// How much of a stream of HTTP/2 waits in memory to be sent, in bytes.
const SEND_BUFFER: usize = 256 << 10;

/// What all connections share.
pub(super) struct Site {
    pub(super) router: Router,
    pub(super) limits: Limits,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) rates: Option<Rates>,
    pub(super) proxies: Proxies,
    /// No more requests than those under way.
    pub(super) stop: CancellationToken,
    /// Nothing any more.
    pub(super) cut: CancellationToken,
}

/// Serves a connection to its end.
pub(super) async fn serve(site: Arc<Site>, stream: TcpStream, peer: SocketAddr) {
    tokio::select! {
        outcome = begin(&site, stream, peer) => if let Err(reason) = outcome {
            metrics().rejected(reason);
            tracing::debug!(client = %peer, ?reason, "connection cut");
        },
        () = site.cut.cancelled() => metrics().rejected(Reason::Shutdown),
    }
}

async fn begin(site: &Arc<Site>, stream: TcpStream, peer: SocketAddr) -> Result<(), Reason> {
    // A small answer shall not wait for the acknowledgement of the one before. It is a wish only.
    let _ = stream.set_nodelay(true);
    let stream = Patient::new(stream, site.limits.idle_time);
    let Some(tls) = &site.tls else { return talk(site, stream, None, peer).await };
    let accepted = first(site, tls.acceptor().accept(stream)).await?;
    let Some(Ok(stream)) = accepted else { return if accepted.is_some() { Err(Reason::Tls) } else { Ok(()) } };
    let version = match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => Some(Version::HTTP_2),
        Some(_) => Some(Version::HTTP_11),
        None => None,
    };
    talk(site, stream, version, peer).await
}

/// What comes before the first request must come in time, and is not waited for at the end.
async fn first<T>(site: &Site, work: impl Future<Output = T>) -> Result<Option<T>, Reason> {
    tokio::select! {
        done = timeout(site.limits.header_time, work) => done.map(Some).map_err(|_| Reason::SlowHeader),
        () = site.stop.cancelled() => Ok(None),
    }
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    site: &Arc<Site>,
    stream: S,
    version: Option<Version>,
    peer: SocketAddr,
) -> Result<(), Reason> {
    let (stream, http_2) = match version {
        Some(version) => (Begun::new(stream), version == Version::HTTP_2),
        None => match first(site, Begun::look(stream)).await? {
            Some(Ok(looked)) => looked,
            Some(Err(_)) | None => return Ok(()),
        },
    };
    let limits = &site.limits;
    let io = TokioIo::new(stream);
    if !http_2 {
        let service = service_fn(|request| answer(site.clone(), peer, None, request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_time)
            .max_header_size(limits.header_bytes)
            .max_headers(HEADERS)
            .serve_connection(io, service);
        return drive(site, connection, |_| std::future::pending()).await;
    }
    let owed = Owed::new();
    let service = service_fn(|request| answer(site.clone(), peer, Some(owed.clone()), request));
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(limits.http2_streams)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(limits.idle_time)
        .keep_alive_timeout(limits.header_time)
        .serve_connection(io, service);
    drive(site, connection, |patience| owed.silent(patience)).await
}

/// Until the connection ends, the client was silent for too long, or the server stops and what is under way is done.
async fn drive<C, S>(site: &Site, connection: C, silent: impl Fn(Duration) -> S) -> Result<(), Reason>
where
    C: GracefulConnection<Error = hyper::Error>,
    S: Future<Output = Silence>,
{
    let mut connection = pin!(connection);
    let too_long = |silence| match silence {
        Silence::Asks => Ok(()),
        Silence::Takes => Err(Reason::SlowReader),
    };
    tokio::select! {
        outcome = &mut connection => return ended(outcome),
        silence = silent(site.limits.idle_time) => return too_long(silence),
        () = site.stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    // A client of HTTP/2 may go on without a request, whatever it is told.
    tokio::select! {
        outcome = connection => ended(outcome),
        silence = silent(site.limits.header_time) => too_long(silence),
    }
}

fn ended(outcome: hyper::Result<()>) -> Result<(), Reason> {
    outcome.or_else(|error| reason(&error).map_or(Ok(()), Err))
}

/// Why a connection failed, unless the client just went away.
fn reason(error: &hyper::Error) -> Option<Reason> {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.is::<NotTaken>() {
            return Some(Reason::SlowReader);
        }
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = inner.map(|error| error as &(dyn std::error::Error + 'static)).or_else(|| error.source());
    }
    if error.is_timeout() {
        return Some(Reason::SlowHeader);
    }
    error.is_parse().then_some(Reason::Protocol)
}

/// Answers a request, or says why not.
async fn answer(
    site: Arc<Site>,
    peer: SocketAddr,
    owed: Option<Owed>,
    request: Request<hyper::body::Incoming>,
) -> Result<Response<Outgoing>, Infallible> {
    let address = site.proxies.client(peer.ip(), request.headers());
    let mut record = Record::begin(request.method(), request.uri().path(), address);
    let debt = owed.as_ref().map(Owed::stream);
    let (span, version) = (record.span().clone(), request.version());
    let too_slow = Arc::new(OnceLock::new());
    let mut response = match site.rates.as_ref().map_or(Ok(()), |rates| rates.take(Client::at(address))) {
        Err(missing) => span.in_scope(|| too_many(missing)),
        Ok(()) => {
            let (patience, pace) = (site.limits.idle_time, pace(&site.limits, record.brings_a_blob()));
            let mut request = request.map(|body| Body::new(Incoming::new(body, patience, pace, too_slow.clone())));
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address, peer.port())));
            site.router.clone().call(request).instrument(span).await?
        }
    };
    if too_slow.get().is_some() && response.status().is_client_error() {
        // Whatever the handler made of it. The rest of the request cannot be told from another one.
        *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
        if version < Version::HTTP_2 {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
    record.status(response.status());
    Ok(response.map(|body| Outgoing::new(body, record, debt)))
}

/// How fast the body of a request has to come.
fn pace(limits: &Limits, is_blob: bool) -> Pace {
    match is_blob {
        true => {
            let least = u128::from(limits.blob_bytes_per_second) * limits.idle_time.as_millis() / 1000;
            Pace::Rate { least: u64::try_from(least).unwrap_or(u64::MAX), time: limits.idle_time }
        }
        false => Pace::Within(limits.body_time),
    }
}

fn too_many(missing: Duration) -> axum::response::Response {
    metrics().rejected(Reason::Rate);
    // Rounded up: who comes back then is served.
    let seconds = missing.as_millis().div_ceil(1000).max(1);
    let message = format!("too many requests; try again in {seconds} s");
    let seconds = HeaderValue::try_from(seconds.to_string()).expect("digits are a value");
    OciError::new(Code::TooManyRequests, message).with_header(RETRY_AFTER, seconds).into_response()
}
