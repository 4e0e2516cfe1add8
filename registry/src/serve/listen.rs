//! Accepting connections, no more than there is room for, until told to stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lanner_access::Crowd;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::connection::{Site, serve};
use super::rate::Client;
use crate::metrics::{Reason, metrics};

/// How many connections wait to be accepted. The kernel takes less where `net.core.somaxconn` is lower.
const BACKLOG: u32 = 4096;
/// What the process needs besides connections: files that are read and written, and its own.
const OTHER_FILES: u64 = 1024;

/// Binds an address.
pub(super) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv6() { TcpSocket::new_v6() } else { TcpSocket::new_v4() }?;
    // So that a server which was stopped can be started again at once.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// How many connections the process may have open: as many as wanted, or what the limit of open files allows.
pub(super) fn room(wanted: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // The soft limit only is for programs that use select(2).
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let most = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let Some(most) = most else { return wanted };
    // Half of a very low limit.
    let room = usize::try_from(most.saturating_sub(OTHER_FILES).max(most / 2)).unwrap_or(usize::MAX).max(1);
    if room < wanted {
        tracing::warn!(
            "limits.connections is {wanted}, but this process may open {most} files: {room} connections at most; \
             raise the limit (LimitNOFILE= of systemd) or lower limits.connections"
        );
    }
    room.min(wanted)
}

/// Accepts until told to stop, then waits for what is under way as long as the limits say.
pub(super) async fn listen(listener: TcpListener, site: Arc<Site>) {
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(room(site.limits.connections).min(Semaphore::MAX_PERMITS)));
    let crowd = Crowd::new(site.limits.connections_per_address);
    let mut trouble = Trouble::default();
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await.expect("it is never closed");
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = site.stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Many clients stand behind a proxy; what each of them may cost is counted by request.
                let own = match site.proxies.trust(peer.ip()) {
                    true => None,
                    false => match crowd.enter(Client::at(peer.ip())) {
                        None => {
                            metrics().rejected(Reason::Connections);
                            tracing::debug!(client = %peer.ip(), "connection closed: the client has too many");
                            continue;
                        }
                        place => place,
                    },
                };
                let site = site.clone();
                connections.spawn(async move {
                    let _counted = Counted::new();
                    serve(site, stream, peer).await;
                    drop((place, own));
                });
            }
            Err(error) => trouble.wait(&error).await,
        }
    }
    drop(listener);
    connections.close();
    let time = site.limits.shutdown_time;
    if tokio::time::timeout(time, connections.wait()).await.is_err() {
        let count = connections.len();
        tracing::warn!("{count} connections are cut: they did not end within {}", humantime::format_duration(time));
        site.cut.cancel();
        connections.wait().await;
    }
}

/// A connection that is open.
struct Counted;

impl Counted {
    fn new() -> Self {
        metrics().connections.inc();
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics().connections.dec();
    }
}

/// What is done about connections that cannot be accepted.
#[derive(Default)]
struct Trouble {
    told: Option<Instant>,
}

impl Trouble {
    async fn wait(&mut self, error: &io::Error) {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
        // The client's trouble, which is over.
        if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
            return;
        }
        /// Said once in a while.
        const QUIET: Duration = Duration::from_secs(10);
        if self.told.is_none_or(|told| told.elapsed() >= QUIET) {
            self.told = Some(Instant::now());
            tracing::error!("no connection can be accepted: {error}; trying again");
        }
        // Mostly no file can be opened, until others are closed.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
