//! `lanner top`: how a host stands, in a terminal, as it changes.

mod header;
mod screen;
mod table;

use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

pub use ratatui::crossterm::event::{Event, read};
pub use screen::Screen;

use crate::status::{Rates, Report};

/// What the keys do, in the last line.
const KEYS: &str = "sort: c cpu  e events  f findings  n name    r rules    ↑↓ scroll    q quit";

/// By what packs are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The share of a processor, the greatest first.
    #[default]
    Share,
    /// Events a second, then all events.
    Events,
    /// Findings.
    Findings,
    /// The name.
    Name,
}

/// Whether it goes on after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// It does.
    GoOn,
    /// It ends.
    Quit,
}

/// What is shown.
#[derive(Debug, Default)]
pub struct Top {
    report: Report,
    rates: Rates,
    sort: Sort,
    /// Rules are shown below their packs.
    rules: bool,
    /// So many lines of the table are above the screen.
    above: usize,
    colour: bool,
}

impl Top {
    /// Shows this to begin with: rates come with the next report.
    pub fn new(report: Report, colour: bool) -> Self {
        Self { report, colour, ..Self::default() }
    }

    /// Shows rules from the beginning, where that is asked for.
    #[must_use]
    pub fn with_rules(self, rules: bool) -> Self {
        Self { rules, ..self }
    }

    /// Shows this, and what happened since the last one.
    pub fn take(&mut self, report: Report) {
        self.rates = Rates::between(&self.report, &report);
        self.report = report;
    }

    /// Does what a key asks for.
    pub fn press(&mut self, key: KeyEvent) -> Course {
        if key.kind == KeyEventKind::Release {
            return Course::GoOn;
        }
        match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return Course::Quit,
            KeyCode::Char('q') | KeyCode::Esc => return Course::Quit,
            KeyCode::Char('c') => self.sort = Sort::Share,
            KeyCode::Char('e') => self.sort = Sort::Events,
            KeyCode::Char('f') => self.sort = Sort::Findings,
            KeyCode::Char('n') => self.sort = Sort::Name,
            KeyCode::Char('r') => self.rules = !self.rules,
            KeyCode::Up | KeyCode::Char('k') => self.above = self.above.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.above = self.above.saturating_add(1),
            KeyCode::PageUp => self.above = self.above.saturating_sub(10),
            KeyCode::PageDown => self.above = self.above.saturating_add(10),
            KeyCode::Home => self.above = 0,
            _ => {}
        }
        Course::GoOn
    }

    /// Draws all of it.
    pub fn draw(&mut self, frame: &mut Frame<'_>) {
        let head = self.header();
        let rows = [Constraint::Length(head.len() as u16), Constraint::Min(2), Constraint::Length(1)];
        let [above, middle, below] = Layout::vertical(rows).areas(frame.area());
        frame.render_widget(ratatui::widgets::Paragraph::new(head), above);
        self.draw_table(frame, middle);
        frame.render_widget(Line::styled(KEYS, self.style(Style::new().add_modifier(Modifier::DIM))), below);
    }

    /// The style where colours are wanted, and none otherwise.
    fn style(&self, style: Style) -> Style {
        if self.colour { style } else { Style::new() }
    }
}

#[cfg(test)]
mod tests;
