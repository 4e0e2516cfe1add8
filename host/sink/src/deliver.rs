//! Takes findings to the sinks, each on a thread and with a queue of its own: what one of them does is nobody else's affair.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use lanner_finding::Finding;

use super::look::Look;
use super::queue::{Behind, Queue, Task};
use super::standings::{Progress, Standings};
use super::{Sink, SinkError};

/// How often it is looked whether the sinks take what waits for them.
const LOOK: Duration = Duration::from_secs(1);
/// Findings that are written at once. After each such portion it is known how far a sink is.
const PORTION: usize = 64;
/// What does not go for now is tried again after this, and then after twice as long each time, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A sink, and what it is called.
pub type Named = (String, Box<dyn Sink>);

/// The threads that deliver.
pub struct Delivery {
    bringing: JoinHandle<()>,
    writing: Vec<JoinHandle<()>>,
    standings: Standings,
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
    /// Delivers all findings, which come in groups, to all sinks; each also goes to `watcher`, whatever the sinks do with it,
    /// where there is one.
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
        let queues = names.into_iter().zip(&sinks).map(|(name, sink)| (name, Queue::new(sink.is_place())));
        let queues: Arc<[(String, Queue)]> = queues.collect();
        let failure = Arc::<Mutex<Option<SinkError>>>::default();
        let mut writing = Vec::new();
        for (number, sink) in sinks.into_iter().enumerate() {
            let (queues, failure) = (queues.clone(), failure.clone());
            let write = move || {
                let (name, queue) = &queues[number];
                if let Err(error) = write_all(queue, sink, behind) {
                    queue.fail();
                    if has_failed(&queues, behind) {
                        failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                    } else {
                        tracing::error!("{name} takes no findings any more ({error}); the other sinks go on");
                    }
                }
            };
            writing.push(std::thread::Builder::new().name(format!("lanner-sink-{number}")).spawn(write)?);
        }
        let found = Arc::<AtomicU64>::default();
        let (brought, counted) = (queues.clone(), found.clone());
        let bringing = std::thread::Builder::new()
            .name("lanner-findings".into())
            .spawn(move || bring(findings, &brought, behind, watcher.as_ref(), &counted))?;
        let looked_at = queues.clone();
        let (stop, stopped) = channel::<()>();
        let look = move || {
            let mut looks = vec![Look::default(); looked_at.len()];
            while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                for ((name, queue), look) in
                    looked_at.iter().zip(&mut looks).filter(|((_, queue), _)| !queue.has_failed())
                {
                    look.report(name, &queue.standing(), behind);
                }
            }
        };
        let looking = (stop, std::thread::Builder::new().name("lanner-sinks".into()).spawn(look)?);
        Ok(Self { bringing, writing, standings: Standings { queues, found }, failure, looking })
    }

    /// Whether it has ended: it failed, or no more findings come and all are written.
    pub fn is_finished(&self) -> bool {
        let written = || self.writing.iter().all(JoinHandle::is_finished);
        let failed = || self.failure.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        failed() || (self.bringing.is_finished() && written())
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        self.standings.progress()
    }

    /// How it stands, for others to look at.
    pub fn standings(&self) -> Standings {
        self.standings.clone()
    }

    /// Has all sinks let go of what they have open, and open it anew.
    pub fn reopen(&self) {
        self.standings.queues.iter().for_each(|(_, queue)| queue.ask_to_reopen());
    }

    /// Waits until no more findings come and all are written.
    ///
    /// # Errors
    /// No sink is left that takes findings, or, where they are waited for, one of them does not.
    pub fn finish(self) -> Result<Delivered, SinkError> {
        let panicked = || SinkError::Ended(std::io::Error::other("a delivering thread panicked"));
        self.bringing.join().map_err(|_| panicked())?;
        for thread in self.writing {
            thread.join().map_err(|_| panicked())?;
        }
        let (stop, looking) = self.looking;
        drop(stop);
        looking.join().map_err(|_| panicked())?;
        if let Some(error) = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(error);
        }
        let Progress { findings, left_out, .. } = self.standings.progress();
        Ok(Delivered { findings, left_out })
    }
}

