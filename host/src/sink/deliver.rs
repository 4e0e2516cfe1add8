//! Takes verdicts from the engine to the sinks, and says what went wrong in packs.

use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::Duration;

use super::finding::{Finding, findings};
use super::{Sink, SinkError};
use crate::engine::{Answer, Verdicts};

/// The thread that delivers.
pub struct Delivery {
    thread: JoinHandle<Result<u64, SinkError>>,
}

impl Delivery {
    /// Delivers all verdicts to all sinks; each finding also goes to `watcher`, after it was written, where there is
    /// one.
    ///
    /// # Errors
    /// No thread can be had.
    pub fn start(
        verdicts: Verdicts,
        sinks: Vec<Box<dyn Sink>>,
        watcher: Option<Sender<Finding>>,
    ) -> std::io::Result<Self> {
        let thread = std::thread::Builder::new()
            .name("lanner-sinks".into())
            .spawn(move || deliver(&verdicts, sinks, watcher.as_ref()))?;
        Ok(Self { thread })
    }

    /// Whether it has ended: a sink failed, or the engine is gone.
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits until the engine is gone and all is written. Gives how many findings there were.
    ///
    /// # Errors
    /// A sink failed.
    pub fn finish(self) -> Result<u64, SinkError> {
        self.thread.join().unwrap_or_else(|_| Err(SinkError(std::io::Error::other("the delivering thread panicked"))))
    }
}

fn deliver(
    verdicts: &Verdicts,
    mut sinks: Vec<Box<dyn Sink>>,
    watcher: Option<&Sender<Finding>>,
) -> Result<u64, SinkError> {
    let mut count = 0;
    for verdict in verdicts {
        let mut all = Vec::new();
        for mut answer in verdict.answers() {
            all.append(&mut findings(&mut answer, verdict.events(), verdict.now_ns));
            report(&answer);
        }
        // In the order of the events, so that it does not matter how they were cut into batches; of one event, in the
        // order of the packs.
        all.sort_by_key(|finding| finding.event_seqs.last().copied().unwrap_or(u64::MAX));
        if all.is_empty() {
            continue;
        }
        count += all.len() as u64;
        for sink in &mut sinks {
            for finding in &all {
                sink.write(finding)?;
            }
            sink.flush()?;
        }
        if let Some(watcher) = watcher {
            for finding in all {
                // The watcher may have seen enough.
                let _ = watcher.send(finding);
            }
        }
    }
    Ok(count)
}

/// Says what went wrong.
fn report(answer: &Answer) {
    let pack = &answer.description.name;
    if answer.gave.dropped > 0 {
        tracing::warn!("pack {pack} raised too many findings in one call; {} were left out", answer.gave.dropped);
    }
    if let Some(failure) = &answer.gave.failure {
        let rest = Duration::from_nanos(answer.rest_ns);
        tracing::error!("pack {pack} {failure}; it rests {rest:?}, the other packs go on");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::sync::{Arc, Mutex};

    use lanner_probes::event::{KernelEvent, Open, Payload, Task};

    use super::*;
    use crate::engine::contract::Finding as Raised;
    use crate::engine::{Description, Gave, PackId, Rule, Verdict};
    use crate::enrich::{Enricher, Event};
    use crate::severity::Severity;
    use crate::source::record::{Machine, Record};

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

    fn events(count: usize) -> Vec<Event> {
        let mut enricher = Enricher::new(&Machine::default(), None);
        let task = Task { pid: 10, tid: 10, start_boot_ns: 1, ..Task::default() };
        let mut open = || {
            let event = KernelEvent { time_ns: 1, task: task.clone(), payload: Payload::Open(Box::<Open>::default()) };
            enricher.take(Record::Event(Box::new(event))).expect("an event")
        };
        (0..count).map(|_| open()).collect()
    }

    /// What the pack of this number raised: messages, each about an event.
    fn answer(pack: u32, raised: &[(&str, u64)]) -> Answer {
        let rule = Rule { id: "a/rule".into(), summary: String::new(), severity: Severity::High, attack: Vec::new() };
        let description = Description {
            name: format!("pack-{pack}"),
            version: "1.0.0".into(),
            summary: String::new(),
            rules: vec![rule],
            subscriptions: Vec::new(),
        };
        let raise = |(message, event): &(&str, u64)| Raised {
            rule: 0,
            severity: None,
            message: (*message).to_owned(),
            process: None,
            events: vec![*event],
            fields: Vec::new(),
        };
        let gave = Gave { findings: raised.iter().map(raise).collect(), ..Gave::default() };
        Answer { pack: PackId::of(pack), description: Arc::new(description), gave, rest_ns: 0 }
    }

    /// Delivers these verdicts, each on three events, to two sinks of which the second fails at a message.
    fn deliver_all(
        verdicts: Vec<Vec<Answer>>,
        fails_at: &'static str,
    ) -> (Result<u64, SinkError>, [Vec<String>; 2], Vec<String>) {
        let (send, receive) = crossbeam_channel::unbounded();
        for answers in verdicts {
            let (reply, answered) = channel();
            answers.into_iter().for_each(|answer| reply.send(answer).expect("it is kept"));
            send.send(Verdict::new(1, events(3), answered)).expect("it is kept");
        }
        drop(send);
        let kept = [Kept::default(), Kept::default()];
        let sinks: Vec<Box<dyn Sink>> =
            vec![Box::new(Keeps(kept[0].clone(), "")), Box::new(Keeps(kept[1].clone(), fails_at))];
        let (watch, watched) = channel();
        let outcome = deliver(&receive, sinks, Some(&watch));
        drop(watch);
        let kept = kept.map(|kept| kept.0.lock().expect("the list").clone());
        (outcome, kept, watched.iter().map(|finding| finding.message).collect())
    }

    #[test]
    fn every_sink_gets_every_finding_in_the_order_of_events_then_packs() {
        // The packs' answers come as their threads end.
        let verdict = vec![answer(2, &[("c2", 3), ("a2", 1)]), answer(1, &[("c1", 3), ("b1", 2)])];
        let (outcome, kept, watched) = deliver_all(vec![verdict, vec![answer(1, &[("later", 1)])]], "nothing");
        assert_eq!(outcome.expect("all written"), 5);
        let expected = ["a2", "b1", "c1", "c2", "flushed", "later", "flushed"];
        assert_eq!(kept, [expected, expected]);
        assert_eq!(watched, ["a2", "b1", "c1", "c2", "later"]);
    }

    #[test]
    fn where_nothing_was_found_nothing_is_written() {
        let (outcome, kept, watched) = deliver_all(vec![vec![], vec![answer(1, &[])]], "nothing");
        assert_eq!(outcome.expect("nothing to write"), 0);
        assert!(kept.iter().all(Vec::is_empty) && watched.is_empty());
    }

    #[test]
    fn a_sink_that_fails_ends_the_delivery_with_its_reason() {
        let (outcome, kept, watched) = deliver_all(vec![vec![answer(1, &[("first", 1), ("second", 2)])]], "second");
        assert_eq!(outcome.expect_err("it fails").to_string(), "findings cannot be written: full");
        assert_eq!(kept[0], ["first", "second", "flushed"], "the other sink has it all");
        assert_eq!(kept[1], ["first"]);
        assert!(watched.is_empty(), "not everyone has it");
    }
}
