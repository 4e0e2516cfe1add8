//! What is said on stderr.

use std::io::IsTerminal as _;

use jiff::tz::TimeZone;
use lanner_finding::time;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use super::colour::Colour;

/// How much is said.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Level {
    Error,
    Warn,
    Info,
    Debug,
}

/// When something was said: to people the time of day here, to a file the time (RFC 3339, UTC), as it may be read on another
/// day.
enum When {
    OfDay(TimeZone),
    Ever,
}

impl FormatTime for When {
    fn format_time(&self, out: &mut Writer<'_>) -> std::fmt::Result {
        let now = jiff::Timestamp::now();
        match self {
            Self::OfDay(zone) => write!(out, "{}", time::of_day(u64::try_from(now.as_nanosecond()).unwrap_or(0), zone)),
            Self::Ever => write!(out, "{now:.3}"),
        }
    }
}

/// Lines that wait while nobody reads stderr; what comes beyond is left out. A line is bounded, so this is too.
const WAITING_LINES: usize = 4096;

/// Sends what is said to stderr, until the guard goes. Only what Lanner itself says, whatever the level.
///
/// Who does not read stderr holds up nobody: a thread of its own writes.
pub(super) fn start(level: Level, colour: Colour) -> WorkerGuard {
    let level = match level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
    };
    let when = if std::io::stderr().is_terminal() { When::OfDay(TimeZone::system()) } else { When::Ever };
    let (stderr, guard) = NonBlockingBuilder::default()
        .thread_name("lanner-log")
        .buffered_lines_limit(WAITING_LINES)
        .finish(std::io::stderr());
    tracing_subscriber::fmt()
        .with_writer(stderr)
        .with_ansi(colour.on(&std::io::stderr()))
        .with_target(false)
        .with_timer(when)
        // Where stderr is gone nothing can be said, that it is gone neither; saying so would panic.
        .log_internal_errors(false)
        .with_env_filter(format!("off,lanner={level},lanner_probes={level}"))
        .init();
    guard
}
