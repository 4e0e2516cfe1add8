//! What is needed of a running host to say how it stands, and to steer it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lanner_engine::Status;
use lanner_lists::ListStatus;
use lanner_pack::Steered;
use lanner_pack::apply::Report as Changes;
use lanner_pipeline::{Interest, Listening};
use lanner_sink::SinkStanding;
use tokio::sync::Mutex;

use crate::status::{About, Report};

/// How long the pipeline may take to answer. It does between two batches.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// What was answered so lately is answered again, so that who asks often does not keep the pipeline from its work.
const FRESH: Duration = Duration::from_millis(100);

/// What is to become of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The pack of this file is to run in the shadow of the one of its name.
    Shadow(PathBuf),
    /// The one in the shadow of the pack of this name is to end.
    Unshadow(String),
    /// The one in the shadow of the pack of this name is to take its place, and its state.
    Promote(String),
    /// The pack of this name is to go back to the version that ran before, with the state that it had.
    RollBack(String),
}

/// A running host. None of this is asked on the thread that takes in events.
pub trait Host: Send + Sync + 'static {
    /// What of it does not change.
    fn about(&self) -> About;

    /// Asks the pipeline, and waits until it answers, for so long at most. None where it did not.
    fn status(&self, patience: Duration) -> Option<Status>;

    /// Findings so far.
    fn findings(&self) -> u64;

    /// What became of those that the tuning has something to say of.
    fn tuning(&self) -> lanner_tuning::Report;

    /// How the exceptions that are for its rule stand to a finding, given as its JSON, the nearest first.
    fn explain(&self, _finding: &serde_json::Value) -> Vec<lanner_tuning::Explained> {
        Vec::new()
    }

    /// How the lists of packs stand.
    fn lists(&self) -> Arc<[ListStatus]>;

    /// What is said of it in all its findings.
    fn labels(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    /// How the sinks stand.
    fn sinks(&self) -> Vec<SinkStanding>;

    /// What is wrong with the rules and where they come from, in sentences.
    fn troubles(&self) -> Vec<String>;

    /// Looks at all rules, and opens anew what findings are written to. Does not wait for it.
    fn reload(&self);

    /// Lets a pack go on, by its name, that rests or is quarantined. Waits until the pipeline says whether there is one, for
    /// so long at most. None where it did not answer.
    fn release(&self, pack: &str, patience: Duration) -> Option<bool>;

    /// Makes other files the rules, all at once or not at all; or only says what would change. Waits until it is done.
    ///
    /// # Errors
    /// Nothing was changed: a sentence.
    fn apply(&self, paths: Vec<PathBuf>, dry_run: bool) -> Result<Changes, String>;

    /// Changes which version of a pack runs. Waits until it does.
    ///
    /// # Errors
    /// The version that runs goes on: a sentence.
    fn steer(&self, turn: Turn) -> Result<Steered, String>;

    /// The events from now on.
    fn listen(&self, interest: Interest) -> Listening;
}

/// Asks a host how it stands, for all that want to know it: one question at a time.
pub struct Inquiry {
    host: Arc<dyn Host>,
    last: Mutex<Option<(Instant, Option<Arc<Report>>)>>,
}

impl Inquiry {
    /// Of this host.
    pub fn new(host: Arc<dyn Host>) -> Self {
        Self { host, last: Mutex::default() }
    }

    /// The host.
    pub fn host(&self) -> &Arc<dyn Host> {
        &self.host
    }

    /// How the host stands. None where it does not answer in time.
    pub async fn report(&self) -> Option<Arc<Report>> {
        let asked = Instant::now();
        let mut last = self.last.lock().await;
        // Those that waited while it was asked have their answer with it.
        if let Some((at, report)) = &*last
            && *at + FRESH >= asked
        {
            return report.clone();
        }
        let host = self.host.clone();
        let gather = move || Some(Arc::new(Report::gather(&*host, &host.status(PATIENCE)?)));
        // It does not panic; where it did, that would be no answer.
        let report = tokio::task::spawn_blocking(gather).await.ok().flatten();
        *last = Some((Instant::now(), report.clone()));
        report
    }

    /// Lets a pack go on. Says whether there is one of this name; nothing where the host does not answer in time.
    pub async fn release(&self, pack: &str) -> Option<bool> {
        let (host, pack) = (self.host.clone(), pack.to_owned());
        let released = tokio::task::spawn_blocking(move || host.release(&pack, PATIENCE)).await.ok().flatten();
        self.forget().await;
        released
    }

    /// Makes other files the rules, or says why not.
    pub(crate) async fn apply(&self, paths: Vec<String>, dry_run: bool) -> Result<Changes, String> {
        let host = self.host.clone();
        let paths = paths.into_iter().map(PathBuf::from).collect();
        let applied = tokio::task::spawn_blocking(move || host.apply(paths, dry_run)).await;
        self.forget().await;
        applied.unwrap_or_else(|_| Err("the host could not do it: its log says why".to_owned()))
    }

