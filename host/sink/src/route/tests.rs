use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const SECOND: u64 = 1_000_000_000;
/// 1 December 2026, noon.
const NOON: u64 = 1_796_126_400 * SECOND;

fn routes(text: &str) -> Routes {
    Routes::new(&toml::from_str(text).expect("settings")).expect("they make sense")
}

/// A finding so many seconds after noon.
fn finding(rule: &str, exe: &str, second: u64) -> Value {
    let time_ns = NOON + second * SECOND;
    json!({
        "schema": 1, "type": "finding", "id": format!("{rule} {exe} {second}"), "time": lanner_finding::time::rfc3339(time_ns),
        "time_ns": time_ns, "host": "h", "rule": rule, "summary": "s", "severity": "high", "attack": ["T1003.008"],
        "message": "m", "pack": {"name": "starter", "version": "1.0.0"}, "labels": {"env": "prod"},
        "process": {"exe": exe, "uid": 0, "container": {"id": "8f14", "name": "web-1", "image": "registry.example/web:1",
            "namespace": "shop"}},
        "event": {"kind": "open", "path": "/etc/shadow"},
    })
}

/// A clock that is set by hand.
struct Clock(Instant);

impl Clock {
    fn new() -> Self {
        Self(Instant::now())
    }

    fn at(&self, second: u64) -> Instant {
        self.0 + Duration::from_secs(second)
    }
}

#[test]
fn findings_are_chosen() {
    let now = Instant::now();
    let one = finding("credential-access/shadow-read", "/usr/bin/cat", 0);
    for (text, chosen) in [
        ("", true),
        ("min_severity = 'high'", true),
        ("min_severity = 'critical'", false),
        ("rules = ['credential-access/*']", true),
        ("rules = ['execution/*', 'impact/*']", false),
        ("techniques = ['T1003']", true),
        ("techniques = ['T1003.008', 'T1059']", true),
        ("techniques = ['T1003.001']", false),
        ("labels.env = 'prod'", true),
        ("labels.env = ['dev', 'pr*']", true),
        ("labels = { env = 'prod', tier = 'db' }", false),
        ("containers = ['web-*']", true),
        ("containers = ['8f*']", true),
        ("containers = ['db-*']", false),
        ("images = ['registry.example/web:*']", true),
        ("images = ['web:*']", false),
        ("namespaces = ['shop']", true),
        ("namespaces = ['kube-*']", false),
        ("packs = ['start*']", true),
        ("packs = ['other']", false),
        ("where.event.path.prefix = '/etc/'", true),
        ("where.event.path = '/etc/passwd'", false),
        ("where.process.uid = 0\nrules = ['**']\nmin_severity = 'low'", true),
        ("not = { namespaces = ['kube-*'] }", true),
        ("not = { namespaces = ['shop'], packs = ['other'] }", true),
        ("not = { namespaces = ['shop'], where.process.uid = 0 }", false),
        ("schedule = { from = '12:00', until = '12:01' }", true),
        ("schedule = { days = ['wed'] }", false),
    ] {
        let decision = routes(text).pass(&one, now);
        assert_eq!(decision == Decision::Send, chosen, "{text}: {decision:?}");
    }
    // What says nothing of itself is not lost for that.
    assert_eq!(routes("min_severity = 'high'").pass(&json!({}), now), Decision::Send);
    assert_eq!(routes("").pass(&json!(null), now), Decision::Send);
}

#[test]
fn what_is_wrong_is_said() {
    let read = |text: &str| -> String {
        match toml::from_str::<RouteSettings>(text) {
            Ok(settings) => Routes::new(&settings).expect_err(text).to_string(),
            Err(error) => error.to_string(),
        }
    };
    for (text, why) in [
        ("min_severity = 'bad'", "route.min_severity: there is no severity \"bad\"; there are info, low"),
        ("minseverity = 'high'", "unknown field `minseverity`"),
        ("not = { rule = ['x'] }", "unknown field `rule`"),
        ("not = {}", "route.not: it says nothing"),
        ("not = { techniques = ['T0'] }", "route.not.techniques: ATT&CK 18.1 has no technique \"T0\""),
        ("rules = ['']", "route.rules: \"\": a rule has an id"),
        ("images = ['[']", "route.images: error parsing glob"),
        ("labels.env = ['[']", "route.labels.env: error parsing glob"),
        ("where.proces.exe = 'x'", "route.where: findings have no field \"proces.exe\""),
        ("group = { window = '5 parsecs' }", "\"5 parsecs\""),
        ("group = { window = '0s' }", "route.group.window: it takes no time"),
        ("group = { window = '5m', by = ['proces.exe'] }", "route.group.by: findings have no field"),
        ("rate = { most = 0, per = '1m' }", "route.rate: nothing would be sent"),
        ("rate = { most = 1 }", "missing field `per`"),
        ("maintenance = [{ from = 2026-12-01, until = 2026-12-02 }]", "missing field `reason`"),
        ("maintenance = [{ from = 1, until = 2026-12-02, reason = 'x' }]", "1 is no time"),
        (
            "maintenance = [{ from = 2026-12-01, until = 2026-12-02, reason = 'x', only = { packs = ['['] } }]",
            "route.maintenance.only.packs:",
        ),
    ] {
        let said = read(text);
        assert!(said.contains(why), "{text}: {said}");
    }
}

