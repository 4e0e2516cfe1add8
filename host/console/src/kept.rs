//! Reading what is kept: few at a time, off the threads that answer, and for so long at most.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lanner_store::{Reader, StoreError};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

/// So many read at a time.
const AT_ONCE: usize = 4;
/// How long one waits for a turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one may read.
const DEADLINE: Duration = Duration::from_secs(5);
/// How often it is then told to give up.
const AGAIN: Duration = Duration::from_millis(10);

/// Findings that are kept.
pub(crate) struct Kept {
    path: PathBuf,
    turns: Arc<Semaphore>,
    deadline: Duration,
}

/// Nothing was read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotRead {
    /// Others read.
    #[error("too many look through the findings at the moment: try again")]
    Busy,
    /// It took too long.
    #[error("this took longer than {DEADLINE:?}, and was given up: ask for a shorter time, or by something rarer")]
    TooLong,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It panicked.
    #[error("the findings could not be read: the host's log says why")]
    Failed,
}

impl Kept {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, turns: Arc::new(Semaphore::new(AT_ONCE)), deadline: DEADLINE }
    }

    /// Asks the store. It is opened for each: one that was damaged may be another file by now.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, NotRead> {
        let turn = timeout(PATIENCE, self.turns.clone().acquire_owned()).await.map_err(|_| NotRead::Busy)?;
        let (tell, told) = oneshot::channel();
        let path = self.path.clone();
        let mut asked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let mut reader = Reader::open(&path)?;
            let _ = tell.send(reader.interrupt_handle());
            ask(&mut reader)
        });
        let answer = match timeout(self.deadline, &mut asked).await {
            Ok(answer) => answer,
            Err(_) => {
                let interrupt = told.await;
                // Between two questions there is nothing to give up: told again, the next one is.
                loop {
                    if let Ok(interrupt) = &interrupt {
                        interrupt.interrupt();
                    }
                    if let Ok(answer) = timeout(AGAIN, &mut asked).await {
                        break answer;
                    }
                }
            }
        };
        match answer {
            Err(_) => Err(NotRead::Failed),
            Ok(Err(error)) if error.is_interrupt() => Err(NotRead::TooLong),
            Ok(answer) => Ok(answer?),
        }
    }
}

#[cfg(test)]
mod tests {
    use lanner_store::{Bounds, Filter, Store};

    use super::*;

    #[tokio::test]
    async fn what_takes_too_long_is_given_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("findings.db");
        let store = Kept { deadline: Duration::from_millis(10), ..Kept::new(path.clone()) };
        let asked = store.ask(|reader| reader.page(&Filter::default(), None, 1)).await;
        assert!(matches!(asked, Err(NotRead::Store(StoreError::Missing(_)))), "{asked:?}");
        drop(Store::open(&path, Bounds::default()).expect("a store"));
        let endless = store
            .ask(|reader| {
                loop {
                    reader.page(&Filter::default(), None, 1)?;
                }
            })
            .await;
        let endless: Result<(), NotRead> = endless;
        assert!(matches!(endless, Err(NotRead::TooLong)), "{endless:?}");
        store.ask(|reader| reader.page(&Filter::default(), None, 1)).await.expect("it goes on");
    }
}
