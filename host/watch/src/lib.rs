//! Notices that what stands in files has changed, by looking at it now and then, and has it read anew.

#![forbid(unsafe_code)]

mod facts;

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

pub use facts::Facts;

/// How often it is looked whether something has changed.
const LOOK: Duration = Duration::from_secs(2);

/// Why something is read anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It has changed.
    Changed,
    /// Somebody asked, and it is as it was.
    Asked,
}

/// Watches over something. Ends when dropped.
pub struct Watch {
    look: Sender<()>,
}

impl Watch {
    /// Has `read` called on a thread of this name whenever what `stamp` says is another than it was last, and whenever
    /// somebody asks. `last` is what it said before what stands there was read: what is saved between that and now is
    /// read anew too.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn start<S: PartialEq + Send + 'static>(
        thread: &str,
        mut last: S,
        stamp: impl Fn() -> S + Send + 'static,
        mut read: impl FnMut(Why) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (look, asks) = channel();
        std::thread::Builder::new().name(thread.to_owned()).spawn(move || {
            loop {
                let asked = match asks.recv_timeout(LOOK) {
                    Ok(()) => true,
                    Err(RecvTimeoutError::Timeout) => false,
                    Err(RecvTimeoutError::Disconnected) => return,
                };
                // Before it is read: what is changed meanwhile is seen next.
                let now = stamp();
                let changed = now != last;
                last = now;
                if changed {
                    read(Why::Changed);
                } else if asked {
                    read(Why::Asked);
                }
            }
        })?;
        Ok(Self { look })
    }

    /// Looks now.
    pub fn look(&self) {
        // It ends with the host only.
        let _ = self.look.send(());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn what_changed_is_read_and_so_is_what_somebody_asks_for() {
        let stamp = Arc::new(AtomicU32::new(0));
        let (said, heard) = channel();
        let of = stamp.clone();
        let watch =
            Watch::start("test", 0, move || of.load(Ordering::SeqCst), move |why| said.send(why).expect("heard"));
        let watch = watch.expect("a thread");
        watch.look();
        assert_eq!(heard.recv(), Ok(Why::Asked));
        stamp.store(1, Ordering::SeqCst);
        assert_eq!(heard.recv(), Ok(Why::Changed), "nobody asked");
        drop(watch);
        assert!(heard.recv().is_err(), "it ends");
    }
}
