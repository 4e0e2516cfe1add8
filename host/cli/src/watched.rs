//! The running host, as those see it who ask how it stands.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use lanner_control::Host;
use lanner_control::host::Turn;
use lanner_control::status::About;
use lanner_engine::{Order, Status};
use lanner_finding::Labels;
use lanner_lists::{ListStatus, Lists};
use lanner_pack::apply::{Report, Wish};
use lanner_pack::{Board, Steered, Steering};
use lanner_pipeline::{Interest, Listeners, Listening};
use lanner_sink::SinkStanding;
use lanner_tuning::Tuner;
use tokio::sync::Notify;

use super::sinks::AllStandings;

/// All that it takes to say how a host stands, to listen to its events, and to steer it.
pub(super) struct Watched {
    pub(super) about: About,
    pub(super) orders: Sender<Order>,
    pub(super) standings: AllStandings,
    pub(super) tuner: Tuner,
    pub(super) lists: Lists,
    pub(super) labels: Labels,
    pub(super) board: Board,
    pub(super) listeners: Listeners,
    pub(super) steering: Steering,
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

    fn tuning(&self) -> lanner_tuning::Report {
        self.tuner.report()
    }

    fn explain(&self, finding: &serde_json::Value) -> Vec<lanner_tuning::Explained> {
        self.tuner.explain(finding)
    }

    fn lists(&self) -> Arc<[ListStatus]> {
        self.lists.report()
    }

    fn labels(&self) -> BTreeMap<String, String> {
        BTreeMap::clone(&self.labels.now())
    }

    fn sinks(&self) -> Vec<SinkStanding> {
        self.standings.sinks()
    }

    fn troubles(&self) -> Vec<String> {
        let set_aside = self.standings.set_aside();
        let damaged = (set_aside > 0).then(|| {
            format!("the spool was damaged and set aside, times: {set_aside}; what waited in it was not delivered")
        });
        self.board.sentences().into_iter().chain(damaged).collect()
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
        self.steering.apply(Wish { paths, dry_run }).map_err(|error| error.to_string())
    }

    fn steer(&self, turn: Turn) -> Result<Steered, String> {
        let steered = match turn {
            Turn::Shadow(file) => self.steering.shadow(file),
            Turn::Unshadow(pack) => self.steering.unshadow(pack),
            Turn::Promote(pack) => self.steering.promote(pack),
            Turn::RollBack(pack) => self.steering.roll_back(pack),
        };
        steered.map_err(|error| error.to_string())
    }

    fn listen(&self, interest: Interest) -> Listening {
        self.listeners.listen(interest)
    }
}
