//! Lists from registries: obtained, verified and followed as packs are, with the same policy.

use std::collections::BTreeSet;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lanner_contract::ListType;
use lanner_engine::Description;
use lanner_lists::{Members, Origin, Stamp};

use crate::board::Board;
use crate::follow::jittered;
use crate::obtain::{ObtainError, Obtained, Obtainer};
use crate::reference::Reference;
use crate::remote::Resolved;
use crate::store::InUse;

/// A list in a registry.
pub struct RegistryList {
    obtainer: Arc<Obtainer>,
    reference: Reference,
    /// The column or field that has the entries, where that is said.
    column: Option<String>,
    /// What was accepted last.
    current: Mutex<Current>,
}

struct Current {
    resolved: Resolved,
    /// What it calls itself, and as of when it is.
    description: Description,
    /// Keeps it in the store.
    _in_use: Option<InUse>,
}

impl RegistryList {
    /// Obtains what the name leads to, by an obtainer of lists; with `kept_first`, what was accepted before is taken without
    /// asking the registry, where there is something.
    ///
    /// # Errors
    /// It cannot be had, or is not trusted.
    pub fn open(
        obtainer: Arc<Obtainer>,
        reference: Reference,
        column: Option<String>,
        kept_first: bool,
    ) -> Result<Self, ObtainError> {
        let kept = if kept_first { obtainer.obtain_kept(&reference)? } else { None };
        let obtained = kept.map_or_else(|| obtainer.obtain(&reference), Ok)?;
        let current = Mutex::new(accept(&obtainer, &reference, obtained)?);
        Ok(Self { obtainer, reference, column, current })
    }

    /// Looks whether the name leads to another list by now, and takes that, where it is trusted; says whether it did.
    ///
    /// # Errors
    /// The registry does not say, or what the name leads to is refused: the one before stays.
    fn look(&self) -> Result<bool, ObtainError> {
        let (known, description) = {
            let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            (current.resolved.clone(), current.description.clone())
        };
        let now = self.obtainer.resolve(&self.reference, Some(&known))?;
        if now.digest != known.digest {
            let obtained = self.obtainer.obtain_resolved(&self.reference, now)?;
            let accepted = accept(&self.obtainer, &self.reference, obtained)?;
            *self.current.lock().unwrap_or_else(PoisonError::into_inner) = accepted;
            return Ok(true);
        }
        // The policy may be another than it was.
        match self.obtainer.check_kept(&self.reference, known.digest, &description)? {
            Some(error) => {
                let reference = Box::new(self.reference.clone());
                Err(ObtainError::Trust { reference, error: Box::new(error) })
            }
            None => Ok(false),
        }
    }

    fn resolved(&self) -> Resolved {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).resolved.clone()
    }
}

impl Origin for RegistryList {
    fn name(&self) -> String {
        self.reference.to_string()
    }

    fn stamp(&self) -> Stamp {
        Stamp::Content(self.resolved().digest.to_string())
    }

    fn read(&self, list: &str, holds: &ListType) -> Result<Members, String> {
        // Out of the store, verified anew.
        let obtained = self.obtainer.obtain_resolved(&self.reference, self.resolved());
        let Obtained { manifest, component, .. } = obtained.map_err(|error| error.to_string())?;
        let read = manifest.form().read(&component, holds, list, self.column.as_deref());
        read.map_err(|wrong| format!("{}: {wrong}", self.reference))
    }
}

/// Refuses one that the policy does not admit, that is older than what was accepted under that name before, or that is called
/// otherwise; and notes that it was accepted.
fn accept(obtainer: &Obtainer, reference: &Reference, obtained: Obtained) -> Result<Current, ObtainError> {
    let Obtained { manifest, resolved, in_use, .. } = obtained;
    // What is older is told by when it was made: a list has no other version.
    let seconds = manifest.created().map_or(0, |created| created.as_second().max(0));
    let name = manifest.title().unwrap_or_default().to_owned();
    let description = Description { name, version: format!("{seconds}.0.0"), ..Description::default() };
    obtainer.check_accepted(reference, resolved.digest, &description)?;
    obtainer.accept(reference, resolved.digest, &description)?;
    Ok(Current { resolved, description, _in_use: in_use })
}

/// Follows lists. Ends when dropped.
pub struct ListFollower {
    look: Sender<()>,
}

impl ListFollower {
    /// Looks at these now, where `now` says so, when it is asked to, and again and again, where there is an interval; `changed` is
    /// called when one of them has changed.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn start(
        lists: Vec<Arc<RegistryList>>,
        (now, interval): (bool, Option<Duration>),
        board: Board,
        changed: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let (look, asks) = channel();
        std::thread::Builder::new().name("lanner-lists-from".into()).spawn(move || {
            let mut said = BTreeSet::new();
            let mut first = now;
            loop {
                let asked = match interval {
                    _ if std::mem::take(&mut first) => Ok(()),
                    None => asks.recv().map_err(|_| RecvTimeoutError::Disconnected),
                    Some(interval) => asks.recv_timeout(jittered(interval)),
                };
                if asked == Err(RecvTimeoutError::Disconnected) {
                    return;
                }
                let mut any = false;
                for list in &lists {
                    any |= follow(list, &board, &mut said);
                }
                if any {
                    changed();
                }
            }
        })?;
        Ok(Self { look })
    }

    /// Looks at all of them now.
    pub fn look(&self) {
        // It ends with the host only.
        let _ = self.look.send(());
    }
}

/// Looks at one; says whether it changed. What is wrong is said once.
fn follow(list: &RegistryList, board: &Board, said: &mut BTreeSet<String>) -> bool {
    let about = format!("list {}", list.reference);
    if let Err(error) = list.obtainer.trust.refresh() {
        let what = format!("the trust policy has changed and cannot be used: {error}; no list is taken by it");
        if said.insert(what.clone()) {
            tracing::error!("{what}");
        }
        board.set(&about, &what);
        return false;
    }
    match list.look() {
        Ok(changed) => {
            if board.clear(&about) {
                said.clear();
            }
            changed
        }
        Err(error) => {
            let what = format!("{error}; the list that was taken before holds");
            board.set(&about, &what);
            if said.insert(what.clone()) {
                tracing::warn!("{what}");
            }
            false
        }
    }
}
