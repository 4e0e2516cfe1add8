//! What a running host is asked by signals.

use std::io::{self, IsTerminal as _};

use tokio::runtime::Runtime;
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

/// The signals that are listened to. From now on none of them ends the process, but for those that ask for it.
pub(super) struct Signals {
    /// What has them delivered.
    runtime: Runtime,
    hangup: Signal,
    user_1: Signal,
    user_2: Signal,
    /// It was started in a terminal, and is to end with it.
    terminal: bool,
}

/// SIGINT and SIGTERM: until they are listened to, they end the process, which has nothing to lose by then.
struct Ends {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens, so that no signal that is meant well ends what is only beginning. What comes is kept until it is asked for.
    pub(super) fn listen() -> io::Result<Self> {
        // As `nohup` has it.
        let terminal = has_terminal() && !ignores_hangup();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let entered = runtime.enter();
        let (hangup, user_1, user_2) =
            (signal(SignalKind::hangup())?, signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined2())?);
        drop(entered);
        Ok(Self { runtime, hangup, user_1, user_2, terminal })
    }

    /// Listens to what asks it to end, too: before it says that it is at work, as one may answer that at once.
    pub(super) fn and_ends(self) -> io::Result<AllSignals> {
        let Self { runtime, hangup, user_1, user_2, terminal } = self;
        let entered = runtime.enter();
        let ends = Ends { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? };
        drop(entered);
        Ok(AllSignals { runtime, asks: Asks { ends, hangup, user_1, user_2, terminal } })
    }
}

/// Those that end it are among them.
pub(super) struct AllSignals {
    runtime: Runtime,
    asks: Asks,
}

impl AllSignals {
    /// Has this done with what is asked for, until it ends.
    pub(super) fn serve<T>(mut self, work: impl AsyncFnOnce(&mut Asks) -> T) -> T {
        self.runtime.block_on(work(&mut self.asks))
    }
}

/// Gives what is asked for, one by one.
pub(super) struct Asks {
    ends: Ends,
    hangup: Signal,
    user_1: Signal,
    user_2: Signal,
    terminal: bool,
}

impl Asks {
    /// The next thing that is asked for.
    pub(super) async fn next(&mut self) -> Asked {
        loop {
            tokio::select! {
                _ = self.ends.interrupt.recv() => return Asked::Stop,
                _ = self.ends.terminate.recv() => return Asked::Stop,
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

/// Whether whoever started this has it go on when the terminal goes (proc_pid_status(5)).
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    ignored >> (SignalKind::hangup().as_raw_value() - 1) & 1 == 1
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
