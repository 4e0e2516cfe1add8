use super::super::made_up;
use super::*;

#[test]
fn people_are_shown_all_of_it_within_a_hundred_columns() {
    let text = made_up().render(&Rates::default(), false);
    for part in [
        "running   lanner 1.2.3, pid 4711, for 1 h 1 min, since 2026-11-24 00:53:56 UTC",
        "machine   here, kernel 6.18.0",
        "events    1,234,600 taken (0/s), 12 filtered out (0/s)",
        "lost      3 events (0/s)",
        "kinds     open 1,234,567               exec 33, 3 lost",
        "pack      starter 0.3.0            running, loaded 1 h 0 min ago",
        "          from /etc/lanner/rules/starter.wasm",
        "          1,234,567 events (0/s), 4 findings (0/s)",
        "          0.0% of a core, 210 ns an event (p99 1200 ns), 1.5 MiB of memory",
        "          5 failures, 20 events missed, 0 dropped, 0 B waiting",
        "                     4     35 ns  credential-access/shadow-read",
        "                     1         -  persistence/cron-changed",
        "              left out         -  of/later",
        "                     0  in 1 other rules, up to 120 ns an event: execution/exec-from-memory",
        "sink      /var/log/\"odd\": 0 written, 3 waiting, 2 left out: No space left on device",
        "          4.0 KiB waiting, the oldest for 1 min 30 s, 1 rejected, 5 kept back, 7 tried again",
        "degraded  no LSM hooks",
        "          remedy: boot with lsm=bpf",
        "wrong     the pack /rules/other.wasm is refused",
    ] {
        assert!(text.lines().any(|line| line == part), "{part}\nis not in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(!text.contains('\u{1b}'), "what a pack calls itself moves no cursor");
    assert!(made_up().render(&Rates::default(), true).contains("\u{1b}[1m\u{1b}[32mrunning"));
}

#[test]
fn a_host_without_packs_says_that_nothing_is_judged() {
    let report = Report { packs: Vec::new(), ..made_up() };
    assert!(report.render(&Rates::default(), false).contains("packs     none: nothing is judged"));
}

#[test]
fn numbers_are_written_as_people_read_them() {
    assert_eq!([0, 12, 999, 1000, 123_456, 1_234_567].map(count), ["0", "12", "999", "1,000", "123,456", "1,234,567"]);
    assert_eq!([0.0, 0.25, 9.9, 1234.4].map(per_second), ["0", "0.2", "9.9", "1,234"]);
    assert_eq!([0, 210, 25_000, 25_000_000].map(cost), ["-", "210 ns", "25 µs", "25 ms"]);
    assert_eq!([None, Some(0), Some(35), Some(12_345)].map(rule_cost), ["-", "0 ns", "35 ns", "12 µs"]);
    assert_eq!([1023, 2048, 3 << 19].map(bytes), ["1023 B", "2.0 KiB", "1.5 MiB"]);
    assert_eq!([3, 63, 3723, 90_000].map(|s| span(s * 1_000_000_000)), ["3 s", "1 min 3 s", "1 h 2 min", "1 d 1 h"]);
}
