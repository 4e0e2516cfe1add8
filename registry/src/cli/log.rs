//! What is said on stderr.

use std::io::IsTerminal as _;

/// How much is said.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Level {
    Error,
    Warn,
    Info,
    Debug,
}

/// How it is said.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

/// Sends what is said to stderr. Only what the registry itself says, and what guards it, whatever the level: a library may log more of a
/// request than it should.
pub(super) fn start(level: Level, format: Format) {
    let level = match level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
    };
    let log = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_target(false)
        // Where stderr is gone nothing can be said, that it is gone neither; saying so would panic.
        .log_internal_errors(false)
        .with_env_filter(format!("off,lanner_registry={level},lanner_access={level}"));
    match format {
        Format::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        Format::Json => log.json().flatten_event(true).with_span_list(false).init(),
    }
}
