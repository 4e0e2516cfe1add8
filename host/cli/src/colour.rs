//! Whether to write in colour.

use std::io::IsTerminal;

/// When to write in colour.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Colour {
    Auto,
    Always,
    Never,
}

impl Colour {
    /// Whether colours are asked for wherever it goes.
    pub(super) fn always(self) -> bool {
        matches!(self, Self::Always)
    }

    /// Whether to write in colour to this stream. NO_COLOR (no-color.org) counts where nothing else is said.
    pub(super) fn on(self, stream: &impl IsTerminal) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        }
    }
}