/// Whether there is nothing more to deliver to: where sinks are waited for, all of them are to have everything; otherwise
/// one that is left goes on for itself.
fn has_failed(queues: &[(String, Queue)], behind: Behind) -> bool {
    match behind {
        Behind::Wait => queues.iter().any(|(_, queue)| queue.has_failed()),
        Behind::LeaveOut => {
            let mut places = queues.iter().filter(|(_, queue)| queue.is_place()).peekable();
            places.peek().is_some() && places.all(|(_, queue)| queue.has_failed())
        }
    }
}

/// Brings findings to all queues, and counts them, until none come any more or there is nobody left to bring them to.
fn bring(
    findings: impl Iterator<Item = Vec<Finding>>,
    queues: &[(String, Queue)],
    behind: Behind,
    watcher: Option<&Sender<Finding>>,
    count: &AtomicU64,
) {
    for group in findings {
        // Also where nothing was found: what failed is seen at the next batch or tick.
        if has_failed(queues, behind) {
            break;
        }
        if group.is_empty() {
            continue;
        }
        count.fetch_add(group.len() as u64, Ordering::Relaxed);
        if let Some(watcher) = watcher {
            for finding in &group {
                // The watcher may have seen enough.
                let _ = watcher.send(finding.clone());
            }
        }
        let group: Arc<[Finding]> = group.into();
        // To all of them, also where one has failed.
        queues.iter().for_each(|(_, queue)| queue.push(&group, behind));
    }
    queues.iter().for_each(|(_, queue)| queue.close());
}

/// Writes all that comes to a sink.
fn write_all(queue: &Queue, mut sink: Box<dyn Sink>, behind: Behind) -> Result<(), SinkError> {
    while let Some(task) = queue.pop() {
        let group = match task {
            Task::Reopen => {
                sink.reopen();
                flush(queue, &mut *sink, behind)?;
                continue;
            }
            Task::Write(group) => group,
        };
        for portion in group.chunks(PORTION) {
            portion.iter().for_each(|finding| sink.write(finding));
            flush(queue, &mut *sink, behind)?;
            queue.wrote(portion.len());
        }
        queue.wrote_group(&group);
    }
    Ok(())
}

