//! Following names in registries: looks on a schedule whether they lead to another pack, and has it swapped in as any
//! reload does. A registry that is down, or a pack that is refused, changes nothing of what runs.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use lanner_engine::Order;
use lanner_engine::{Candidate, PackError, Runtime};

use super::digest::Digest;
use super::obtain::{ObtainError, Obtained, Obtainer};
use super::reference::Reference;
use super::remote::Resolved;
use super::store::InUse;
use super::watch::say_loaded;

/// The longest pause between two looks at a registry that is down.
const MAX_PAUSE: Duration = Duration::from_secs(3600);
/// The shortest interval: a registry is not a message queue.
pub const MIN_INTERVAL: Duration = Duration::from_secs(1);

/// A name whose pack runs.
pub struct Followed {
    /// The name.
    pub reference: Reference,
    /// What it led to.
    pub resolved: Resolved,
    /// Keeps it in the store.
    pub in_use: Option<InUse>,
}

impl Followed {
    /// The name by which the engine knows the pack.
    pub fn path(reference: &Reference) -> PathBuf {
        PathBuf::from(reference.to_string())
    }
}

/// Follows names. Ends when dropped.
pub struct Follower {
    _stop: Sender<()>,
}

impl Follower {
    /// Follows these names.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn start(
        runtime: Runtime,
        obtainer: Obtainer,
        followed: Vec<Followed>,
        interval: Duration,
        orders: Sender<Order>,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = channel();
        std::thread::Builder::new().name("lanner-follow".into()).spawn(move || {
            let mut registries: BTreeMap<String, Registry> = BTreeMap::new();
            for followed in followed {
                let name = followed.reference.repository().registry().to_owned();
                let registry = registries.entry(name).or_insert_with(|| Registry {
                    names: Vec::new(),
                    failures: 0,
                    due: Instant::now() + jittered(interval),
                });
                registry.names.push(Name { followed, refused: None });
            }
            Following { runtime, obtainer, orders, interval }.work(registries, &stopped);
        })?;
        Ok(Self { _stop: stop })
    }
}

struct Registry {
    names: Vec<Name>,
    /// Looks in a row that found it down.
    failures: u32,
    due: Instant,
}

struct Name {
    followed: Followed,
    /// What was refused last, with the reason, and whether a signature could help.
    refused: Option<(Digest, String, bool)>,
}

struct Following {
    runtime: Runtime,
    obtainer: Obtainer,
    orders: Sender<Order>,
    interval: Duration,
}

impl Following {
    fn work(self, mut registries: BTreeMap<String, Registry>, stopped: &Receiver<()>) {
        while let Some(due) = registries.values().map(|registry| registry.due).min() {
            match stopped.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
            for (name, registry) in registries.iter_mut().filter(|(_, registry)| registry.due <= Instant::now()) {
                self.look(name, registry);
                let pause = self.interval.saturating_mul(1 << registry.failures.min(16));
                registry.due = Instant::now() + jittered(pause.min(MAX_PAUSE.max(self.interval)));
            }
        }
    }

    /// Looks at all names in a registry.
    fn look(&self, registry_name: &str, registry: &mut Registry) {
        for name in &mut registry.names {
            match self.follow(name) {
                Err(error) if error.is_down() => {
                    // One line when it goes, however long it stays away.
                    if registry.failures == 0 {
                        tracing::warn!("{error}; what runs goes on, and it is tried again");
                    }
                    registry.failures += 1;
                    return;
                }
                Err(error) => name.refuse(error.to_string(), error.is_trust()),
                Ok(()) => {}
            }
        }
        if registry.failures > 0 {
            tracing::info!("registry {registry_name} is back");
            registry.failures = 0;
        }
    }

    fn follow(&self, name: &mut Name) -> Result<(), ObtainError> {
        let Followed { reference, resolved, .. } = &name.followed;
        let now = self.obtainer.resolve(reference, Some(resolved))?;
        if now.digest == resolved.digest {
            if name.refused.take().is_some() {
                tracing::info!("{reference} leads to the running pack again");
            }
            name.followed.resolved = now;
            return Ok(());
        }
        // What was refused for what it is stays refused; who is trusted may have signed it meanwhile.
        if name.refused.as_ref().is_some_and(|(digest, _, signature)| *digest == now.digest && !signature) {
            return Ok(());
        }
        name.refused.get_or_insert((now.digest, String::new(), true)).0 = now.digest;
        let obtained = self.obtainer.obtain_resolved(reference, now)?;
        let reference = reference.clone();
        match self.reload(&reference, obtained) {
            Ok((resolved, in_use)) => {
                name.refused = None;
                name.followed = Followed { reference, resolved, in_use };
            }
            Err(ReloadError::Ended) => {}
            Err(ReloadError::Obtain(error)) => return Err(error),
            Err(ReloadError::Pack(error)) => name.refuse(error.to_string(), false),
        }
        Ok(())
    }

    fn reload(&self, reference: &Reference, obtained: Obtained) -> Result<(Resolved, Option<InUse>), ReloadError> {
        let began = Instant::now();
        let path = Followed::path(reference);
        let refused = |refusal| ReloadError::Pack(PackError { path: path.clone(), refusal });
        let Obtained { resolved, component, in_use, .. } = obtained;
        let candidate = Candidate::prepare(&self.runtime, &component).map_err(refused)?;
        let description = candidate.description().clone();
        let version = description.semver();
        self.obtainer.check_downgrade(reference, resolved.digest, &version).map_err(ReloadError::Obtain)?;
        let prepared = began.elapsed();
        let (reply, answer) = channel();
        let order = Order::Install { path: path.clone(), candidate: Box::new(candidate), reply };
        self.orders.send(order).map_err(|_| ReloadError::Ended)?;
        let handover = answer.recv().map_err(|_| ReloadError::Ended)?.map_err(refused)?;
        say_loaded(&description, &handover, prepared, began.elapsed());
        if let Err(error) = self.obtainer.accept(reference, resolved.digest, &version) {
            tracing::warn!("{error}; after a restart an older version would not be noticed");
        }
        Ok((resolved, in_use))
    }
}

/// Why a pack is not swapped in.
enum ReloadError {
    Pack(PackError),
    Obtain(ObtainError),
    /// The host is ending.
    Ended,
}

impl Name {
    /// Says that what the name leads to is refused: once for each reason.
    fn refuse(&mut self, why: String, signature: bool) {
        let (digest, said, helps) =
            self.refused.get_or_insert((self.followed.resolved.digest, String::new(), signature));
        *helps = signature;
        if *said != why {
            tracing::error!("{why} ({digest}); the version before goes on");
            *said = why;
        }
    }
}

/// A fifth more or less, at random: a fleet does not ask all at once.
fn jittered(interval: Duration) -> Duration {
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
