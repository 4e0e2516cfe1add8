//! Sinks from end to end, at servers that take down what they are sent.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use lanner_engine::{Description, Rule};
use serde_json::Value;

use super::settings::SinkSettings;
use super::*;

/// How long it is waited for what must come. Only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(300);

/// A record of this number, with this JSON.
pub(crate) fn record(number: u64, value: &Value) -> Record {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    Record { seq: number + 1, time_ns: number, id, bytes: value.to_string().into_bytes().into() }
}

pub(crate) fn finding(message: &str) -> Finding {
    let rule = Rule { id: "a/rule".into(), ..Rule::default() };
    let pack =
        Description { name: "pack".into(), version: "1.0.0".into(), rules: vec![rule], ..Description::default() };
    Finding::new(Arc::new(pack), 0, message.to_owned(), 1_795_485_296_123_456_789).expect("it has the rule")
}

/// Does with what it is sent as it was told, and keeps the messages of what it took.
#[derive(Clone, Default)]
struct Server(Arc<(Mutex<Kept>, Condvar)>);

#[derive(Default)]
struct Kept {
    /// What it does with the next portions; then it takes all.
    todo: VecDeque<Reaction>,
    taken: Vec<String>,
    /// Portions that it was sent.
    portions: usize,
    reopened: usize,
    /// It never takes a portion that has one of these in it.
    poison: Vec<String>,
    /// It takes nothing at all.
    down: bool,
    /// It panics.
    panics: bool,
}

enum Reaction {
    Refuse(Refusal),
    /// Rejects the first, and takes the second later.
    Mixed,
}

impl Server {
    fn change(&self, change: impl FnOnce(&mut Kept)) {
        change(&mut self.0.0.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.1.notify_all();
    }

    /// Waits until it is so.
    fn wait(&self, what: &str, mut is: impl FnMut(&Kept) -> bool) {
        let kept = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (kept, late) = self.0.1.wait_timeout_while(kept, PATIENCE, |kept| !is(kept)).expect("the lock");
        assert!(!late.timed_out(), "{what} does not come: {:?}", kept.taken);
    }

    fn taken(&self) -> Vec<String> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).taken.clone()
    }
}

impl Place for Server {
    fn portion(&self, records: &[Record]) -> usize {
        records.len().min(4)
    }

    fn send(&mut self, records: &[Record]) -> Result<Answer, Refusal> {
        let messages: Vec<String> = records
            .iter()
            .map(|record| {
                serde_json::from_slice::<Value>(&record.bytes).expect("JSON")["message"]
                    .as_str()
                    .expect("a text")
                    .to_owned()
            })
            .collect();
        let (mut outcome, mut panics) = (Ok(Answer::default()), false);
        self.change(|kept| {
            kept.portions += 1;
            panics = kept.panics;
            outcome = match kept.todo.pop_front() {
                _ if kept.down || kept.panics => Err(Refusal::later("down")),
                Some(Reaction::Refuse(refusal)) => Err(refusal),
                _ if messages.iter().any(|message| kept.poison.contains(message)) => {
                    Err(Refusal::Never("poison".into()))
                }
                Some(Reaction::Mixed) => {
                    kept.taken.extend(messages.iter().skip(2).cloned());
                    Ok(Answer { rejected: vec![(0, "wrong".into())], later: vec![1], why: None })
                }
                None => {
                    kept.taken.extend(messages);
                    Ok(Answer::default())
                }
            };
        });
        assert!(!panics, "a place that is wrong");
        outcome
    }

    fn reopen(&mut self) {
        self.change(|kept| kept.reopened += 1);
    }
}

/// Sinks at such servers, with these policies.
fn start(servers: &[(&Server, Policy)], spool: &std::path::Path) -> (Records, Box<dyn Sink>) {
    start_routed(servers, None, spool)
}

/// Likewise, each with this route.
fn start_routed(
    servers: &[(&Server, Policy)],
    route: Option<&str>,
    spool: &std::path::Path,
) -> (Records, Box<dyn Sink>) {
    start_with(servers, route, (256, Duration::ZERO), spool)
}

/// Likewise, with so many findings at once that are gathered for so long.
fn start_with(
    servers: &[(&Server, Policy)],
    route: Option<&str>,
    (batch, gather): (usize, Duration),
    spool: &std::path::Path,
) -> (Records, Box<dyn Sink>) {
    let sinks = servers.iter().enumerate().map(|(number, (_, policy))| SinkSettings {
        name: format!("sink-{number}"),
        policy: *policy,
        format: "json".into(),
        batch,
        gather,
        route: route.map(|route| toml::from_str(route).expect("a route")),
        to: settings::To::Exec(toml::from_str("command = []").expect("settings")),
    });
    let spool = settings::SpoolSettings { folder: spool.to_owned(), ..settings::SpoolSettings::default() };
    let sinks = Sinks { spool, sinks: sinks.collect() };
    let places = servers.iter().map(|(server, _)| Box::new((*server).clone()) as Box<dyn Place>).collect();
    Records::with_places(&sinks, places, ("here", &Labels::default())).expect("they start")
}

