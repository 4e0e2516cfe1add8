//! The terminal, for as long as it is drawn on.

use std::io;

use ratatui::DefaultTerminal;

use super::Top;

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

    /// Draws what the top shows.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn draw(&mut self, top: &mut Top) -> io::Result<()> {
        self.0.draw(|frame| top.draw(frame)).map(drop)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Where the terminal is gone there is nothing to restore.
        let _ = ratatui::try_restore();
    }
}