#[test]
fn maintenance_silences_and_counts() {
    let mut routes = routes(
        "maintenance = [{ from = 2026-12-01T12:00:10Z, until = 2026-12-01T12:00:20Z, reason = 'upgrade', only = { rules = ['a/*'] } }]",
    );
    let now = Instant::now();
    let mut pass = |rule: &str, second| routes.pass(&finding(rule, "/x", second), now);
    assert_eq!([pass("a/b", 9), pass("a/b", 20), pass("b/b", 15)], [Decision::Send; 3]);
    assert_eq!([pass("a/b", 10), pass("a/c", 19)], [Decision::Drop(Why::Maintenance); 2]);
    assert_eq!(routes.counts(), Counts { sent: 3, silenced: 2, ..Counts::default() });
}

/// Count, first and last time in seconds after noon, id.
fn told(values: &[Value]) -> Vec<(u64, u64, u64, String)> {
    let second = |time: &Value| {
        let time: jiff::Timestamp = time.as_str().expect("a time").parse().expect("a time");
        u64::try_from(time.as_second()).expect("late") - NOON / SECOND
    };
    let told = |value: &Value| {
        let alone = value["count"].is_null();
        let of = |name: &str| second(if alone { &value["time"] } else { &value[name] });
        let id = value["id"].as_str().expect("an id").to_owned();
        (value["count"].as_u64().unwrap_or(1), of("first_time"), of("last_time"), id)
    };
    values.iter().map(told).collect()
}

#[test]
fn those_that_are_alike_become_one() {
    let clock = Clock::new();
    let mut routes = routes("group = { window = '1m' }");
    let now = clock.at(0);
    let mut pass = |exe: &str, second| routes.pass(&finding("a/b", exe, second), now);
    // The first goes at once, what follows of the same program waits.
    assert_eq!(
        [pass("/x", 0), pass("/x", 10), pass("/y", 10), pass("/x", 30)].map(|d| d == Decision::Send),
        [true, false, true, false]
    );
    // Later than the window: the group is told, and another begins.
    assert_eq!([pass("/x", 60), pass("/x", 61)].map(|d| d == Decision::Send), [true, false]);
    assert_eq!(told(&routes.due(now)), [(2, 10, 30, "a/b /x 30".into())]);
    assert!(routes.due(clock.at(59)).is_empty());
    // One that waits alone is told as it is, when the clock says so.
    let due = routes.due(clock.at(61));
    assert_eq!(told(&due), [(1, 61, 61, "a/b /x 61".into())]);
    assert_eq!(due[0], finding("a/b", "/x", 61));
    assert_eq!(routes.next_due(), None);
    assert_eq!(routes.counts(), Counts { sent: 3, grouped: 3, ..Counts::default() });
}

#[test]
fn a_key_tells_the_subject_and_so_do_fields() {
    let now = Instant::now();
    let mut keyed = finding("a/b", "/x", 0);
    keyed["key"] = json!("user 7");
    let mut other = finding("a/b", "/y", 0);
    other["key"] = json!("user 7");
    let mut by_key = routes("group = { window = '1m', send_first = false }");
    assert_eq!([&keyed, &other].map(|each| by_key.pass(each, now)), [Decision::Hold; 2]);
    assert_eq!(told(&by_key.finish()), [(2, 0, 0, "a/b /y 0".into())]);
    let mut by_path = routes("group = { window = '1m', by = ['event.path'], send_first = false }");
    other["event"]["path"] = json!("/etc/passwd");
    assert_eq!([&keyed, &other].map(|each| by_path.pass(each, now)), [Decision::Hold; 2]);
    assert_eq!(told(&by_path.finish()).len(), 2, "other paths, whatever the key");
}

#[test]
fn more_than_the_rate_is_told_as_one() {
    let clock = Clock::new();
    let mut each = routes("rate = { most = 2, per = '1m' }");
    let now = clock.at(0);
    let mut pass = |rule: &str, second| each.pass(&finding(rule, "/x", second), now);
    let sent = [pass("a/b", 0), pass("a/b", 1), pass("a/b", 2), pass("c/d", 2), pass("a/b", 50)];
    assert_eq!(sent.map(|d| d == Decision::Send), [true, true, false, true, false]);
    let due = each.due(clock.at(60));
    assert_eq!(told(&due), [(2, 2, 50, "a/b /x 50".into())]);
    assert_eq!((&due[0]["type"], &due[0]["severity"]), (&json!("summary"), &json!("high")));
    assert_eq!(due[0]["message"], "2 more of rule a/b within 1m were not sent");
    // Anew.
    assert_eq!(each.pass(&finding("a/b", "/x", 61), clock.at(61)), Decision::Send);
    assert!(each.finish().is_empty());
    assert_eq!(each.counts(), Counts { sent: 4, limited: 2, ..Counts::default() });
    let mut all = routes("rate = { most = 1, per = '1h', all_rules = true }");
    assert_eq!(all.pass(&finding("a/b", "/x", 0), now), Decision::Send);
    assert_eq!(all.pass(&finding("c/d", "/x", 0), now), Decision::Hold);
    assert_eq!(all.finish()[0]["message"], "1 more finding within 1h was not sent");
}

