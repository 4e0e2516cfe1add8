//! Who reads a snapshot knows as much as who gave it.

use lanner_abi::CONTAINER;
use lanner_probes::event::Standing;

use super::*;

const ID: &str = "c5cd56863fee6215269977425a5475eba1cc719be26a0c8fe4b1fd38c0774b28";

/// What both say of an event.
fn as_both_say(one: &mut Enricher, other: &mut Enricher, record: &Record) -> [Arc<Process>; 2] {
    [one, other].map(|enricher| doer(enricher, record.clone()))
}

fn later(mut record: Record) -> Record {
    if let Record::Event(event) = &mut record {
        event.time_ns += SECOND;
    }
    record
}

/// Another that was told what this one knows.
fn told(enricher: &Enricher) -> Enricher {
    let mut other = Enricher::new(&machine(), None);
    for record in enricher.snapshot().into_records() {
        assert!(other.take(record).is_none(), "nothing happens by it");
    }
    other
}

#[test]
fn ancestors_are_known_that_have_ended_or_run_something_else_since() {
    let mut enricher = Enricher::new(&machine(), None);
    let [init, login, shell, child] = [(1, 1), (20, 2), (30, 3), (40, 4)].map(|(pid, start)| task(pid, start));
    enricher.take(snapshot(&init, "/sbin/init"));
    let by = |parent: &Task, child: &Task| Task {
        ppid: parent.pid,
        parent_start_boot_ns: parent.start_boot_ns,
        ..child.clone()
    };
    let (login, shell, child) = (by(&init, &login), by(&login, &shell), by(&shell, &child));
    for record in [
        fork(&init, &login),
        exec(&login, "/usr/bin/login"),
        fork(&login, &shell),
        exec(&shell, "/usr/bin/bash"),
        fork(&shell, &child),
        exec(&child, "/usr/bin/id"),
        // What it was is still what its child comes of.
        later(exec(&shell, "/usr/bin/tmux")),
        exit(&login),
    ] {
        enricher.take(record);
    }
    // Whose pid is another's by now.
    let again = by(&init, &task(20, 5));
    for record in [fork(&init, &again), exec(&again, "/usr/bin/cron")] {
        enricher.take(record);
    }
    let mut other = told(&enricher);
    for (who, expected) in [
        (&child, &["id", "bash", "login", "init"][..]),
        (&shell, &["tmux", "login", "init"]),
        (&again, &["cron", "init"]),
    ] {
        let said = as_both_say(&mut enricher, &mut other, &open(who));
        for process in &said {
            assert_eq!(names(process), expected);
        }
        let [one, other] = said;
        assert_eq!((one.id(), one.start_ns()), (other.id(), other.start_ns()), "the same process");
    }
}

#[test]
fn who_and_where_somebody_is_is_known() {
    let mut enricher = Enricher::new(&machine(), None);
    let standing = Standing { cgroup_id: 77, suid: 1000, sid: 9, ..Standing::default() };
    let who = Task { uid: 1000, euid: 0, standing: Some(standing), ..task(30, 3) };
    let runtime = OwnedRecord::new(&CONTAINER).with(field::container::ID, ID).with(field::container::NAME, "web");
    for record in [
        Record::Group { id: 77, path: format!("/system.slice/docker-{ID}.scope").into_bytes() },
        Record::Container(Box::new(runtime)),
        snapshot(&who, "/usr/bin/nginx"),
        Record::SnapshotEnd { boot_ns: 10 * SECOND },
    ] {
        enricher.take(record);
    }
    let mut other = told(&enricher);
    let [one, other] = as_both_say(&mut enricher, &mut other, &open(&who));
    assert_eq!(one.record, other.record, "all that is known of it");
    let name = |process: &Process| Some(process.container.as_ref()?.get().text(field::container::NAME).to_string());
    assert_eq!((name(&one), name(&other)), (Some("web".to_owned()), Some("web".to_owned())));
    assert_eq!((other.uid(), other.euid(), other.ppid()), (1000, 0, 0));
}
