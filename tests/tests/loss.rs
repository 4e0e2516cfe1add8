//! More events than there is room for: lost ones are counted, reported to people and to rules, and what comes after is
//! judged.

use std::fs;

use lanner_tests::{Lanner, require_kernel, test_pack};
use rustix::process::{Pid, Signal, kill_process};

/// A ring buffer of one MiB holds some 4,000 opens; the rest of these finds it full.
const OPENS: usize = 20_000;

#[test]
fn what_is_lost_is_reported() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("any");
    fs::write(&file, "").expect("a file");
    let lanner = Lanner::watch(&[&test_pack("losses")], &["--buffer", "1"]);
    let pid = Pid::from_raw(lanner.pid().cast_signed()).expect("a pid");
    kill_process(pid, Signal::STOP).expect("stopped");
    for _ in 0..OPENS {
        drop(fs::File::open(&file).expect("it opens"));
    }
    kill_process(pid, Signal::CONT).expect("going on");
    // What others on the machine did meanwhile was lost too.
    let finding = lanner.wait_for_finding("report of the loss", |finding| {
        finding["rule"] == "test/loss"
            && finding["event"]["lost_kind"] == "open"
            && finding["event"]["count"].as_u64().is_some_and(|count| count > OPENS as u64 / 2)
    });
    assert_eq!(finding["event"]["kind"], "loss");
    let lost = finding["event"]["count"].as_u64().expect("a number");
    assert_eq!(finding["message"], format!("{lost} open"));
    lanner.wait_for_stderr(&format!("{lost} open events were lost"));

    // The machine may go on to make more than there is room for: until one comes through.
    let after = folder.path().join("lanner-after-loss");
    let message = format!("opened {}", after.display());
    lanner.wait("finding of what came after", || {
        fs::write(&after, "").expect("a file");
        lanner.count(&message) > 0
    });
    let ended = lanner.stop();
    let counted = ended.stderr.lines().last().and_then(|line| line.rsplit_once(", "));
    let counted = counted.and_then(|(_, lost)| lost.strip_suffix(" events lost")?.parse::<u64>().ok());
    assert!(counted.is_some_and(|counted| counted >= lost), "{}", ended.stderr);
}
