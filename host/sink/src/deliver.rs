//! Takes findings to the sinks.

use std::sync::mpsc::Sender;
use std::thread::JoinHandle;

use lanner_finding::Finding;

use super::{Sink, SinkError};

/// The thread that delivers.
pub struct Delivery {
    thread: JoinHandle<Result<u64, SinkError>>,
}

impl Delivery {
    /// Delivers all findings, which come in groups, to all sinks; each also goes to `watcher`, after its group was
    /// written, where there is one.
    ///
    /// # Errors
    /// No thread can be had.
    pub fn start(
        findings: impl Iterator<Item = Vec<Finding>> + Send + 'static,
        sinks: Vec<Box<dyn Sink>>,
        watcher: Option<Sender<Finding>>,
    ) -> std::io::Result<Self> {
        let thread = std::thread::Builder::new()
            .name("lanner-sinks".into())
            .spawn(move || deliver(findings, sinks, watcher.as_ref()))?;
        Ok(Self { thread })
    }

    /// Whether it has ended: a sink failed, or no more findings come.
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits until no more findings come and all are written. Gives how many there were.
    ///
    /// # Errors
    /// A sink failed.
    pub fn finish(self) -> Result<u64, SinkError> {
        self.thread.join().unwrap_or_else(|_| Err(SinkError(std::io::Error::other("the delivering thread panicked"))))
    }
}

fn deliver(
    findings: impl Iterator<Item = Vec<Finding>>,
    mut sinks: Vec<Box<dyn Sink>>,
    watcher: Option<&Sender<Finding>>,
) -> Result<u64, SinkError> {
    let mut count = 0;
    for group in findings.filter(|group| !group.is_empty()) {
        count += group.len() as u64;
        for sink in &mut sinks {
            for finding in &group {
                sink.write(finding)?;
            }
            sink.flush()?;
        }
        if let Some(watcher) = watcher {
            for finding in group {
                // The watcher may have seen enough.
                let _ = watcher.send(finding);
            }
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::sync::{Arc, Mutex};

    use lanner_engine::{Description, Rule};
    use lanner_finding::Severity;

    use super::*;

    /// What came to a sink, in order.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<String>>>);

    /// Keeps what it is given; fails at the finding of this message.
    struct Keeps(Kept, &'static str);

    impl Sink for Keeps {
        fn write(&mut self, finding: &Finding) -> Result<(), SinkError> {
            if finding.message == self.1 {
                return Err(SinkError(std::io::Error::other("full")));
            }
            self.0.0.lock().expect("the list").push(finding.message.clone());
            Ok(())
        }

        fn flush(&mut self) -> Result<(), SinkError> {
            self.0.0.lock().expect("the list").push("flushed".to_owned());
            Ok(())
        }
    }

    fn finding(message: &str) -> Finding {
        let rule = Rule { id: "a/rule".into(), severity: Severity::High, ..Rule::default() };
        let pack =
            Description { name: "pack".into(), version: "1.0.0".into(), rules: vec![rule], ..Description::default() };
        Finding::new(Arc::new(pack), 0, message.to_owned(), 1).expect("it has the rule")
    }

    /// How a delivery went: the outcome, what each of two sinks kept, what the watcher was told.
    struct Outcome {
        result: Result<u64, SinkError>,
        kept: [Vec<String>; 2],
        watched: Vec<String>,
    }

    /// Delivers groups of findings to two sinks, of which the second fails at a message.
    fn deliver_all(groups: &[&[&str]], fails_at: &'static str) -> Outcome {
        let kept = [Kept::default(), Kept::default()];
        let sinks: Vec<Box<dyn Sink>> =
            vec![Box::new(Keeps(kept[0].clone(), "")), Box::new(Keeps(kept[1].clone(), fails_at))];
        let (watch, watched) = channel();
        let groups = groups.iter().map(|group| group.iter().copied().map(finding).collect());
        let result = deliver(groups, sinks, Some(&watch));
        drop(watch);
        let kept = kept.map(|kept| kept.0.lock().expect("the list").clone());
        Outcome { result, kept, watched: watched.iter().map(|finding| finding.message).collect() }
    }

    #[test]
    fn every_sink_gets_every_finding_and_each_group_is_seen_at_once() {
        let Outcome { result, kept, watched } = deliver_all(&[&["a", "b"], &["c"]], "nothing");
        assert_eq!(result.expect("all written"), 3);
        let expected = ["a", "b", "flushed", "c", "flushed"];
        assert_eq!(kept, [expected, expected]);
        assert_eq!(watched, ["a", "b", "c"]);
    }

    #[test]
    fn where_nothing_was_found_nothing_is_written() {
        let Outcome { result, kept, watched } = deliver_all(&[&[], &[]], "nothing");
        assert_eq!(result.expect("nothing to write"), 0);
        assert!(kept.iter().all(Vec::is_empty) && watched.is_empty());
    }

    #[test]
    fn a_sink_that_fails_ends_the_delivery_with_its_reason() {
        let Outcome { result, kept, watched } = deliver_all(&[&["first", "second"]], "second");
        assert_eq!(result.expect_err("it fails").to_string(), "findings cannot be written: full");
        assert_eq!(kept[0], ["first", "second", "flushed"], "the other sink has it all");
        assert_eq!(kept[1], ["first"]);
        assert!(watched.is_empty(), "not everyone has it");
    }
}
