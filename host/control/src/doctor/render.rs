//! The report, for people.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{Report, Verdict};

/// Longer findings, such as the kernel's log of a refused probe, are cut.
const MAX_TEXT: usize = 400;

impl Verdict {
    /// The verdict in a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
        }
    }

    fn style(self) -> Style {
        let colour = match self {
            Self::Ok => AnsiColor::Green,
            Self::Degraded => AnsiColor::Yellow,
            Self::Missing => AnsiColor::Red,
            Self::Unknown => AnsiColor::Cyan,
        };
        Style::new().fg_color(Some(colour.into())).bold()
    }
}

impl Report {
    /// One line a check, cost and remedy below those that are not well, and what it comes to at the end. Ends with a
    /// new line. Colours are ANSI sequences.
    pub fn render(&self, colour: bool) -> String {
        let paint = |style: Style| if colour { style } else { Style::new() };
        let width = self.checks.iter().map(|check| check.name.chars().count()).max().unwrap_or(0);
        let mut text = String::new();
        // Writing to a string does not fail.
        for check in &self.checks {
            let style = paint(check.verdict.style());
            let (name, verdict) = (&check.name, check.verdict.name());
            let _ = writeln!(text, "{style}{verdict:8}{style:#}  {name:width$}  {}", one_line(&check.found));
            let dim = paint(Style::new().dimmed());
            for (label, line) in [("cost", &check.cost), ("remedy", &check.remedy)] {
                if !line.is_empty() {
                    let _ = writeln!(text, "{:8}  {:width$}  {dim}{label:6}{dim:#}  {}", "", "", one_line(line));
                }
            }
        }
        let style = paint(if self.usable { Verdict::Ok } else { Verdict::Missing }.style());
        let verdict = if self.usable { "Lanner can watch this machine" } else { "Lanner cannot watch this machine" };
        let _ = writeln!(text, "\n{style}{verdict}{style:#}: {}.", self.counts());
        text
    }

    /// `12 ok, 2 degraded`.
    fn counts(&self) -> String {
        [Verdict::Ok, Verdict::Degraded, Verdict::Missing, Verdict::Unknown]
            .into_iter()
            .map(|verdict| (verdict, self.checks.iter().filter(|check| check.verdict == verdict).count()))
            .filter(|(_, count)| *count > 0)
            .map(|(verdict, count)| format!("{count} {}", verdict.name()))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// Without line ends and control characters, which could come from a mount point's name or a log.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if let Some((end, _)) = line.char_indices().nth(MAX_TEXT) {
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::super::Check;
    use super::*;

    fn report() -> Report {
        Report::new(vec![
            Check::ok("kernel", "6.12.0"),
            Check::degraded("pid namespace", "another\n\x1b[31mone", "something is lost", "do something"),
        ])
    }

    #[test]
    fn columns_are_aligned() {
        let expected = "\
ok        kernel         6.12.0
degraded  pid namespace  another [31mone
                         cost    something is lost
                         remedy  do something

Lanner can watch this machine: 1 ok, 1 degraded.
";
        assert_eq!(report().render(false), expected);
    }

    #[test]
    fn colours_come_only_when_asked_for() {
        let coloured = report().render(true);
        assert!(coloured.contains("\x1b[1m\x1b[33mdegraded\x1b[0m  "), "{coloured:?}");
        assert!(!report().render(false).contains('\x1b'));
    }

    #[test]
    fn long_findings_are_cut() {
        let text = one_line(&"é ".repeat(1000));
        assert_eq!(text.chars().count(), MAX_TEXT + 1);
    }
}
