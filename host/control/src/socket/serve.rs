//! Lets clients in.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::claim::Claim;
use super::connection::attend;
use super::protocol::Answer;
use super::tail::Followers;
use crate::host::Inquiry;

/// Clients at a time.
const MAX_CLIENTS: usize = 16;
/// How long clients have, when the host ends, to read what was found last.
const FAREWELL: Duration = Duration::from_secs(2);
/// After a client could not be let in, as there are no files left, the next is let in after this.
const PAUSE: Duration = Duration::from_millis(100);

/// What clients are answered from.
pub(crate) struct Desk {
    pub(crate) inquiry: Arc<Inquiry>,
    pub(crate) followers: Followers,
    /// Becomes true when the host ends.
    pub(crate) stop: watch::Receiver<bool>,
}

impl Desk {
    /// Until the host ends.
    pub(super) async fn stopping(&self) {
        // Where the one that would say so is gone, it ends too.
        let _ = self.stop.clone().wait_for(|stop| *stop).await;
    }
}

/// Serves all clients until the host ends. To be called where tokio runs.
///
/// # Errors
/// The socket cannot be listened at.
pub(crate) async fn serve(claim: &Claim, desk: Desk) -> io::Result<()> {
    let listener = UnixListener::from_std(claim.listener()?)?;
    serve_at(&listener, Arc::new(desk)).await;
    Ok(())
}

async fn serve_at(listener: &UnixListener, desk: Arc<Desk>) {
    let room = Arc::new(Semaphore::new(MAX_CLIENTS));
    let mut clients = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::debug!("a client of the control socket is not let in: {error}");
                    sleep(PAUSE).await;
                    continue;
                }
            },
            () = desk.stopping() => break,
        };
        // Those that have gone are forgotten.
        while clients.try_join_next().is_some() {}
        if let Err(sentence) = may_ask(&stream) {
            refuse(&stream, sentence);
            continue;
        }
        let Ok(place) = room.clone().try_acquire_owned() else {
            refuse(&stream, format!("{MAX_CLIENTS} clients are served at a time: try again when one has gone"));
            continue;
        };
        let desk = desk.clone();
        clients.spawn(async move {
            attend(stream, &desk).await;
            drop(place);
        });
    }
    // Those that do not read are not waited for.
    let _ = timeout(FAREWELL, async { while clients.join_next().await.is_some() {} }).await;
}

/// Whether the kernel says that it is root who asks, or who runs the host (unix(7): SO_PEERCRED).
fn may_ask(stream: &UnixStream) -> Result<(), String> {
    let own = rustix::process::geteuid().as_raw();
    match stream.peer_cred() {
        Ok(peer) if peer.uid() == 0 || peer.uid() == own => Ok(()),
        Ok(peer) => Err(format!(
            "only root, and the user who runs the host (uid {own}), may ask it, and this is uid {}",
            peer.uid()
        )),
        Err(error) => Err(format!("the system does not say who asks: {error}")),
    }
}

/// Says why, as far as there is room for it, and closes.
fn refuse(stream: &UnixStream, sentence: String) {
    let _ = stream.try_write(&Answer::error(sentence).line());
}

#[cfg(test)]
mod tests;
