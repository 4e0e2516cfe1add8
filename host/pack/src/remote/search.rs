//! Asking a registry of ours which packs it has.

use lanner_oci::Scope;
use reqwest::{Method, StatusCode, Url};
use serde::{Deserialize, Serialize};

use super::{DOCUMENT, Remote, RemoteError};
use crate::artifact::MAX_DOCUMENT;

/// Pages of an answer at most; one that never ends is not read for ever.
const MAX_PAGES: usize = 100;

/// What to look for; all that is said must hold.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Words in names, summaries and rules.
    pub words: Vec<String>,
    /// In a rule's id.
    pub rule: Option<String>,
    /// An ATT&CK technique id.
    pub attack: Option<String>,
    /// A kind of event.
    pub event: Option<String>,
    /// A severity that some rule has.
    pub severity: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    packs: Vec<Found>,
    #[serde(default)]
    next: Option<String>,
}

/// A pack that was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    /// The registry's answer, with all that it says of the pack.
    #[serde(flatten)]
    pub facts: serde_json::Map<String, serde_json::Value>,
}

impl Remote {
    /// The packs for which all holds.
    ///
    /// # Errors
    /// The registry has no search, or cannot be asked.
    pub fn search(&self, search: &Search) -> Result<Vec<Found>, RemoteError> {
        let mut url = self.wait(DOCUMENT, async {
            // Who does not say who they are is shown what everybody may see, and never asked.
            if let Err(error) = self.client.introduce().await {
                tracing::warn!("only what everybody may see is searched: {error}");
            }
            self.client.url("api/v1/packs").await.map_err(|error| self.failed(error, None))
        })?;
        let words = (!search.words.is_empty()).then(|| search.words.join(" "));
        let all = [
            ("q", &words),
            ("rule", &search.rule),
            ("attack", &search.attack),
            ("event", &search.event),
            ("severity", &search.severity),
        ];
        url.query_pairs_mut().extend_pairs(all.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))));
        let mut found = Vec::new();
        for _ in 0..MAX_PAGES {
            let (mut page, next) = self.page(&url)?;
            found.append(&mut page);
            let Some(next) = next else { break };
            let next = url.join(&next).map_err(|error| self.malformed(error))?;
            if next.origin() != url.origin() {
                return Err(self.malformed(format!("its next page is elsewhere, at {next}")));
            }
            url = next;
        }
        Ok(found)
    }

    /// One page of what was found, and where the next one is.
    fn page(&self, url: &Url) -> Result<(Vec<Found>, Option<String>), RemoteError> {
        let no_search = || RemoteError::NoSearch { registry: self.registry.clone() };
        self.wait(DOCUMENT, async {
            let response = self.get(Method::GET, Scope::Registry, url, "application/json").await?;
            match response.status() {
                StatusCode::OK => {}
                StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => return Err(no_search()),
                _ => return Err(self.refusal(response, "the search").await),
            }
            let body = self.body(response, MAX_DOCUMENT, "what was found").await?;
            // What others have at that address is not this.
            let Answer { packs, next } = serde_json::from_slice(&body).map_err(|_| no_search())?;
            Ok((packs, next))
        })
    }
}
