//! The rules that run, as their packs describe them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lanner_control::Inquiry;
use lanner_control::host::PATIENCE;
use tokio::sync::Mutex;

/// Packs are loaded and replaced now and then.
const FRESH: Duration = Duration::from_secs(2);

/// A rule that runs.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// Techniques of ATT&CK.
    pub(crate) attack: Vec<String>,
    /// It does not run, as it needs what this host does not have.
    pub(crate) left_out: bool,
}

/// What was asked last.
#[derive(Default)]
pub(crate) struct Rules(Mutex<Option<(Instant, Arc<[Rule]>)>>);

impl Rules {
    /// All that run. None where the host does not answer in time.
    pub(crate) async fn all(&self, inquiry: &Inquiry) -> Option<Arc<[Rule]>> {
        let mut last = self.0.lock().await;
        if let Some((at, rules)) = &*last
            && at.elapsed() < FRESH
        {
            return Some(rules.clone());
        }
        let host = inquiry.host().clone();
        let status = tokio::task::spawn_blocking(move || host.status(PATIENCE)).await.ok().flatten()?;
        let rules = status.packs.iter().flat_map(|pack| {
            let description = &pack.description;
            description.rules.iter().enumerate().map(|(at, rule)| Rule {
                attack: rule.attack.clone(),
                left_out: description.left_out.iter().any(|left_out| left_out.rule as usize == at),
            })
        });
        let rules: Arc<[Rule]> = rules.collect();
        *last = Some((Instant::now(), rules.clone()));
        Some(rules)
    }
}
