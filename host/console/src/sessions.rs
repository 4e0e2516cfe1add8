//! Who is logged in. Kept in memory only: when the host ends, all are logged out.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::rand;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

/// How long one lasts at most, and without being used.
pub(crate) const LASTS: Duration = Duration::from_secs(12 * 3600);
const UNUSED: Duration = Duration::from_secs(2 * 3600);
/// So many at a time; whoever was away the longest goes first.
const MOST: usize = 256;
/// Bytes of what cannot be guessed.
const MOST_OF_ONE: usize = 16;
/// Bytes of a secret.
const SECRET: usize = 32;

/// Somebody who is logged in.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// Who.
    pub(crate) name: String,
    /// What has to stand in each form, so that no page of others can send one.
    pub(crate) form: String,
    /// The hash of the password: with another one, it ends.
    pub(crate) credential: Vec<u8>,
    began: Instant,
    used: Instant,
}

/// All of them, each by the hash of its secret: who could read this memory later would have no use of it.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<[u8; 32], Session>>);

/// A text that cannot be guessed.
///
/// # Panics
/// The system gives no random numbers.
pub(crate) fn secret() -> String {
    let mut bytes = [0; SECRET];
    rand::fill(&mut bytes).expect("the system gives random numbers");
    hex::encode(bytes)
}

fn key(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

impl Sessions {
    fn all(&self) -> MutexGuard<'_, HashMap<[u8; 32], Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins one; says its secret.
    pub(crate) fn begin(&self, name: String, credential: Vec<u8>) -> String {
        let (secret, now) = (secret(), Instant::now());
        let mut all = self.all();
        all.retain(|_, session| !session.is_over(now));
        let own = all.iter().filter(|(_, session)| session.name == name);
        // Nobody signs others out by signing in.
        if own.clone().count() >= MOST_OF_ONE
            && let Some(oldest) = own.min_by_key(|(_, session)| session.used).map(|(key, _)| *key)
        {
            all.remove(&oldest);
        }
        if all.len() >= MOST
            && let Some(oldest) = all.iter().min_by_key(|(_, session)| session.used).map(|(key, _)| *key)
        {
            all.remove(&oldest);
        }
        all.insert(key(&secret), Session { name, form: self::secret(), credential, began: now, used: now });
        secret
    }

    /// The one of this secret; it is used by that.
    pub(crate) fn get(&self, secret: &str) -> Option<Session> {
        let (key, now) = (key(secret), Instant::now());
        let mut all = self.all();
        let session = all.get_mut(&key)?;
        if session.is_over(now) {
            all.remove(&key);
            return None;
        }
        session.used = now;
        Some(session.clone())
    }

    /// Ends one.
    pub(crate) fn end(&self, secret: &str) {
        self.all().remove(&key(secret));
    }
}

impl Session {
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.began) >= LASTS || now.saturating_duration_since(self.used) >= UNUSED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn sessions_end_by_themselves() {
        let sessions = Sessions::default();
        let secret = sessions.begin("alice".into(), vec![1]);
        assert_eq!(secret.len(), 2 * SECRET);
        assert!(sessions.get("").is_none() && sessions.get(&secret[1..]).is_none());
        let session = sessions.get(&secret).expect("it is there");
        assert!(session.name == "alice" && session.form != secret);
        // Used again and again it lasts, but not for ever.
        let mut hours = 0;
        while sessions.get(&secret).is_some() {
            tokio::time::advance(Duration::from_secs(3600)).await;
            hours += 1;
        }
        assert_eq!(hours, 12);
        let unused = sessions.begin("alice".into(), vec![1]);
        tokio::time::advance(UNUSED).await;
        assert!(sessions.get(&unused).is_none());
        let ended = sessions.begin("alice".into(), vec![1]);
        sessions.end(&ended);
        assert!(sessions.get(&ended).is_none() && sessions.all().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_signs_in_again_and_again_signs_out_nobody_else() {
        let sessions = Sessions::default();
        let alice = sessions.begin("alice".into(), Vec::new());
        let mut own = Vec::new();
        for _ in 0..2 * MOST {
            tokio::time::advance(Duration::from_millis(1)).await;
            own.push(sessions.begin("bob".into(), Vec::new()));
        }
        assert!(sessions.get(&alice).is_some());
        let left = own.iter().filter(|secret| sessions.get(secret).is_some()).count();
        assert_eq!((left, sessions.get(own.last().expect("one")).is_some()), (MOST_OF_ONE, true), "the newest");
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_room_for_so_many() {
        let sessions = Sessions::default();
        let mut secrets = Vec::new();
        for _ in 0..=MOST {
            tokio::time::advance(Duration::from_millis(1)).await;
            let name = format!("user-{}", secrets.len() % (2 * MOST / MOST_OF_ONE));
            secrets.push(sessions.begin(name, Vec::new()));
        }
        assert_eq!(sessions.all().len(), MOST);
        assert!(sessions.get(&secrets[0]).is_none() && sessions.get(&secrets[1]).is_some());
    }
}
