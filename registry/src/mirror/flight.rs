//! One question for all who ask it at the same time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

/// What is being asked, and where the answer will be.
pub(super) type Asked<K, A> = Arc<Mutex<HashMap<K, A>>>;

pub(super) struct Flights<K, V>(Asked<K, watch::Receiver<Option<V>>>);

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// Takes the question away when it is answered, or when answering it failed badly.
pub(super) struct Landing<K: Eq + Hash, A>(pub(super) Asked<K, A>, pub(super) K);

impl<K: Eq + Hash, A> Drop for Landing<K, A> {
    fn drop(&mut self) {
        self.0.lock().expect("nothing panics while it is held").remove(&self.1);
    }
}

impl<K, V> Flights<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// The answer to a question, and whether somebody had asked it already. It is worked out to its end even if nobody
    /// waits for it any more. No answer at all means that the process is ending, or that working it out panicked.
    pub(super) async fn ask<F>(&self, key: K, work: impl FnOnce() -> F) -> (Option<V>, bool)
    where
        F: Future<Output = V> + Send + 'static,
    {
        let (mut answer, joined) = {
            let mut asked = self.0.lock().expect("nothing panics while it is held");
            match asked.get(&key) {
                Some(answer) => (answer.clone(), true),
                None => {
                    let (sender, answer) = watch::channel(None);
                    let landing = Landing(self.0.clone(), key.clone());
                    let work = work();
                    tokio::spawn(async move {
                        let landing = landing;
                        let value = work.await;
                        // Whoever comes from here on asks anew.
                        drop(landing);
                        sender.send_replace(Some(value));
                    });
                    asked.insert(key, answer.clone());
                    (answer, false)
                }
            }
        };
        let value = answer.wait_for(Option::is_some).await.ok().and_then(|value| value.clone());
        (value, joined)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn one_answer_for_all() {
        let flights = Flights::default();
        let count = Arc::new(AtomicUsize::new(0));
        let work = || {
            let count = count.clone();
            async move {
                tokio::task::yield_now().await;
                count.fetch_add(1, Ordering::Relaxed)
            }
        };
        let (first, second, other) = tokio::join!(flights.ask(1, work), flights.ask(1, work), flights.ask(2, work));
        assert_eq!((first.1, second.1, other.1), (false, true, false), "the second joined");
        assert_eq!(first.0, second.0);
        assert_ne!(first.0, other.0);
        assert_eq!(count.load(Ordering::Relaxed), 2);
        assert_eq!(flights.ask(1, work).await, (Some(2), false), "asked anew");
    }

    #[tokio::test]
    async fn goes_on_without_those_who_asked() {
        let flights = Arc::new(Flights::<_, ()>::default());
        let (go, going) = tokio::sync::oneshot::channel();
        let (done, was_done) = tokio::sync::oneshot::channel();
        let asking = {
            let flights = flights.clone();
            tokio::spawn(async move {
                flights
                    .ask(1, || async move {
                        going.await.unwrap();
                        done.send(()).unwrap();
                    })
                    .await
            })
        };
        tokio::task::yield_now().await;
        asking.abort();
        assert!(asking.await.unwrap_err().is_cancelled());
        go.send(()).unwrap();
        was_done.await.unwrap();
    }

    #[tokio::test]
    async fn a_panic_is_no_answer_and_leaves_nothing() {
        let flights = Flights::<_, ()>::default();
        let (answer, _) = flights.ask(1, || async { panic!("on purpose") }).await;
        assert_eq!(answer, None);
        assert!(flights.0.lock().unwrap().is_empty());
    }
}
