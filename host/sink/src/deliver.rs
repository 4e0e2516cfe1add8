//! Takes findings to the sinks, each on a thread and with a queue of its own: what one of them does is nobody else's affair.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use lanner_finding::Finding;

use super::queue::{Behind, MAX_FINDINGS, Queue, Standing};
use super::{Sink, SinkError};

/// How often it is looked whether the sinks take what waits for them.
const LOOK: Duration = Duration::from_secs(1);
/// A sink that took nothing for so many looks is said to be stuck.
const STUCK_LOOKS: u32 = 2;

/// A sink, and what it is called.
pub type Named = (String, Box<dyn Sink>);

/// The threads that deliver.
pub struct Delivery {
    bringing: JoinHandle<u64>,
    writing: Vec<JoinHandle<()>>,
    queues: Arc<[(String, Queue)]>,
    failure: Arc<Mutex<Option<SinkError>>>,
    /// Ends the one that looks on, when it is dropped.
    looking: (Sender<()>, JoinHandle<()>),
}

/// What was delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Findings there were.
    pub findings: u64,
    /// Findings that some sink did not take in time, and that were left out for it.
    pub left_out: u64,
}

impl Delivery {
    /// Delivers all findings, which come in groups, to all sinks; each also goes to `watcher`, after the last sink has
    /// written its group, where there is one.
    ///
    /// # Errors
    /// No thread can be had.
    pub fn start(
        findings: impl Iterator<Item = Vec<Finding>> + Send + 'static,
        sinks: Vec<Named>,
        behind: Behind,
        watcher: Option<Sender<Finding>>,
    ) -> std::io::Result<Self> {
        let (names, sinks): (Vec<_>, Vec<_>) = sinks.into_iter().unzip();
        let queues: Arc<[(String, Queue)]> = names.into_iter().map(|name| (name, Queue::default())).collect();
        let failure = Arc::<Mutex<Option<SinkError>>>::default();
        let last = sinks.len().saturating_sub(1);
        let mut watcher = watcher;
        let mut writing = Vec::new();
        for (number, sink) in sinks.into_iter().enumerate() {
            let (queues, failure) = (queues.clone(), failure.clone());
            let watcher = if number == last { watcher.take() } else { None };
            let write = move || {
                let (_, queue) = &queues[number];
                if let Err(error) = write_all(queue, sink, watcher.as_ref()) {
                    failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                    queue.fail();
                }
            };
            writing.push(std::thread::Builder::new().name(format!("lanner-sink-{number}")).spawn(write)?);
        }
        let brought = queues.clone();
        let bringing = std::thread::Builder::new()
            .name("lanner-findings".into())
            .spawn(move || bring(findings, &brought, behind))?;
        let looked_at = queues.clone();
        let (stop, stopped) = channel::<()>();
        let look = move || {
            let mut looks = vec![Look::default(); looked_at.len()];
            while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                for ((name, queue), look) in looked_at.iter().zip(&mut looks) {
                    look.report(name, queue.standing(), behind);
                }
            }
        };
        let looking = (stop, std::thread::Builder::new().name("lanner-sinks".into()).spawn(look)?);
        Ok(Self { bringing, writing, queues, failure, looking })
    }

    /// Whether it has ended: a sink failed, or no more findings come and all are written.
    pub fn is_finished(&self) -> bool {
        let written = || self.writing.iter().all(JoinHandle::is_finished);
        self.queues.iter().any(|(_, queue)| queue.has_failed()) || (self.bringing.is_finished() && written())
    }

    /// Findings that are not written yet, by the sink that has the most.
    pub fn waiting(&self) -> usize {
        self.queues.iter().map(|(_, queue)| queue.standing().waiting).max().unwrap_or(0)
    }

    /// Waits until no more findings come and all are written.
    ///
    /// # Errors
    /// A sink failed.
    pub fn finish(self) -> Result<Delivered, SinkError> {
        let panicked = || SinkError(std::io::Error::other("a delivering thread panicked"));
        let findings = self.bringing.join().map_err(|_| panicked())?;
        for thread in self.writing {
            thread.join().map_err(|_| panicked())?;
        }
        let (stop, looking) = self.looking;
        drop(stop);
        looking.join().map_err(|_| panicked())?;
        if let Some(error) = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(error);
        }
        let left_out = self.queues.iter().map(|(_, queue)| queue.standing().left_out).sum();
        Ok(Delivered { findings, left_out })
    }
}

/// Brings findings to all queues, until none come any more or a sink has failed. Gives how many there were.
fn bring(findings: impl Iterator<Item = Vec<Finding>>, queues: &[(String, Queue)], behind: Behind) -> u64 {
    let mut count = 0;
    for group in findings {
        // Also where nothing was found: what failed is seen at the next batch or tick.
        if queues.iter().any(|(_, queue)| queue.has_failed()) {
            break;
        }
        if group.is_empty() {
            continue;
        }
        count += group.len() as u64;
        let group: Arc<[Finding]> = group.into();
        let brought = queues.iter().map(|(_, queue)| queue.push(&group, behind));
        // To all of them, also where one has failed.
        if brought.collect::<Vec<_>>().iter().any(Result::is_err) {
            break;
        }
    }
    queues.iter().for_each(|(_, queue)| queue.close());
    count
}

