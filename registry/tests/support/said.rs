//! What a process says on stderr.

use std::io::{BufRead as _, BufReader};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::HANG;

/// What a process says on stderr, read as it comes: it lags behind what the process does.
pub(crate) struct Said {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Said {
    /// Of a process whose stderr is piped.
    pub(crate) fn by(process: &mut Child) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let (stderr, lines) = (process.stderr.take().unwrap(), text.clone());
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut text = lines.lock().unwrap();
                text.push_str(&line);
                text.push('\n');
            }
        });
        Self { text, reader: Some(reader) }
    }

    /// What has been read of it: more may have been said. All of it after [`Said::end`].
    pub(crate) fn so_far(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    /// Reads the rest, once the process has ended.
    pub(crate) fn end(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
    }

    /// Waits until something can be found in it.
    pub(crate) async fn wait_for<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            // Asked first: whatever was said before the end has been read then.
            let over = self.reader.as_ref().is_none_or(JoinHandle::is_finished);
            let text = self.so_far();
            if let Some(found) = find(&text) {
                return found;
            }
            assert!(!over && began.elapsed() < HANG, "it does not say {what}:\n{text}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
