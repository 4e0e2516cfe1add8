//! The running host, as those see it who ask how it stands.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use lanner_control::Host;
use lanner_control::host::PATIENCE;
use lanner_control::status::About;
use lanner_engine::{Order, PackError, Set, Status};
use lanner_pack::apply::{Report, Wish};
use lanner_pack::{Applier, Board};
use lanner_pipeline::{Interest, Listeners, Listening};
use lanner_sink::{SinkStanding, Standings};
use tokio::sync::Notify;

/// All that it takes to say how a host stands, to listen to its events, and to steer it.
pub(super) struct Watched {
    pub(super) about: About,
    pub(super) orders: Sender<Order>,
    pub(super) standings: Standings,
    pub(super) board: Board,
    pub(super) listeners: Listeners,
    /// Where there are rules from files.
    pub(super) applier: Option<Applier>,
    /// Told when somebody asks for a reload.
    pub(super) reload: Arc<Notify>,
}

impl Host for Watched {
    fn about(&self) -> About {
        self.about.clone()
    }

    fn status(&self, patience: Duration) -> Option<Status> {
        let (reply, answer) = channel();
        self.orders.send(Order::Tell { reply }).ok()?;
        answer.recv_timeout(patience).ok()
    }

    fn findings(&self) -> u64 {
        self.standings.findings()
    }

    fn sinks(&self) -> Vec<SinkStanding> {
        self.standings.sinks()
    }

    fn troubles(&self) -> Vec<String> {
        self.board.sentences()
    }

    fn reload(&self) {
        self.reload.notify_one();
    }

    fn release(&self, pack: &str, patience: Duration) -> Option<bool> {
        let (reply, answer) = channel();
        self.orders.send(Order::Release { pack: pack.to_owned(), reply }).ok()?;
        answer.recv_timeout(patience).ok()
    }

    fn apply(&self, paths: Vec<PathBuf>, dry_run: bool) -> Result<Report, String> {
        let none = "this host was started without rules from files: start it with --rules FOLDER";
        let applier = self.applier.as_ref().ok_or(none)?;
        applier.apply(Wish { paths, dry_run }).map_err(|error| error.to_string())
    }

    fn roll_back(&self, pack: &str) -> Result<String, String> {
        let ending = || "the host does not answer: it is ending, or a call into a pack takes long".to_owned();
        let packs = self.status(PATIENCE).ok_or_else(ending)?.packs;
        let running = packs.iter().find(|running| running.description.name == pack).ok_or_else(|| {
            let names: Vec<&str> = packs.iter().map(|pack| &*pack.description.name).collect();
            format!("there is no pack {pack:?}; those that run are {}", names.join(", "))
        })?;
        let (reply, outcome) = channel();
        let set = Set { back: vec![running.path.clone()], ..Set::default() };
        self.orders.send(Order::Exchange { set, reply }).map_err(|_| ending())?;
        let outcome = outcome.recv().map_err(|_| ending())?;
        outcome.map_err(|(path, refusal)| PackError { path, refusal }.to_string())?;
        let (now, before) = (running.before.clone().unwrap_or_default(), &running.description.version);
        tracing::warn!("pack {pack} is back at {now}, with the state of then; what it comes from still is {before}");
        Ok(now)
    }

    fn listen(&self, interest: Interest) -> Listening {
        self.listeners.listen(interest)
    }
}
