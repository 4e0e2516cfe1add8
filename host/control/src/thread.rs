//! The thread on which all is answered that is asked of a running host from outside. Who asks, and who does not read what
//! is answered, holds up nobody else.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;

use crate::host::{Host, Inquiry};
use crate::socket::{self, Claim, Followers};
use crate::{metrics, notify};

/// How long what is under way may take when the host ends: nobody waits for a pipeline that hangs.
const END: Duration = Duration::from_secs(2);

/// What may be asked, and where.
#[derive(Default)]
pub struct Openings {
    /// The control socket.
    pub socket: Option<Claim>,
    /// Who follows the findings.
    pub followers: Followers,
    /// Where metrics are served.
    pub metrics: Option<TcpListener>,
    /// How often systemd is to hear that the host is well.
    pub watchdog: Option<Duration>,
}

/// Answers, until it is dropped.
pub struct Control {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Control {
    /// Starts to answer.
    ///
    /// # Errors
    /// No thread can be had, or no runtime on it.
    pub fn start(host: Arc<dyn Host>, openings: Openings) -> io::Result<Self> {
        // One thread asks the pipeline for all.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build()?;
        let (stop, stopped) = watch::channel(false);
        let thread = std::thread::Builder::new().name("lanner-control".into()).spawn(move || {
            runtime.block_on(answer(host, openings, stopped));
            runtime.shutdown_timeout(END);
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn answer(host: Arc<dyn Host>, openings: Openings, stop: watch::Receiver<bool>) {
    let Openings { socket, followers, metrics, watchdog } = openings;
    let inquiry = Arc::new(Inquiry::new(host));
    let asked_at_socket = async {
        let Some(claim) = socket else { return };
        let desk = socket::Desk { inquiry: inquiry.clone(), followers, stop: stop.clone() };
        if let Err(error) = socket::serve(&claim, desk).await {
            tracing::warn!("nobody is answered at {}: {error}", claim.path().display());
        }
    };
    let scraped = async {
        let Some(listener) = metrics else { return };
        if let Err(error) = metrics::serve(listener, inquiry.clone(), stop.clone()).await {
            tracing::warn!("metrics are not served: {error}");
        }
    };
    let watched = async {
        let Some(every) = watchdog else { return };
        notify::watchdog(every, &inquiry, stop.clone()).await;
    };
    tokio::join!(asked_at_socket, scraped, watched);
}