fn bring(fan: &mut dyn Sink, messages: &[&str]) {
    messages.iter().for_each(|message| fan.write(&finding(message)));
    fan.flush().expect("it never fails");
}

const POLICIES: [Policy; 3] = [Policy::Block, Policy::DropOldest, Policy::Spool];

#[test]
fn what_is_refused_is_tried_again_or_rejected_one_by_one() {
    for policy in POLICIES {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Server::default();
        server.change(|kept| {
            kept.poison = vec!["bad".into()];
            kept.todo.push_back(Reaction::Refuse(Refusal::Later("busy".into(), Some(Duration::from_millis(1)))));
        });
        let (records, mut fan) = start(&[(&server, policy)], folder.path());
        bring(&mut *fan, &["a", "b", "bad", "c", "d"]);
        server.wait("the last one", |kept| kept.taken.len() == 4);
        assert_eq!(server.taken(), ["a", "b", "c", "d"], "{policy:?}: in order, without the one");
        server.change(|kept| kept.todo.push_back(Reaction::Mixed));
        bring(&mut *fan, &["e"]);
        let standings = records.standings();
        drop(fan);
        assert_eq!(records.finish(PATIENCE), 0);
        let standing = &standings.sinks()[0];
        assert_eq!((standing.written, standing.rejected, standing.waiting), (4, 2, 0), "{policy:?}: {standing:?}");
        assert!(standing.retried >= 1 && standing.trouble.is_none(), "{standing:?}");
    }
}

#[test]
fn a_route_keeps_back_what_is_not_chosen_and_counts_what_is_alike() {
    for policy in POLICIES {
        let folder = tempfile::tempdir().expect("a folder");
        let (all, none, one) = (Server::default(), Server::default(), Server::default());
        for (server, route, expected) in [
            (&all, "rules = [\"a/*\"]", &["a", "b", "c"][..]),
            (&none, "min_severity = \"critical\"", &[]),
            // The first goes at once, the others as one: the newest of them, as nothing more comes.
            (&one, "group.window = \"10h\"", &["a", "c"]),
        ] {
            let (records, mut fan) = start_routed(&[(server, policy)], Some(route), folder.path());
            let standings = records.standings();
            bring(&mut *fan, &["a", "b", "c"]);
            drop(fan);
            assert_eq!(records.finish(PATIENCE), 0);
            assert_eq!(server.taken(), expected, "{policy:?}: {route}");
            let standing = &standings.sinks()[0];
            let kept_back = if expected.len() == 3 {
                0
            } else if expected.is_empty() {
                3
            } else {
                2
            };
            assert_eq!((standing.kept_back, standing.waiting), (kept_back, 0), "{policy:?}: {route}: {standing:?}");
        }
    }
}

#[test]
fn what_is_gathered_goes_when_it_is_enough_or_nothing_more_comes() {
    for policy in POLICIES {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Server::default();
        let hours = Duration::from_secs(36_000);
        let (records, mut fan) = start_with(&[(&server, policy)], None, (3, hours), folder.path());
        let standings = records.standings();
        for message in ["a", "b", "c", "d"] {
            bring(&mut *fan, &[message]);
        }
        server.wait("as many as go at once", |kept| kept.taken == ["a", "b", "c"] && kept.portions == 1);
        // What was sent is let go a moment later.
        let end = Instant::now() + PATIENCE;
        while standings.sinks()[0].waiting != 1 {
            assert!(Instant::now() < end, "{policy:?}: {:?}", standings.sinks());
            std::thread::sleep(LOOK);
        }
        assert_eq!(server.taken().len(), 3, "{policy:?}: the fourth waits");
        drop(fan);
        assert_eq!(records.finish(PATIENCE), 0);
        assert_eq!(server.taken(), ["a", "b", "c", "d"], "{policy:?}");
        let standing = &standings.sinks()[0];
        assert_eq!((standing.written, standing.waiting, standing.waiting_bytes), (4, 0, 0), "{policy:?}: {standing:?}");
    }
}

