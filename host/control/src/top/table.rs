//! The packs, and their rules where they are asked for.

use std::cmp::Reverse;

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Text;
use ratatui::widgets::{Cell, Row, Table};

use super::{Sort, Top};
use crate::status::{Pack, PackRates, Rule, bytes, cost, count, one_line, per_second, rule_cost, share};

/// The columns, and how wide each is; the first takes what is left.
const COLUMNS: [(&str, Constraint); 9] = [
    ("PACK", Constraint::Min(16)),
    ("STATE", Constraint::Length(11)),
    ("CPU", Constraint::Length(6)),
    ("EVENTS/S", Constraint::Length(9)),
    ("EVENTS", Constraint::Length(13)),
    ("FINDINGS", Constraint::Length(9)),
    ("AN EVENT", Constraint::Length(9)),
    ("P99", Constraint::Length(8)),
    ("MEMORY", Constraint::Length(9)),
];
/// Columns whose texts stand at the left; the others are numbers.
const TEXTS: usize = 2;
/// Columns before that of the findings.
const BEFORE_FINDINGS: u16 = 5;

impl Top {
    pub(super) fn draw_table(&mut self, frame: &mut Frame<'_>, area: Rect) {
        let rows = self.rows();
        // One line is the head. The last row stays in sight, however far it is scrolled.
        let room = usize::from(area.height).saturating_sub(1);
        self.above = self.above.min(rows.len().saturating_sub(room));
        let head = COLUMNS.iter().enumerate().map(|(column, (name, _))| {
            let marked = *name == self.sorted_by();
            let name = if marked { format!("{name}*") } else { (*name).to_owned() };
            cell(column, name)
        });
        let head = Row::new(head).style(self.style(Style::new().add_modifier(Modifier::REVERSED)));
        let widths = COLUMNS.map(|(_, width)| width);
        let table = Table::new(rows.into_iter().skip(self.above), widths).header(head).column_spacing(1);
        frame.render_widget(table, area);
    }

    /// The column that it is sorted by.
    fn sorted_by(&self) -> &'static str {
        match self.sort {
            Sort::Share => "CPU",
            Sort::Events => "EVENTS/S",
            Sort::Findings => "FINDINGS",
            Sort::Name => "PACK",
        }
    }

    fn rows(&self) -> Vec<Row<'static>> {
        let mut packs: Vec<(&Pack, PackRates)> =
            self.report.packs.iter().map(|pack| (pack, self.rates.pack(&pack.name))).collect();
        // What is the same stays in the order of names, so that lines do not jump.
        packs.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
        match self.sort {
            Sort::Share => packs.sort_by(|(_, one), (_, other)| other.share.total_cmp(&one.share)),
            Sort::Events => packs.sort_by(|(one, its), (other, theirs)| {
                theirs.events.total_cmp(&its.events).then(other.events.cmp(&one.events))
            }),
            Sort::Findings => packs.sort_by_key(|(pack, _)| Reverse(pack.findings)),
            Sort::Name => {}
        }
        packs.into_iter().flat_map(|(pack, rates)| self.rows_of(pack, rates)).collect()
    }

    fn rows_of(&self, pack: &Pack, rates: PackRates) -> Vec<Row<'static>> {
        let state = match &*pack.state {
            "running" => Style::new().fg(Color::Green),
            "resting" => Style::new().fg(Color::Yellow),
            _ => Style::new().fg(Color::Red),
        };
        let texts = [
            format!("{} {}", one_line(&pack.name), one_line(&pack.version)),
            one_line(&pack.state),
            share(rates.share),
            per_second(rates.events),
            count(pack.events),
            count(pack.findings),
            cost(pack.median_ns),
            cost(pack.p99_ns),
            bytes(pack.memory),
        ];
        let cells = texts.into_iter().enumerate().map(|(column, text)| match column {
            1 => cell(column, text).style(self.style(state)),
            _ => cell(column, text),
        });
        let mut rows = vec![Row::new(cells.collect::<Vec<_>>())];
        if self.rules {
            rows.extend(self.rules_of(pack).into_iter().map(|rule| self.row_of(rule)));
        }
        rows
    }

    /// The rules of a pack, sorted as packs are: where those go by their share or events, by what an event costs. What is
    /// the same stays in the pack's order.
    fn rules_of<'p>(&self, pack: &'p Pack) -> Vec<&'p Rule> {
        let mut rules: Vec<&Rule> = pack.rules.iter().collect();
        match self.sort {
            Sort::Share | Sort::Events => rules.sort_by_key(|rule| Reverse((rule.cost_ns, rule.findings))),
            Sort::Findings => rules.sort_by_key(|rule| Reverse((rule.findings, rule.cost_ns))),
            Sort::Name => rules.sort_by(|one, other| one.id.cmp(&other.id)),
        }
        rules
    }

    /// A rule, below its pack: its id, its findings, and what an event costs more because of it.
    fn row_of(&self, rule: &Rule) -> Row<'static> {
        let state = if rule.left_out { "left out" } else { "" };
        // The id has the room of what rules have no figures for.
        let id = cell(0, format!("  {}", one_line(&rule.id))).column_span(BEFORE_FINDINGS);
        let findings = cell(TEXTS, count(rule.findings));
        let cost = cell(TEXTS, rule_cost(rule.cost_ns));
        let state = cell(0, state.to_owned()).column_span(COLUMNS.len() as u16 - BEFORE_FINDINGS - 2);
        let style = if rule.findings > 0 { Style::new() } else { Style::new().add_modifier(Modifier::DIM) };
        Row::new([id, findings, cost, state]).style(self.style(style))
    }
}

fn cell(column: usize, text: String) -> Cell<'static> {
    let alignment = if column < TEXTS { Alignment::Left } else { Alignment::Right };
    Cell::from(Text::from(text).alignment(alignment))
}
