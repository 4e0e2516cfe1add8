//! A running host in a browser: its findings as they come and as they are kept, its packs, its figures, and who changed what.
//!
//! It stands beside the host and is asked on a thread of its own: whoever asks much, or does not read what is answered, holds
//! up nobody but himself. `connections` accepts, `guard` says who may ask for what, `pages` are what they see, `actions` what
//! they may change. Everything that findings and packs say is foreign text, and pages carry it escaped.

#![forbid(unsafe_code)]

mod actions;
mod assets;
mod caller;
mod connections;
mod desk;
mod guard;
mod kept;
mod live;
mod login;
mod names;
mod pages;
mod query;
mod rules;
mod samples;
mod sessions;
mod settings;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use lanner_control::Host;
use lanner_control::socket::Followers;
use rustix::process::setpriority_process;
use rustix::thread::gettid;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use lanner_access::Certificate;
pub use settings::{Opening, Settings, SettingsError};

use lanner_captures::Folder;

use desk::Desk;

/// Threads for what takes long: reads of the store, passwords, and questions to the host.
const THREADS: usize = 12;
/// How long what is under way may take when the host ends.
const END: Duration = Duration::from_secs(2);

/// How far its threads come behind others: nice(1).
const NICE: i32 = 10;

/// What it shows.
pub struct Shown {
    /// The host.
    pub host: Arc<dyn Host>,
    /// Its findings, as they come.
    pub followers: Followers,
    /// Where they are kept; nothing where they are not.
    pub store: Option<PathBuf>,
    /// Where what happened around them is written; nothing where it is not.
    pub captures: Option<Folder>,
}

/// Serves, until it is dropped.
pub struct Console {
    address: SocketAddr,
    tls: bool,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Console {
    /// Starts to serve.
    ///
    /// # Errors
    /// No thread can be had, or no runtime on it.
    pub fn start(opening: Opening, shown: Shown) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(THREADS)
            .on_thread_start(step_back)
            .build()?;
        let (address, stop, tls) = (opening.listener.local_addr()?, CancellationToken::new(), opening.tls.is_some());
        let stopped = stop.clone();
        let thread = std::thread::Builder::new().name("lanner-console".into()).spawn(move || {
            step_back();
            if let Err(error) = runtime.block_on(serve(opening, shown, stopped)) {
                tracing::warn!("the console is not served: {error}");
            }
            runtime.shutdown_timeout(END);
        })?;
        Ok(Self { address, tls, stop, thread: Some(thread) })
    }

    /// Where it is served.
    pub fn url(&self) -> String {
        format!("{}://{}/", if self.tls { "https" } else { "http" }, self.address)
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Has this thread come behind those that watch the machine, where there are not enough processors (setpriority(2)).
fn step_back() {
    // It is a wish only.
    let _ = setpriority_process(Some(gettid()), NICE);
}

async fn serve(opening: Opening, shown: Shown, stop: CancellationToken) -> io::Result<()> {
    let Opening { listener, tls, access, names } = opening;
    let listener = TcpListener::from_std(listener)?;
    let tls = tls.map(Arc::new);
    let desk = Arc::new(Desk::new(access, names, tls.is_some(), shown, stop.clone()));
    tokio::spawn(samples::take(desk.clone()));
    if let Some(tls) = &tls {
        tokio::spawn(tls.clone().follow(stop.clone()));
    }
    connections::serve(listener, tls, desk::router(desk), stop).await;
    Ok(())
}
