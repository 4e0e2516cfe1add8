//! The lines above the table: the host as a whole.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::Top;
use crate::status::{bytes, one_line, per_second, share, span};

impl Top {
    /// What stands above the table, with an empty line at its end.
    pub(super) fn header(&self) -> Vec<Line<'static>> {
        let (report, rates) = (&self.report, &self.rates);
        let about = &report.about;
        let bold = self.style(Style::new().add_modifier(Modifier::BOLD));
        let title = Line::from(vec![
            Span::styled(format!("lanner {}", one_line(&about.version)), bold),
            Span::raw(format!(
                " on {}, kernel {}, pid {}, for {}",
                one_line(&about.hostname),
                one_line(&about.kernel),
                about.pid,
                span(report.time_ns.saturating_sub(about.since_ns))
            )),
        ]);
        let mut rate = Line::default();
        let lost = match report.lost {
            0 => Style::new(),
            _ => self.style(Style::new().fg(Color::Red).add_modifier(Modifier::BOLD)),
        };
        let figures = [
            ("events", format!("{}/s", per_second(rates.events)), bold),
            ("filtered", format!("{}/s", per_second(rates.filtered)), bold),
            ("lost", format!("{}/s ({} in all)", per_second(rates.lost), report.lost), lost),
            ("findings", format!("{}/s", per_second(rates.findings)), bold),
            ("cpu", share(rates.processors), bold),
            ("memory", bytes(report.memory), bold),
        ];
        for (name, figure, style) in figures {
            rate.push_span(Span::raw(format!("{name} ")));
            rate.push_span(Span::styled(figure, style));
            rate.push_span(Span::raw("   "));
        }
        let mut lines = vec![title, rate];
        lines.extend(self.warnings());
        lines.push(Line::default());
        lines
    }

    /// What is not as it should be, in a line each; `lanner status` has all of it.
    fn warnings(&self) -> impl Iterator<Item = Line<'static>> {
        let report = &self.report;
        let stuck = report.sinks.iter().filter(|sink| sink.failed || sink.trouble.is_some() || sink.left_out > 0);
        let stuck = stuck.map(|sink| {
            let why = sink.trouble.as_deref().map_or(String::new(), |why| format!(" ({})", one_line(why)));
            format!("sink {}: {} waiting, {} left out{why}", one_line(&sink.name), sink.waiting, sink.left_out)
        });
        let wrong = |count: usize, first: Option<&String>| {
            let more = if count > 1 { format!(" (and {} more: `lanner status`)", count - 1) } else { String::new() };
            first.map(|first| format!("wrong: {}{more}", one_line(first)))
        };
        let degraded = report.degraded.len();
        let degraded = (degraded > 0).then(|| format!("degraded: {degraded} (`lanner status` says what is not seen)"));
        let red = self.style(Style::new().fg(Color::Red));
        let yellow = self.style(Style::new().fg(Color::Yellow));
        let bad = stuck.take(1).chain(wrong(report.troubles.len(), report.troubles.first()));
        bad.map(move |line| Line::styled(line, red)).chain(degraded.map(move |line| Line::styled(line, yellow)))
    }
}
