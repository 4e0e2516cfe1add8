//! The running host, as those see it who ask how it stands.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use lanner_control::Host;
use lanner_control::status::About;
use lanner_engine::{Order, Status};
use lanner_pack::Board;
use lanner_sink::{SinkStanding, Standings};
use tokio::sync::Notify;

/// All that it takes to say how a host stands, and to have it reload.
pub(super) struct Watched {
    pub(super) about: About,
    pub(super) orders: Sender<Order>,
    pub(super) standings: Standings,
    pub(super) board: Board,
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
}