/// Brings out what a sink holds; again and again where that fails for now.
fn flush(queue: &Queue, sink: &mut dyn Sink, behind: Behind) -> Result<(), SinkError> {
    let mut pause = FIRST_PAUSE;
    loop {
        match sink.flush() {
            Ok(()) => {
                queue.set_trouble(None);
                return Ok(());
            }
            Err(SinkError::Now(error)) if behind == Behind::LeaveOut || error.kind() == ErrorKind::WouldBlock => {
                // That nobody reads for now is no more than what any reader does.
                queue.set_trouble((error.kind() != ErrorKind::WouldBlock).then(|| error.to_string()));
                if queue.wait_to_reopen(pause) {
                    sink.reopen();
                }
                pause = LONGEST_PAUSE.min(pause * 2);
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::sync::{Arc, Mutex};

    use lanner_engine::{Description, Rule};
    use lanner_finding::Severity;

    use crate::queue::MAX_FINDINGS;

    use super::*;

    /// What came to a sink, in order.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<String>>>);

    impl Kept {
        fn push(&self, line: &str) {
            self.0.lock().expect("the list").push(line.to_owned());
        }

        fn len(&self) -> usize {
            self.0.lock().expect("the list").len()
        }

        fn findings(&self) -> usize {
            self.0.lock().expect("the list").iter().filter(|line| *line != "flushed").count()
        }

        fn lines(&self) -> Vec<String> {
            self.0.lock().expect("the list").clone()
        }
    }

    /// Keeps what it is given; fails at the finding of this message, for good or so many times.
    struct Keeps {
        kept: Kept,
        fails_at: &'static str,
        times: Option<u32>,
        waiting: Vec<String>,
    }

    impl Keeps {
        fn new(kept: &Kept, fails_at: &'static str, times: Option<u32>) -> Box<Self> {
            Box::new(Self { kept: kept.clone(), fails_at, times, waiting: Vec::new() })
        }
    }

    impl Sink for Keeps {
        fn write(&mut self, finding: &Finding) {
            self.waiting.push(finding.message.clone());
        }

        fn flush(&mut self) -> Result<(), SinkError> {
            while let Some(first) = self.waiting.first() {
                if first == self.fails_at {
                    match &mut self.times {
                        None => return Err(SinkError::Ended(std::io::Error::other("gone"))),
                        Some(0) => {}
                        Some(times) => {
                            *times -= 1;
                            return Err(SinkError::Now(ErrorKind::StorageFull.into()));
                        }
                    }
                }
                self.kept.push(&self.waiting.remove(0));
            }
            self.kept.push("flushed");
            Ok(())
        }

        fn reopen(&mut self) {
            self.kept.push("reopened");
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
    fn deliver_all(groups: &[&[&str]], fails_at: &'static str, times: Option<u32>, behind: Behind) -> Outcome {
        let kept = [Kept::default(), Kept::default()];
        let sinks: Vec<Named> = vec![
            ("first".into(), Keeps::new(&kept[0], "", None)),
            ("second".into(), Keeps::new(&kept[1], fails_at, times)),
        ];
        let (watch, watched) = channel();
        let groups: Vec<Vec<Finding>> =
            groups.iter().map(|group| group.iter().copied().map(finding).collect()).collect();
        let delivery = Delivery::start(groups.into_iter(), sinks, behind, Some(watch)).expect("threads");
        let result = delivery.finish().map(|delivered| delivered.findings);
        Outcome { result, kept: kept.map(|kept| kept.lines()), watched: watched.iter().map(|f| f.message).collect() }
    }

    #[test]
    fn every_sink_gets_every_finding_and_each_group_is_seen_at_once() {
        let Outcome { result, kept, watched } = deliver_all(&[&["a", "b"], &["c"]], "nothing", None, Behind::Wait);
        assert_eq!(result.expect("all written"), 3);
        let expected = ["a", "b", "flushed", "c", "flushed"];
        assert_eq!(kept, [expected, expected]);
        assert_eq!(watched, ["a", "b", "c"]);
    }

    /// Takes nothing until it is let.
    struct Stuck(Arc<Mutex<()>>, Kept);

    impl Sink for Stuck {
        fn write(&mut self, finding: &Finding) {
            drop(self.0.lock());
            self.1.push(&finding.message);
        }

        fn flush(&mut self) -> Result<(), SinkError> {
            Ok(())
        }

        fn reopen(&mut self) {}
    }

    #[test]
    fn a_sink_that_is_stuck_holds_up_nobody_and_what_it_does_not_take_is_counted() {
        const FINDINGS: usize = 3 * MAX_FINDINGS;
        let (gate, stuck, other) = (Arc::new(Mutex::new(())), Kept::default(), Kept::default());
        let closed = gate.lock().expect("the gate");
        let sinks: Vec<Named> = vec![
            ("stuck".into(), Box::new(Stuck(gate.clone(), stuck.clone()))),
            ("other".into(), Keeps::new(&other, "", None)),
        ];
        // They come as fast as the other one takes them: it is not left behind.
        let (bring, brought) = std::sync::mpsc::sync_channel(1);
        let delivery = Delivery::start(brought.into_iter(), sinks, Behind::LeaveOut, None).expect("threads");
        for number in 0..FINDINGS {
            bring.send(vec![finding(&number.to_string())]).expect("it is taken");
            while other.len() < number.saturating_sub(64) {
                std::thread::yield_now();
            }
        }
        drop(bring);
        while other.findings() < FINDINGS {
            std::thread::yield_now();
        }
        assert!(!delivery.is_finished() && delivery.progress().waiting == MAX_FINDINGS);
        drop(closed);
        let delivered = delivery.finish().expect("none failed");
        let left_out = (FINDINGS - MAX_FINDINGS) as u64;
        assert_eq!(delivered, Delivered { findings: FINDINGS as u64, left_out });
        let kept = stuck.lines();
        let first: Vec<String> = (0..MAX_FINDINGS).map(|number| number.to_string()).collect();
        assert!(kept == first, "the oldest are kept, in order");
    }

    #[test]
    fn where_nothing_was_found_nothing_is_written() {
        let Outcome { result, kept, watched } = deliver_all(&[&[], &[]], "nothing", None, Behind::Wait);
        assert_eq!(result.expect("nothing to write"), 0);
        assert!(kept.iter().all(Vec::is_empty) && watched.is_empty());
    }

    #[test]
    fn a_sink_that_fails_ends_the_delivery_of_a_replay_with_its_reason() {
        let Outcome { result, kept, watched } = deliver_all(&[&["first", "second"]], "second", None, Behind::Wait);
        assert_eq!(result.expect_err("it fails").to_string(), "findings cannot be written any more: gone");
        assert_eq!(kept[0], ["first", "second", "flushed"], "the other sink has it all");
        assert_eq!(kept[1], ["first"]);
        assert_eq!(watched, ["first", "second"], "what was found is known whatever becomes of it");
    }

    #[test]
    fn live_a_sink_that_fails_ends_alone_and_the_last_one_ends_it_all() {
        let groups: &[&[&str]] = &[&["first"], &["second"], &["third"]];
        let Outcome { result, kept, .. } = deliver_all(groups, "second", None, Behind::LeaveOut);
        assert_eq!(result.expect("the other one goes on"), 3);
        assert_eq!(kept[0].iter().filter(|line| *line != "flushed").collect::<Vec<_>>(), ["first", "second", "third"]);
        assert_eq!(kept[1][0], "first");

        let only: Vec<Named> =
            vec![("only".into(), Keeps::new(&Kept::default(), "first", None)), ("listeners".into(), Box::new(Listens))];
        // Nobody ends what comes: that nothing takes it any more does.
        let (bring, brought) = channel::<Vec<Finding>>();
        let delivery = Delivery::start(brought.into_iter(), only, Behind::LeaveOut, None).expect("threads");
        bring.send(vec![finding("first")]).expect("it is taken");
        while !delivery.is_finished() {
            std::thread::yield_now();
        }
        assert!(delivery.standings().sinks()[0].failed);
        drop(bring);
        assert_eq!(delivery.finish().expect_err("it failed").to_string(), "findings cannot be written any more: gone");
    }

    /// Is none that findings are kept by.
    struct Listens;

    impl Sink for Listens {
        fn write(&mut self, _: &Finding) {}

        fn flush(&mut self) -> Result<(), SinkError> {
            Ok(())
        }

        fn reopen(&mut self) {}

        fn is_place(&self) -> bool {
            false
        }
    }

    #[test]
    fn what_fails_for_a_moment_is_written_when_it_goes_again() {
        let Outcome { result, kept, watched } =
            deliver_all(&[&["first", "second"], &["third"]], "second", Some(2), Behind::LeaveOut);
        assert_eq!(result.expect("all written"), 3);
        assert_eq!(kept[1], ["first", "second", "flushed", "third", "flushed"]);
        assert_eq!(watched, ["first", "second", "third"]);
    }

    #[test]
    fn a_replay_does_not_wait_for_room_on_the_disk() {
        let Outcome { result, kept, .. } = deliver_all(&[&["first", "second"]], "second", Some(2), Behind::Wait);
        assert!(matches!(result, Err(SinkError::Now(error)) if error.kind() == ErrorKind::StorageFull));
        assert_eq!(kept[1], ["first"]);
    }

    #[test]
    fn what_is_asked_to_reopen_does_though_nothing_comes() {
        let kept = Kept::default();
        let (bring, brought) = channel::<Vec<Finding>>();
        let sinks: Vec<Named> = vec![("only".into(), Keeps::new(&kept, "", None))];
        let delivery = Delivery::start(brought.into_iter(), sinks, Behind::LeaveOut, None).expect("threads");
        delivery.reopen();
        while kept.len() < 2 {
            std::thread::yield_now();
        }
        assert_eq!(kept.lines(), ["reopened", "flushed"]);
        drop(bring);
        delivery.finish().expect("none failed");
    }
}
