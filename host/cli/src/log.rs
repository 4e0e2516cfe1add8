//! What is said on stderr.

use jiff::tz::TimeZone;
use lanner_sink::time;
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

struct TimeOfDay(TimeZone);

impl FormatTime for TimeOfDay {
    fn format_time(&self, out: &mut Writer<'_>) -> std::fmt::Result {
        let now = jiff::Timestamp::now().as_nanosecond();
        write!(out, "{}", time::of_day(u64::try_from(now).unwrap_or(0), &self.0))
    }
}

/// Sends what is said to stderr. Only what Lanner itself says, whatever the level.
pub(super) fn start(level: Level, colour: Colour) {
    let level = match level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
    };
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(colour.on(&std::io::stderr()))
        .with_target(false)
        .with_timer(TimeOfDay(TimeZone::system()))
        // Where stderr is gone nothing can be said, that it is gone neither; saying so would panic.
        .log_internal_errors(false)
        .with_env_filter(format!("off,lanner={level},lanner_probes={level}"))
        .init();
}