#[test]
fn what_a_route_holds_stays_in_the_spool_until_it_can_be_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let (server, route) = (Server::default(), Some("group = { window = \"10h\", send_first = false }"));
    server.change(|kept| kept.down = true);
    let (records, mut fan) = start_routed(&[(&server, Policy::Spool)], route, folder.path());
    bring(&mut *fan, &["a", "b", "c"]);
    drop(fan);
    assert_eq!(records.finish(PATIENCE), 0);
    server.change(|kept| kept.down = false);
    let (records, fan) = start_routed(&[(&server, Policy::Spool)], route, folder.path());
    drop(fan);
    assert_eq!(records.finish(PATIENCE), 0);
    assert_eq!(server.taken(), ["c"], "the three as one");
}

#[test]
fn what_is_alike_goes_when_its_time_is_over_though_nothing_comes() {
    for policy in POLICIES {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Server::default();
        let (records, mut fan) = start_routed(&[(&server, policy)], Some("group.window = \"1s\""), folder.path());
        bring(&mut *fan, &["a", "b", "c"]);
        server.wait("the one for the others", |kept| kept.taken == ["a", "c"]);
        drop(fan);
        assert_eq!(records.finish(PATIENCE), 0);
    }
}

#[test]
fn one_that_is_down_holds_up_nobody_and_has_all_of_the_spool_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let (up, down) = (Server::default(), Server::default());
    down.change(|kept| kept.down = true);
    let (records, mut fan) = start(&[(&up, Policy::Spool), (&down, Policy::Spool)], folder.path());
    let messages: Vec<String> = (0..50).map(|number| number.to_string()).collect();
    bring(&mut *fan, &messages.iter().map(String::as_str).collect::<Vec<_>>());
    up.wait("all", |kept| kept.taken.len() == 50);
    down.wait("a try", |kept| kept.portions > 0);
    let standings = records.standings();
    let [first, second] = &standings.sinks()[..] else { panic!("two") };
    assert_eq!((second.written, second.waiting, second.left_out), (0, 50, 0));
    assert!(second.oldest_ns.is_some() && second.waiting_bytes > 0 && first.trouble.is_none(), "{second:?}");
    drop(fan);
    assert_eq!(records.finish(Duration::ZERO), 0, "nothing that waits in memory alone");
    drop(standings);

    // The next start has what is left, in order, before what comes.
    down.change(|kept| kept.down = false);
    let (records, mut fan) = start(&[(&up, Policy::Spool), (&down, Policy::Spool)], folder.path());
    bring(&mut *fan, &["new"]);
    down.wait("all", |kept| kept.taken.len() == 51);
    assert_eq!(down.taken()[..50], messages[..]);
    up.wait("the new one", |kept| kept.taken.last().is_some_and(|last| last == "new"));
    drop(fan);
    records.finish(PATIENCE);
}

#[test]
fn one_that_panics_holds_up_nobody_says_so_and_has_what_is_spooled_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let (up, wrong) = (Server::default(), Server::default());
    wrong.change(|kept| kept.panics = true);
    let (records, mut fan) = start(&[(&up, Policy::Spool), (&wrong, Policy::Spool)], folder.path());
    bring(&mut *fan, &["a", "b"]);
    wrong.wait("the portion at which it panics", |kept| kept.portions == 1);
    // Many more than a queue has room for: nobody waits for the one that takes nothing.
    for number in 0..200 {
        bring(&mut *fan, &[&number.to_string()]);
    }
    up.wait("all", |kept| kept.taken.len() == 202);
    let standings = records.standings();
    drop(fan);
    assert_eq!(records.finish(PATIENCE), 0);
    let [first, second] = &standings.sinks()[..] else { panic!("two") };
    assert_eq!((first.written, first.trouble.as_deref(), second.written), (202, None, 0));
    let trouble = second.trouble.as_deref().expect("it is said");
    assert!(trouble.contains("its thread has panicked"), "{trouble}");
    drop(standings);

    wrong.change(|kept| kept.panics = false);
    let (records, fan) = start(&[(&up, Policy::Spool), (&wrong, Policy::Spool)], folder.path());
    wrong.wait("all", |kept| kept.taken.len() == 202);
    drop(fan);
    records.finish(PATIENCE);
}

#[test]
fn what_waits_in_memory_when_it_ends_is_lost_and_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::default();
    server.change(|kept| kept.down = true);
    let (records, mut fan) = start(&[(&server, Policy::DropOldest)], folder.path());
    bring(&mut *fan, &["a", "b", "c"]);
    server.wait("a try", |kept| kept.portions > 0);
    drop(fan);
    assert_eq!(records.finish(Duration::ZERO), 3);
}

#[test]
fn who_is_asked_to_reopen_does_with_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::default();
    let (records, mut fan) = start(&[(&server, Policy::Spool)], folder.path());
    records.reopen();
    bring(&mut *fan, &["a"]);
    server.wait("it", |kept| kept.taken == ["a"] && kept.reopened == 1);
    drop(fan);
    records.finish(PATIENCE);
}
