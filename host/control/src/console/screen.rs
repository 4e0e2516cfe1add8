//! The terminal, for as long as it is drawn on.

use std::io;

use ratatui::DefaultTerminal;

use super::Console;

/// The whole screen. The terminal is as it was before when this is dropped, and when the program panics.
pub struct Screen(DefaultTerminal);

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// There is none.
    pub fn open() -> io::Result<Self> {
        ratatui::try_init().map(Self)
    }

    /// Draws what the console shows.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn draw(&mut self, console: &mut Console) -> io::Result<()> {
        self.0.draw(|frame| console.draw(frame)).map(drop)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Where the terminal is gone there is nothing to restore.
        let _ = ratatui::try_restore();
    }
}
