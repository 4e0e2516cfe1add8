//! Over HTTP/2 a client may leave one stream standing while the connection goes on (it answers pings, it reads others).
//! Here is kept since when a client owes something on each stream, so that one who owes too long is cut.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// What the client of one connection owes.
#[derive(Clone)]
pub(super) struct Owed(Arc<Mutex<State>>);

struct State {
    next: u64,
    /// The responses under way; since when the client does not take more, if it is its turn.
    streams: HashMap<u64, Option<Instant>>,
    /// When the last one ended.
    rests_since: Instant,
}

/// What is owed on one stream.
pub(super) struct Debt {
    owed: Owed,
    id: u64,
}

/// How a client was too slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// It asks for nothing.
    Asks,
    /// It does not take what it asked for.
    Takes,
}

impl Owed {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State { next: 0, streams: HashMap::new(), rests_since: Instant::now() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nothing panics while it is held")
    }

    /// A request came.
    pub(super) fn stream(&self) -> Debt {
        let mut state = self.state();
        let id = state.next;
        state.next += 1;
        state.streams.insert(id, None);
        Debt { owed: self.clone(), id }
    }

    /// Ends when the client was silent for so long.
    pub(super) async fn silent(&self, patience: Duration) -> Silence {
        /// How often is looked, in parts of the patience.
        const LOOKS: u32 = 8;
        loop {
            sleep(patience / LOOKS).await;
            let state = self.state();
            if state.streams.is_empty() && state.rests_since.elapsed() >= patience {
                return Silence::Asks;
            }
            if state.streams.values().flatten().any(|since| since.elapsed() >= patience) {
                return Silence::Takes;
            }
        }
    }
}

impl Debt {
    /// It is the client's turn.
    pub(super) fn owes(&self) {
        self.owed.state().streams.insert(self.id, Some(Instant::now()));
    }

    /// It is the server's turn.
    pub(super) fn paid(&self) {
        self.owed.state().streams.insert(self.id, None);
    }
}

impl Drop for Debt {
    fn drop(&mut self) {
        let mut state = self.owed.state();
        state.streams.remove(&self.id);
        state.rests_since = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn who_owes_is_cut() {
        let owed = Owed::new();
        assert_eq!(owed.silent(PATIENCE).await, Silence::Asks);

        let (slow, busy) = (owed.stream(), owed.stream());
        // The server works: nobody owes anything, however long it takes.
        assert!(timeout(PATIENCE * 10, owed.silent(PATIENCE)).await.is_err());
        slow.owes();
        let began = Instant::now();
        let traffic = async {
            loop {
                busy.owes();
                sleep(PATIENCE / 3).await;
                busy.paid();
            }
        };
        tokio::select! {
            silence = owed.silent(PATIENCE) => assert_eq!(silence, Silence::Takes),
            () = traffic => {}
        }
        assert!(began.elapsed() >= PATIENCE && began.elapsed() < PATIENCE * 5 / 4, "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_slow_but_steady_is_not() {
        let owed = Owed::new();
        let stream = owed.stream();
        let traffic = async {
            for _ in 0..100 {
                stream.owes();
                sleep(PATIENCE * 9 / 10).await;
            }
        };
        tokio::select! {
            silence = owed.silent(PATIENCE) => panic!("{silence:?}"),
            () = traffic => {}
        }
    }
}
