//! The server: addresses, connections, TLS, and an end without a loss.
//!
//! [`run`] opens the storage and serves until a signal comes. `listen` accepts, and refuses clients that have too many
//! connections, `connection` speaks HTTP on what was accepted, `body` and `owed` cut clients that keep the server waiting,
//! `rate` refuses those that ask too often, `record` tells what was answered. `admin` is a listener of its own.

mod admin;
mod body;
mod collect;
mod connection;
mod forwarded;
mod listen;
mod owed;
mod rate;
mod record;
mod storage;
mod stream;
mod tls;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use lanner_access::TlsError;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

pub use rate::{Client, Rates};
pub use storage::{OpenError, open};
pub use tls::load_certificate;

use crate::access::{Access, AccessError};
use crate::api;
use crate::config::Config;
use crate::mirror::{MirrorConfigError, Mirrors};
use crate::packs::{self, KeyFileError, Packs};
use crate::registry::{Immutable, Pushing, Registry};
use connection::Site;
use forwarded::Proxies;

/// The server cannot be started, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The storage cannot be opened.
    #[error(transparent)]
    Storage(#[from] OpenError),
    /// A key that packs are checked with cannot be used.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// An address cannot be had.
    #[error("{name} {address} cannot be listened on: {error}")]
    Address {
        /// The option that says so.
        name: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// The file that tells the addresses cannot be written.
    #[error("{path} cannot be written: {error}", path = path.display())]
    ReadyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Who may do what is not safe or not sensible.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Another registry cannot be mirrored as it is configured.
    #[error(transparent)]
    Mirror(#[from] MirrorConfigError),
    /// Signals cannot be received.
    #[error("signals cannot be received: {0}")]
    Signals(std::io::Error),
    /// A second signal came.
    #[error("ended at once, as a second signal came; requests under way were cut")]
    Cut,
}

/// Serves until SIGTERM or SIGINT comes, and what is under way has ended. The addresses are written to `ready`, if
/// given, once they are listened on: a line `http 127.0.0.1:5000` (or `https`), and a line `admin …`.
///
/// # Errors
/// It cannot be started, or a second signal came.
pub async fn run(config: Config, ready: Option<&Path>) -> Result<(), ServeError> {
    let mut signals = Signals::new().map_err(ServeError::Signals)?;
    let store = open(&config.storage)?;
    if config.storage.s3.is_some() {
        store.check_conditional_writes().await.map_err(OpenError::from)?;
    }
    store.limit(config.quotas.clone()).await.map_err(OpenError::from)?;
    if config.collect.untagged_after.is_some() {
        store.mark_losses();
    }
    let immutable = Immutable::new(config.tags.clone());
    let registry = Arc::new(Registry {
        mirror: Mirrors::new(&config.mirrors, &store, &config.limits, &immutable)?,
        store,
        access: Access::open(&config.access, &config.http, &config.storage.path)?,
        limits: config.limits.clone(),
        immutable,
        packs: Packs::new(&config.packs, config.http.url.as_deref())?,
        pushing: Pushing::default(),
        whole: config.manifests.whole,
        read_only: config.read_only,
    });
    let tls = config.http.tls.clone().map(load_certificate).transpose()?.map(Arc::new);
    let scheme = if tls.is_some() { "https" } else { "http" };
    let listener = bind("http.address", config.http.address)?;
    let admin = config.admin.address.map(|address| bind("admin.address", address)).transpose()?;
    let mut addresses = vec![(scheme, local(&listener))];
    addresses.extend(admin.as_ref().map(|admin| ("admin", local(admin))));

    let stop = CancellationToken::new();
    // Those who follow end with it; so does the listener for the administrator, but last.
    let (end, admin_end) = (stop.child_token(), CancellationToken::new());
    tokio::spawn({
        let registry = registry.clone();
        async move { registry.packs.build(&registry.store).await }
    });
    let collector = collect::Collector::new(registry.clone(), config.collect.clone());
    tokio::spawn(collector.clone().every(end.clone()));
    if let Some(tls) = &tls {
        tokio::spawn(tls.clone().follow(end.clone()));
    }
    let admin = admin.map(|listener| {
        let state = admin::Admin { registry: registry.clone(), collector: collector.clone(), stop: stop.clone() };
        let ended = admin_end.clone().cancelled_owned();
        tokio::spawn(axum::serve(listener, admin::routes(state)).with_graceful_shutdown(ended).into_future())
    });
    let site = Arc::new(Site {
        router: router(&registry),
        limits: config.limits.clone(),
        tls: tls.clone(),
        proxies: Proxies::new(config.http.trusted_proxies.clone()),
        rates: config.limits.requests_per_second.map(|rate| Rates::new(rate, config.limits.burst.unwrap_or(rate))),
        stop: stop.clone(),
        cut: CancellationToken::new(),
    });
    let mut listening = tokio::spawn(listen::listen(listener, site));
    for (what, address) in &addresses {
        match *what {
            "admin" => tracing::info!("the administrator is answered at http://{address}"),
            scheme => tracing::info!("clients are answered at {scheme}://{address}"),
        }
    }
    if let Some(path) = ready {
        tell(path, &addresses)?;
    }

    loop {
        match signals.next().await {
            Signal::Reload => {
                if let Some(tls) = &tls {
                    tls.reload_and_tell();
                }
            }
            Signal::End(name) => {
                tracing::info!(
                    "{name}: stopping; requests under way may take {}",
                    humantime::format_duration(config.limits.shutdown_time)
                );
                break;
            }
        }
    }
    stop.cancel();
    let ending = async {
        if let Err(error) = (&mut listening).await {
            tracing::error!("the listener failed: {error}");
        }
        // Nobody asks any more: a collection may be given up.
        if tokio::time::timeout(COLLECTION, collector.idle()).await.is_err() {
            tracing::warn!("the collection under way is given up");
        }
        admin_end.cancel();
        if let Some(admin) = admin {
            // Whoever scrapes at this moment gets a little time.
            let _ = tokio::time::timeout(COLLECTION, admin).await;
        }
    };
    tokio::select! {
        () = ending => {}
        () = signals.end() => return Err(ServeError::Cut),
    }
    tracing::info!("stopped");
    Ok(())
}

/// How long a collection may go on when all requests have ended.
const COLLECTION: Duration = Duration::from_secs(2);

/// All that clients are answered.
fn router(registry: &Arc<Registry>) -> Router {
    let pages = packs::routes(registry.clone());
    api::routes(registry.clone()).merge(registry.access.routes()).merge(admin::alive()).merge(pages)
}

fn bind(name: &'static str, address: SocketAddr) -> Result<TcpListener, ServeError> {
    listen::bind(address).map_err(|error| ServeError::Address { name, address, error })
}

fn local(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().expect("a listener has an address")
}

/// Writes the addresses, all or none.
fn tell(path: &Path, addresses: &[(&str, SocketAddr)]) -> Result<(), ServeError> {
    let failed = |error| ServeError::ReadyFile { path: path.into(), error };
    let text: String = addresses.iter().map(|(what, address)| format!("{what} {address}\n")).collect();
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, path)).map_err(failed)
}

enum Signal {
    /// Read the certificate again.
    Reload,
    /// Stop.
    End(&'static str),
}

struct Signals {
    term: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.term.recv() => Signal::End("SIGTERM"),
            _ = self.interrupt.recv() => Signal::End("SIGINT"),
            _ = self.hangup.recv() => Signal::Reload,
        }
    }

    async fn end(&mut self) {
        while matches!(self.next().await, Signal::Reload) {}
    }
}