#[test]
fn nothing_waits_for_longer_than_its_time() {
    let clock = Clock::new();
    let mut routes = routes("group = { window = '10m', by = ['process.exe'] }\nrate = { most = 1, per = '1m' }");
    assert_eq!(routes.pass(&finding("a/b", "/x", 0), clock.at(0)), Decision::Send);
    assert!(routes.due(clock.at(70)).is_empty());
    assert_eq!(routes.next_due(), Some(clock.at(600)), "the group");
    // Another rule, of which too many come: told before the group is.
    assert_eq!(routes.pass(&finding("c/d", "/x", 80), clock.at(80)), Decision::Send);
    assert_eq!(routes.pass(&finding("c/d", "/y", 80), clock.at(80)), Decision::Hold);
    assert!(routes.next_due() <= Some(clock.at(140)) && routes.due(clock.at(139)).is_empty());
    assert_eq!(told(&routes.due(clock.at(140))), [(1, 80, 80, "c/d /y 80".into())]);
}

#[test]
fn what_has_no_room_goes_alone() {
    let now = Instant::now();
    let mut routes = routes("group = { window = '1m', send_first = false }");
    let mut long = finding("a/b", "/x", 0);
    long["message"] = "x".repeat(17 << 20).into();
    assert_eq!(routes.pass(&long, now), Decision::Send);
    let decisions: Vec<_> = (0..5000).map(|n| routes.pass(&finding("a/b", &format!("/{n}"), 0), now)).collect();
    let held = decisions.iter().filter(|decision| **decision == Decision::Hold).count();
    assert_eq!(held, 4096);
    assert_eq!(routes.counts().no_room, 5000 - 4096 + 1);
    assert_eq!(routes.finish().len(), 4096);
}

proptest! {
    /// Of what was chosen, each is told once: as it is, or among those that one stands for.
    #[test]
    fn nothing_is_lost_or_told_twice(
        found in proptest::collection::vec((0..3_usize, 0..3_usize, 0..200_u64, 0..40_u64, any::<bool>()), 0..120),
        grouped in any::<bool>(),
        first in any::<bool>(),
        rate in proptest::option::of(1..4_u32),
    ) {
        let mut text = String::new();
        if grouped {
            text += &format!("group = {{ window = '30s', send_first = {first} }}\n");
        }
        if let Some(most) = rate {
            text += &format!("rate = {{ most = {most}, per = '20s' }}\n");
        }
        let mut routes = routes(&text);
        let clock = Clock::new();
        let (mut told, mut passed) = (Vec::new(), 0_u64);
        for (number, (rule, exe, second, later, look)) in found.iter().enumerate() {
            passed += later;
            let mut finding = finding(["a/b", "c/d", "e/f"][*rule], ["/x", "/y", "/z"][*exe], *second);
            finding["id"] = number.to_string().into();
            if routes.pass(&finding, clock.at(passed)) == Decision::Send {
                told.push(finding);
            }
            if *look {
                told.extend(routes.due(clock.at(passed)));
            }
        }
        told.extend(routes.finish());
        let count: u64 = told.iter().map(|value| value["count"].as_u64().unwrap_or(1)).sum();
        prop_assert_eq!(count, found.len() as u64);
        let mut ids: Vec<&str> = told.iter().filter_map(|value| value["id"].as_str()).collect();
        ids.sort_unstable();
        let before = ids.len();
        ids.dedup();
        prop_assert_eq!(ids.len(), before, "no two have one id");
        prop_assert!(routes.next_due().is_none() && routes.finish().is_empty());
        if !grouped && rate.is_none() {
            prop_assert_eq!(told.len(), found.len());
        }
    }
}

#[test]
fn what_the_page_shows_is_right() {
    #[derive(serde::Deserialize)]
    struct Shown {
        sink: Sink,
    }
    #[derive(serde::Deserialize)]
    struct Sink {
        route: RouteSettings,
    }
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/routing.md")).expect("the page");
    let mut shown = 0;
    for block in page.split("```toml\n").skip(1) {
        let text = block.split("```").next().unwrap_or_default();
        let Shown { sink: Sink { route } } = toml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        Routes::new(&route).unwrap_or_else(|error| panic!("{error}\n{text}"));
        shown += 1;
    }
    assert_eq!(shown, 4);
}
