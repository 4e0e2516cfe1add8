use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Cell;

use super::*;
use crate::status::made_up;

/// What a terminal of this size shows.
fn shown(top: &mut Top, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    terminal.draw(|frame| top.draw(frame)).expect("it is drawn");
    let buffer = terminal.backend().buffer().clone();
    let symbols: Vec<&str> = buffer.content().iter().map(Cell::symbol).collect();
    symbols.chunks(usize::from(width)).map(|line| line.concat().trim_end().to_owned()).collect()
}

/// A second later, of which the one pack judged a half, and the other was given events.
fn later(mut report: Report) -> Report {
    report.time_ns += 1_000_000_000;
    report.events += 5000;
    report.processor_ns += 600_000_000;
    for pack in &mut report.packs {
        match &*pack.name {
            "starter" => pack.processor_ns += 500_000_000,
            _ => pack.events += 1200,
        }
    }
    report
}

fn top() -> Top {
    let mut top = Top::new(made_up(), false);
    top.take(later(made_up()));
    top
}

fn press(top: &mut Top, key: char) -> Course {
    top.press(KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE))
}

#[track_caller]
fn order(top: &mut Top, first: &str, second: &str) {
    let lines = shown(top, 100, 20);
    let place = |name: &str| lines.iter().position(|line| line.starts_with(name));
    assert!(place(first).is_some() && place(first) < place(second), "{lines:#?}");
}

#[test]
fn the_host_and_its_packs_are_shown_with_their_rates() {
    let lines = shown(&mut top(), 100, 20);
    assert!(lines[0].starts_with("lanner 1.2.3 on here, kernel 6.18.0, pid 4711, for 1 h 1 min"), "{lines:#?}");
    assert!(lines[1].starts_with("events 5,000/s   filtered 0/s   lost 0/s (3 in all)"), "{lines:#?}");
    assert!(lines[1].contains("cpu 60.0%"), "{lines:#?}");
    let starter = lines.iter().find(|line| line.starts_with("starter 0.3.0")).expect("the pack");
    for part in ["running", "50.0%", "1,234,567", "210 ns", "1200 ns", "1.5 MiB"] {
        assert!(starter.contains(part), "{part}: {starter}");
    }
    assert!(lines.last().expect("the keys").starts_with("sort: c cpu"), "{lines:#?}");
    // What a pack calls itself moves no cursor.
    assert!(!lines.concat().contains('\u{1b}'), "{lines:#?}");
}

#[test]
fn keys_change_the_order() {
    let mut top = top();
    order(&mut top, "starter", "noisy");
    press(&mut top, 'e');
    order(&mut top, "noisy", "starter");
    press(&mut top, 'f');
    order(&mut top, "starter", "noisy");
    press(&mut top, 'n');
    order(&mut top, "noisy", "starter");
    press(&mut top, 'c');
    order(&mut top, "starter", "noisy");
}

#[test]
fn rules_are_shown_when_they_are_asked_for() {
    let mut plain = top();
    let has_rule = |top: &mut Top| {
        let lines = shown(top, 100, 20);
        let start = |text: &str| lines.iter().find(|line| line.starts_with(text));
        let head = start("PACK").expect("the head");
        // Its findings stand below those of its pack.
        let end = head.find("FINDINGS").expect("a column") + "FINDINGS".len();
        start("  credential-access/shadow-read").is_some_and(|line| line[..end].ends_with(" 4"))
    };
    assert!(!has_rule(&mut plain));
    press(&mut plain, 'r');
    assert!(has_rule(&mut plain));
    press(&mut plain, 'r');
    assert!(!has_rule(&mut plain));
    assert!(has_rule(&mut top().with_rules(true)));
}

#[test]
fn rules_are_sorted_by_what_an_event_costs_or_as_their_packs_are() {
    let mut top = top().with_rules(true);
    let (dear, found) = ("  execution/exec-from-memory", "  credential-access/shadow-read");
    for (key, first, second) in [('c', dear, found), ('f', found, dear), ('e', dear, found), ('n', found, dear)] {
        press(&mut top, key);
        order(&mut top, first, second);
    }
    let lines = shown(&mut top, 100, 20);
    let line = |start: &str| lines.iter().find(|line| line.starts_with(start)).expect("a line");
    // What an event costs because of it stands below what it costs the pack.
    let end = line("PACK").find("AN EVENT").expect("a column") + "AN EVENT".len();
    assert!(line(dear)[..end].ends_with(" 120 ns"), "{lines:#?}");
    assert!(line("  of/later").ends_with("- left out"), "{lines:#?}");
}

#[test]
fn it_ends_when_it_is_asked_to() {
    let mut top = top();
    assert_eq!(press(&mut top, 'x'), Course::GoOn);
    assert_eq!(press(&mut top, 'q'), Course::Quit);
    assert_eq!(top.press(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)), Course::Quit);
}

#[test]
fn many_packs_are_scrolled_and_small_terminals_break_nothing() {
    let mut report = made_up();
    report.packs =
        (0..200).map(|n| crate::status::Pack { name: format!("pack-{n:03}"), ..Default::default() }).collect();
    let mut top = Top::new(report, true);
    for _ in 0..1000 {
        top.press(KeyEvent::new(KeyCode::PageDown, KeyModifiers::NONE));
    }
    assert!(shown(&mut top, 100, 20).concat().contains("pack-199"));
    top.press(KeyEvent::new(KeyCode::Home, KeyModifiers::NONE));
    assert!(shown(&mut top, 100, 20).concat().contains("pack-000"));
    for (width, height) in [(1, 1), (3, 200), (200, 3), (40, 5)] {
        shown(&mut top, width, height);
    }
}
