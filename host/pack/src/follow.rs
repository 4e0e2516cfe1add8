//! Following names in registries: looks whether they lead to another pack, once after the start and then on a schedule where
//! that is asked for, and has it swapped in as any reload does. A registry that is down, or a pack that is refused, changes
//! nothing of what runs; and as each registry has a thread of its own, nothing of how the others are followed.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use lanner_engine::{Candidate, Order, PackError, Runtime};

use super::board::Board;
use super::digest::Digest;
use super::exchange::{self, Ended};
use super::obtain::{ObtainError, Obtained, Obtainer};
use super::reference::Reference;
use super::reload::say_loaded;
use super::running::{Running, Table};

/// The first pause after a look at a registry that is down, where it is not looked on a schedule.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
/// The longest pause between two looks at a registry that is down.
const MAX_PAUSE: Duration = Duration::from_secs(3600);
/// The shortest interval: a registry is not a message queue.
pub const MIN_INTERVAL: Duration = Duration::from_secs(1);

/// A name in a registry.
pub struct Followed {
    /// The name.
    pub reference: Reference,
    /// Whether the registry was asked just now.
    pub fresh: bool,
}

impl Followed {
    /// The name by which the engine knows the pack.
    pub fn path(reference: &Reference) -> PathBuf {
        PathBuf::from(reference.to_string())
    }
}

/// Follows names. Ends when it, and all clones of it, are dropped.
#[derive(Clone)]
pub struct Follower {
    look: Vec<Sender<()>>,
}

impl Follower {
    /// Looks at these names, where the registry was not asked just now; and again and again, where there is an interval.
    /// Otherwise until each was found, and when [`Follower::look`] is called.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn start(
        runtime: &Runtime,
        obtainer: &Arc<Obtainer>,
        running: &Table,
        board: &Board,
        followed: Vec<Followed>,
        interval: Option<Duration>,
        orders: &Sender<Order>,
    ) -> std::io::Result<Self> {
        let mut registries: BTreeMap<String, Vec<Name>> = BTreeMap::new();
        for followed in followed {
            let registry = registries.entry(followed.reference.repository().registry().to_owned()).or_default();
            registry.push(Name { followed, refused: None, said: String::new() });
        }
        let mut look = Vec::new();
        for (registry, names) in registries {
            let (asked, asks) = channel();
            let following = Following {
                registry,
                names,
                down: false,
                failures: 0,
                runtime: runtime.clone(),
                obtainer: obtainer.clone(),
                running: running.clone(),
                board: board.clone(),
                orders: orders.clone(),
                interval,
            };
            std::thread::Builder::new().name("lanner-follow".into()).spawn(move || following.work(&asks))?;
            look.push(asked);
        }
        Ok(Self { look })
    }

    /// Looks at all names now.
    pub fn look(&self) {
        for registry in &self.look {
            // It ends with the host only.
            let _ = registry.send(());
        }
    }
}

struct Name {
    followed: Followed,
    /// What was refused last, and whether a signature could help.
    refused: Option<(Digest, bool)>,
    /// What was last said of it.
    said: String,
}

/// Follows the names in one registry.
struct Following {
    registry: String,
    names: Vec<Name>,
    /// It was found down.
    down: bool,
    /// Looks in a row that did not find all.
    failures: u32,
    runtime: Runtime,
    obtainer: Arc<Obtainer>,
    running: Table,
    board: Board,
    orders: Sender<Order>,
    interval: Option<Duration>,
}