    /// Changes which version of a pack runs, or says why not.
    ///
    /// # Errors
    /// The version that runs goes on: a sentence.
    pub async fn steer(&self, turn: Turn) -> Result<Steered, String> {
        let host = self.host.clone();
        let steered = tokio::task::spawn_blocking(move || host.steer(turn)).await;
        self.forget().await;
        steered.unwrap_or_else(|_| Err("the host could not do it: its log says why".to_owned()))
    }

    /// Who changed something is to see that next.
    async fn forget(&self) {
        *self.last.lock().await = None;
    }

    /// Whether it answers, and some sink still takes findings: that one of several does not is no reason to begin anew.
    pub(crate) async fn is_well(&self) -> bool {
        let report = self.report().await;
        report.is_some_and(|report| report.sinks.is_empty() || report.sinks.iter().any(|sink| !sink.failed))
    }
}

/// A host for tests: it stands as it is told.
#[cfg(test)]
pub(crate) mod made_up {
    use std::sync::Mutex as Lock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use lanner_pipeline::{Listeners, Tap};

    use super::*;

    pub(crate) struct MadeUp {
        pub(crate) status: Lock<Option<Status>>,
        pub(crate) asked: AtomicU64,
        pub(crate) reloads: AtomicU64,
        pub(crate) released: Lock<Vec<String>>,
        pub(crate) sinks: Vec<SinkStanding>,
        /// Where events come from, until the stream ends.
        pub(crate) tap: Lock<Option<Tap>>,
        pub(crate) listeners: Listeners,
    }

    impl Default for MadeUp {
        fn default() -> Self {
            let (tap, listeners) = Tap::new();
            Self {
                status: Lock::default(),
                asked: AtomicU64::default(),
                reloads: AtomicU64::default(),
                released: Lock::default(),
                sinks: Vec::new(),
                tap: Lock::new(Some(tap)),
                listeners,
            }
        }
    }

    impl MadeUp {
        pub(crate) fn with(status: Status) -> Arc<Self> {
            Arc::new(Self { status: Lock::new(Some(status)), ..Self::default() })
        }
    }

    impl Host for MadeUp {
        fn about(&self) -> About {
            About {
                version: "1.2.3".into(),
                pid: 4711,
                hostname: "here".into(),
                kernel: "6.18.0".into(),
                since_ns: 1_000_000_000,
            }
        }

        fn status(&self, _patience: Duration) -> Option<Status> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.status.lock().expect("the status").clone()
        }

        fn findings(&self) -> u64 {
            7
        }

        fn tuning(&self) -> lanner_tuning::Report {
            let known = lanner_tuning::ExceptionCount { name: "backup".into(), findings: 3, ..Default::default() };
            lanner_tuning::Report { exceptions: vec![known], excepted: 4, off: 5 }
        }

        fn lists(&self) -> Arc<[ListStatus]> {
            Arc::default()
        }

        fn sinks(&self) -> Vec<SinkStanding> {
            self.sinks.clone()
        }

        fn troubles(&self) -> Vec<String> {
            vec!["the pack /rules/other.wasm is refused".into()]
        }

        fn reload(&self) {
            self.reloads.fetch_add(1, Ordering::SeqCst);
        }

        fn release(&self, pack: &str, _patience: Duration) -> Option<bool> {
            let status = self.status.lock().expect("the status");
            let is_there = status.as_ref()?.packs.iter().any(|status| status.description.name == pack);
            self.released.lock().expect("the packs").extend(is_there.then(|| pack.to_owned()));
            Some(is_there)
        }

        fn steer(&self, turn: Turn) -> Result<Steered, String> {
            Err(format!("{turn:?} is not for a host that is made up"))
        }

        fn apply(&self, paths: Vec<PathBuf>, _dry_run: bool) -> Result<Changes, String> {
            Err(format!(
                "there are no rules at {}",
                paths.first().map_or_else(String::new, |path| path.display().to_string())
            ))
        }

        fn listen(&self, interest: Interest) -> Listening {
            self.listeners.listen(interest)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::made_up::MadeUp;
    use super::*;

    #[tokio::test]
    async fn many_that_ask_at_once_are_one_question() {
        let host = MadeUp::with(Status { events: 5, ..Status::default() });
        let inquiry = Arc::new(Inquiry::new(host.clone()));
        let asks: Vec<_> = (0..50)
            .map(|_| {
                let inquiry = inquiry.clone();
                tokio::spawn(async move { inquiry.report().await.map(|report| report.events) })
            })
            .collect();
        for ask in asks {
            assert_eq!(ask.await.expect("it ran"), Some(5));
        }
        // On a busy machine some may come later than an answer is fresh.
        assert!(host.asked.load(Ordering::SeqCst) < 50);
    }

    #[tokio::test]
    async fn a_host_that_does_not_answer_is_not_well() {
        let host = Arc::new(MadeUp::default());
        let inquiry = Inquiry::new(host.clone());
        assert!(inquiry.report().await.is_none() && !inquiry.is_well().await);
        let failed = SinkStanding { failed: true, ..SinkStanding::default() };
        let sinks =
            MadeUp { status: std::sync::Mutex::new(Some(Status::default())), sinks: vec![failed], ..MadeUp::default() };
        assert!(!Inquiry::new(Arc::new(sinks)).is_well().await);
        assert!(Inquiry::new(MadeUp::with(Status::default())).is_well().await);
    }
}
