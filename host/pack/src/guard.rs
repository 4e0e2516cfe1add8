//! Watches over trust: the policy is read anew when it changes, and what runs is checked again.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use lanner_engine::{Order, Set};
use lanner_trust::OnRevocation;

use super::board::Board;
use super::exchange::{Ended, exchange};
use super::follow::{Followed, Follower};
use super::obtain::Obtainer;
use super::reference::Reference;
use super::running::Table;
use super::trust::TrustError;

/// How often it is looked whether the policy has changed.
const LOOK: Duration = Duration::from_secs(2);
/// How often what runs is checked though nothing has changed: entries expire.
const CHECK: Duration = Duration::from_secs(10);

/// Watches over trust. Ends when dropped.
pub struct Guard {
    look: Sender<()>,
}

impl Guard {
    /// Watches over what runs; when the policy has changed, what follows looks again.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn start(
        obtainer: Arc<Obtainer>,
        running: Table,
        board: Board,
        follower: Option<Follower>,
        orders: Sender<Order>,
    ) -> std::io::Result<Self> {
        let (look, asks) = channel();
        let guard = Guarding { obtainer, running, board, orders };
        std::thread::Builder::new().name("lanner-trust".into()).spawn(move || {
            let mut checked = Instant::now();
            loop {
                let asked = match asks.recv_timeout(LOOK) {
                    Ok(()) => true,
                    Err(RecvTimeoutError::Timeout) => false,
                    Err(RecvTimeoutError::Disconnected) => return,
                };
                let changed = guard.refresh();
                if changed || asked || checked.elapsed() >= CHECK {
                    guard.check();
                    checked = Instant::now();
                }
                if changed {
                    // What was refused may be trusted now.
                    follower.iter().for_each(Follower::look);
                }
            }
        })?;
        Ok(Self { look })
    }

    /// Looks at the policy, and checks what runs, now.
    pub fn look(&self) {
        // It ends with the host only.
        let _ = self.look.send(());
    }
}

/// What the board calls the policy.
const POLICY: &str = "trust policy";

struct Guarding {
    obtainer: Arc<Obtainer>,
    running: Table,
    board: Board,
    orders: Sender<Order>,
}

impl Guarding {
    /// Reads the policy anew where it changed; says whether it did.
    fn refresh(&self) -> bool {
        match self.obtainer.trust.refresh() {
            Ok(false) => false,
            Ok(true) => {
                self.board.clear(POLICY);
                tracing::info!("the trust policy has changed: what runs is checked again");
                true
            }
            Err(error) => {
                let what = format!(
                    "the trust policy has changed and cannot be used: {error}; what runs goes on, and nothing newer is taken"
                );
                tracing::error!("{what}");
                self.board.set(POLICY, &what);
                false
            }
        }
    }

    /// Checks all that runs.
    fn check(&self) {
        let names: Vec<Reference> = self.running.lock().keys().cloned().collect();
        for name in names {
            let _turn = self.running.turn();
            let running =
                self.running.lock().get(&name).map(|running| (running.resolved.digest, running.description.clone()));
            let Some((digest, description)) = running else { continue };
            let refusal = match self.obtainer.check_kept(&name, digest, &description) {
                // What cannot be read says nothing of what runs.
                Ok(Some(TrustError::Broken { .. })) => continue,
                Ok(refusal) => refusal.map(|refusal| refusal.to_string()),
                Err(error) => {
                    tracing::error!("whether {name} is trusted cannot be found out: {error}");
                    continue;
                }
            };
            self.judge(&name, refusal);
        }
    }

    /// Does what is to be done about a pack that is not trusted, or is again.
    fn judge(&self, name: &Reference, refusal: Option<String>) {
        let about = format!("trust in {name}");
        match refusal {
            None => {
                if self.board.clear(&about) {
                    tracing::info!("{name} is trusted again");
                }
            }
            Some(why) if self.stops() => {
                let set = Set { remove: vec![Followed::path(name)], ..Set::default() };
                match exchange(&self.orders, set) {
                    Ok(Ok(_)) => {
                        self.running.lock().remove(name);
                        let what = format!("{name} is stopped, as it is not trusted any more: {why}");
                        tracing::error!("{what}");
                        self.board.set(&about, &what);
                    }
                    // It stays in the table, and is stopped when it is checked next.
                    Ok(Err(error)) => tracing::error!("{name} runs on, as it could not be stopped: {error}"),
                    Err(Ended) => {}
                }
            }
            Some(why) => {
                if self.board.set(&about, &format!("{name} runs, and is not trusted any more: {why}")) {
                    tracing::error!(
                        "{name} is not trusted any more: {why}; it runs on, as it was accepted, and nothing newer is \
                         taken (on_revocation = \"stop\" in the trust policy stops it)"
                    );
                }
            }
        }
    }

    fn stops(&self) -> bool {
        self.obtainer.trust.on_revocation() == OnRevocation::Stop
    }
}