impl Following {
    fn work(mut self, asks: &Receiver<()>) {
        let fresh = self.names.iter().all(|name| name.followed.fresh);
        let mut due = if fresh { self.next() } else { Some(Instant::now()) };
        loop {
            let asked = match due {
                None => asks.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => asks.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            if asked == Err(RecvTimeoutError::Disconnected) {
                return;
            }
            self.look();
            if asked == Ok(()) && !self.down {
                tracing::info!("the registry {} was asked for {} names", self.registry, self.names.len());
            }
            due = self.next();
        }
    }

    /// When it is to be looked again.
    fn next(&self) -> Option<Instant> {
        let pause = match self.interval {
            Some(interval) if self.down => interval.saturating_mul(self.times(1)),
            Some(interval) => interval,
            // What does not run yet is waited for, as is the registry.
            None if self.failures > 0 => FIRST_PAUSE.saturating_mul(self.times(0)),
            None => return None,
        };
        let longest = MAX_PAUSE.max(self.interval.unwrap_or_default());
        Some(Instant::now() + jittered(pause.min(longest)))
    }

    /// By how much a pause grows.
    fn times(&self, first: u32) -> u32 {
        1 << (first + self.failures.saturating_sub(1)).min(16)
    }

    /// Looks at all names.
    fn look(&mut self) {
        for place in 0..self.names.len() {
            match self.follow(place) {
                Err(error) if error.is_down() => {
                    // One line when it goes, however long it stays away.
                    if !self.down {
                        tracing::warn!("{error}; what runs goes on, and it is tried again");
                    }
                    self.down = true;
                    self.board.set(&self.registry, &error.to_string());
                    self.failures += 1;
                    return;
                }
                Err(error) => self.refuse(place, &error.to_string(), error.is_trust()),
                Ok(()) => {}
            }
        }
        if self.down {
            tracing::info!("registry {} is back", self.registry);
            self.board.clear(&self.registry);
            self.down = false;
        }
        let all = self.names.iter().all(|name| self.running.resolved(&name.followed.reference).is_some());
        self.failures = if all { 0 } else { self.failures + 1 };
    }

    fn follow(&mut self, place: usize) -> Result<(), ObtainError> {
        let Some(name) = self.names.get_mut(place) else { return Ok(()) };
        let reference = name.followed.reference.clone();
        let running = self.running.resolved(&reference);
        let now = self.obtainer.resolve(&reference, running.as_ref())?;
        if running.is_some_and(|running| running.digest == now.digest) {
            name.said.clear();
            self.board.clear(&reference.to_string());
            if name.refused.take().is_some() {
                tracing::info!("{reference} leads to the running pack again");
            }
            if let Some(running) = self.running.lock().get_mut(&reference) {
                running.resolved = now;
            }
            return Ok(());
        }
        // What was refused for what it is stays refused; who is trusted may have signed it meanwhile.
        if name.refused.is_some_and(|(digest, signature)| digest == now.digest && !signature) {
            return Ok(());
        }
        name.refused = Some((now.digest, true));
        let obtained = self.obtainer.obtain_resolved(&reference, now)?;
        let table = self.running.clone();
        let turn = table.turn();
        match self.reload(&reference, obtained) {
            Ok(running) => {
                self.board.clear(&reference.to_string());
                self.board.clear(&format!("trust in {reference}"));
                self.running.insert(reference, running);
                drop(turn);
                if let Some(name) = self.names.get_mut(place) {
                    name.refused = None;
                    name.said.clear();
                }
            }
            Err(ReloadError::Ended) => {}
            Err(ReloadError::Obtain(error)) => return Err(error),
            Err(ReloadError::Pack(error)) => self.refuse(place, &error.to_string(), false),
        }
        Ok(())
    }

    /// Says that what a name leads to is refused, or not to be had: once for each reason.
    fn refuse(&mut self, place: usize, why: &str, signature: bool) {
        let Some(name) = self.names.get_mut(place) else { return };
        if let Some((_, helps)) = &mut name.refused {
            *helps = signature;
        }
        if name.said == why {
            return;
        }
        let running = self.running.resolved(&name.followed.reference).map(|running| running.digest);
        let digest = name.refused.map(|(digest, _)| digest).or(running);
        let digest = digest.map_or_else(String::new, |digest| format!(" ({digest})"));
        let goes_on = if running.is_some() { "the version before goes on" } else { "it is not loaded" };
        tracing::error!("{why}{digest}; {goes_on}");
        self.board.set(&name.followed.reference.to_string(), &format!("{why}{digest}; {goes_on}"));
        why.clone_into(&mut name.said);
    }

    fn reload(&self, reference: &Reference, obtained: Obtained) -> Result<Running, ReloadError> {
        let began = Instant::now();
        let path = Followed::path(reference);
        let refused = |refusal| ReloadError::Pack(PackError { path: path.clone(), refusal });
        let Obtained { resolved, component, in_use, .. } = obtained;
        let candidate = Candidate::prepare(&self.runtime, &component).map_err(refused)?;
        let description = candidate.description().clone();
        self.obtainer.check_accepted(reference, resolved.digest, &description).map_err(ReloadError::Obtain)?;
        // The policy may have changed since it was obtained.
        let trusted =
            self.obtainer.check_kept(reference, resolved.digest, &description).map_err(ReloadError::Obtain)?;
        if let Some(error) = trusted {
            let reference = Box::new(reference.clone());
            return Err(ReloadError::Obtain(ObtainError::Trust { reference, error: Box::new(error) }));
        }
        let prepared = began.elapsed();
        let installed = exchange::install(&self.orders, &path, candidate).map_err(|Ended| ReloadError::Ended)?;
        let handover = installed.map_err(ReloadError::Pack)?;
        say_loaded(&description, &handover, prepared, began.elapsed());
        if let Err(error) = self.obtainer.accept(reference, resolved.digest, &description) {
            tracing::warn!("{error}; after a restart an older version would not be noticed");
        }
        Ok(Running { resolved, in_use, description })
    }
}

/// Why a pack is not swapped in.
enum ReloadError {
    Pack(PackError),
    Obtain(ObtainError),
    /// The host is ending.
    Ended,
}

/// A fifth more or less, at random: a fleet does not ask all at once.
pub(crate) fn jittered(interval: Duration) -> Duration {
    let random = std::hash::RandomState::new().build_hasher().finish();
    interval.mul_f64(0.8 + 0.4 * (random as f64 / u64::MAX as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_spread() {
        let pauses: Vec<Duration> = (0..64).map(|_| jittered(Duration::from_secs(10))).collect();
        assert!(pauses.iter().all(|pause| (8.0..=12.0).contains(&pause.as_secs_f64())));
        assert!(pauses.iter().max().unwrap().abs_diff(*pauses.iter().min().unwrap()) > Duration::from_secs(1));
    }
}