/// Writes all that comes to a sink.
fn write_all(queue: &Queue, mut sink: Box<dyn Sink>, watcher: Option<&Sender<Finding>>) -> Result<(), SinkError> {
    while let Some(group) = queue.pop() {
        for finding in group.iter() {
            sink.write(finding)?;
            queue.wrote_one();
        }
        sink.flush()?;
        queue.wrote(&group);
        if let Some(watcher) = watcher {
            for finding in group.iter() {
                // The watcher may have seen enough.
                let _ = watcher.send(finding.clone());
            }
        }
    }
    Ok(())
}

/// What was seen of a sink so far.
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    last: Standing,
    /// Looks in which it took nothing of what waits.
    idle: u32,
    /// It was said to be stuck, when so many findings were left out.
    said: Option<u64>,
}

impl Look {
    /// Says what there is to say.
    fn report(&mut self, name: &str, now: Standing, behind: Behind) {
        let moved = now.written != self.last.written || now.waiting == 0;
        self.last = now;
        self.idle = if moved { 0 } else { self.idle + 1 };
        match self.said {
            None if self.idle >= STUCK_LOOKS => {
                self.said = Some(now.left_out);
                let waiting = now.waiting;
                match behind {
                    Behind::LeaveOut => tracing::warn!(
                        "{name} takes no findings, perhaps as nobody reads it: {waiting} wait. Judging goes on; beyond \
                         {MAX_FINDINGS} that wait, findings are left out and counted"
                    ),
                    Behind::Wait => tracing::warn!(
                        "{name} takes no findings, perhaps as nobody reads it: {waiting} wait, and so does judging"
                    ),
                }
            }
            Some(before) if moved => {
                self.said = None;
                tracing::warn!("{name} takes findings again; {} were left out meanwhile", now.left_out - before);
            }
            _ => {}
        }
    }
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
        let sinks: Vec<Named> = vec![
            ("first".into(), Box::new(Keeps(kept[0].clone(), ""))),
            ("second".into(), Box::new(Keeps(kept[1].clone(), fails_at))),
        ];
        let (watch, watched) = channel();
        let groups: Vec<Vec<Finding>> =
            groups.iter().map(|group| group.iter().copied().map(finding).collect()).collect();
        let delivery = Delivery::start(groups.into_iter(), sinks, Behind::Wait, Some(watch)).expect("threads");
        let result = delivery.finish().map(|delivered| delivered.findings);
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

    /// Takes nothing until it is let.
    struct Stuck(Arc<Mutex<()>>, Kept);

    impl Sink for Stuck {
        fn write(&mut self, finding: &Finding) -> Result<(), SinkError> {
            drop(self.0.lock());
            self.1.0.lock().expect("the list").push(finding.message.clone());
            Ok(())
        }

        fn flush(&mut self) -> Result<(), SinkError> {
            Ok(())
        }
    }

    #[test]
    fn a_sink_that_is_stuck_holds_up_nobody_and_what_it_does_not_take_is_counted() {
        const FINDINGS: usize = 3 * MAX_FINDINGS;
        let (gate, stuck, other) = (Arc::new(Mutex::new(())), Kept::default(), Kept::default());
        let closed = gate.lock().expect("the gate");
        let sinks: Vec<Named> = vec![
            ("stuck".into(), Box::new(Stuck(gate.clone(), stuck.clone()))),
            ("other".into(), Box::new(Keeps(other.clone(), ""))),
        ];
        // They come as fast as the other one takes them: it is not left behind.
        let (bring, brought) = std::sync::mpsc::sync_channel(1);
        let delivery = Delivery::start(brought.into_iter(), sinks, Behind::LeaveOut, None).expect("threads");
        for number in 0..FINDINGS {
            bring.send(vec![finding(&number.to_string())]).expect("it is taken");
            while other.0.lock().expect("the list").len() < number.saturating_sub(64) {
                std::thread::yield_now();
            }
        }
        drop(bring);
        while other.0.lock().expect("the list").iter().filter(|line| *line != "flushed").count() < FINDINGS {
            std::thread::yield_now();
        }
        assert!(!delivery.is_finished() && delivery.waiting() == MAX_FINDINGS);
        drop(closed);
        let delivered = delivery.finish().expect("none failed");
        let left_out = (FINDINGS - MAX_FINDINGS) as u64;
        assert_eq!(delivered, Delivered { findings: FINDINGS as u64, left_out });
        let kept = stuck.0.lock().expect("the list").clone();
        let first: Vec<String> = (0..MAX_FINDINGS).map(|number| number.to_string()).collect();
        assert!(kept == first, "the oldest are kept, in order");
    }

    #[test]
    fn it_is_said_once_that_a_sink_is_stuck_and_that_it_is_not_any_more() {
        let mut look = Look::default();
        let standing = |waiting, written| Standing { waiting, written, left_out: 0 };
        let mut said = Vec::new();
        for (waiting, written) in [(0, 0), (5, 1), (5, 1), (5, 1), (5, 1), (4, 2), (0, 6), (0, 6), (0, 6), (0, 6)] {
            look.report("any", standing(waiting, written), Behind::LeaveOut);
            said.push(look.said.is_some());
        }
        assert_eq!(said, [false, false, false, true, true, false, false, false, false, false]);
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
