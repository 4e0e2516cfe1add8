//! What a running host is asked by signals.

use std::io::{self, IsTerminal as _};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// `SIGXFSZ` (signal(7)), the same on all architectures that Lanner is built for.
const FILE_TOO_LARGE: i32 = 25;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// To end: SIGINT, SIGTERM, or the terminal is gone.
    Stop,
    /// To load what changed, and to open anew what is written to: SIGHUP.
    Reload,
    /// To say how things are: SIGUSR1.
    Status,
}

/// The signals that are listened to. From now on none of them ends the process.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    user_1: Signal,
    user_2: Signal,
    /// It was started in a terminal.
    terminal: bool,
}

impl Signals {
    /// Listens; to be called within a runtime.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            user_1: signal(SignalKind::user_defined1())?,
            user_2: signal(SignalKind::user_defined2())?,
            terminal: has_terminal(),
        })
    }

    /// The next thing that is asked for.
    pub(super) async fn next(&mut self) -> Asked {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => return Asked::Stop,
                _ = self.terminate.recv() => return Asked::Stop,
                _ = self.hangup.recv() => {
                    // Of a service it is how one asks for a reload; of a terminal, that it was closed.
                    let closed = self.terminal && !has_terminal();
                    return if closed { Asked::Stop } else { Asked::Reload };
                }
                _ = self.user_1.recv() => return Asked::Status,
                _ = self.user_2.recv() => tracing::info!("SIGUSR2 asks for nothing: SIGHUP reloads, SIGUSR1 says how things are"),
            }
        }
    }
}

/// Whether a terminal is there, of those that this was started with. One that was closed is none.
fn has_terminal() -> bool {
    io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal()
}

/// Where files may only grow so far (`RLIMIT_FSIZE`), have a write that goes beyond fail, and say so, instead of the process
/// be killed.
pub(super) fn survive_file_limits() {
    let listen = || -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let _entered = runtime.enter();
        // Who listens once is never killed by it again.
        drop(signal(SignalKind::from_raw(FILE_TOO_LARGE))?);
        Ok(())
    };
    if let Err(error) = listen() {
        tracing::debug!("a file that grows beyond its limit will end lanner: {error}");
    }
}
