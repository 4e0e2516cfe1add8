//! The findings of a running host, for clients that follow them: a sink that never waits for any of them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use lanner_finding::{Finding, Labels};
use lanner_sink::{Format as _, Json, Sink, SinkError};
use tokio::sync::Notify;

/// Findings that wait for a client at most, and bytes of them.
const MAX_LINES: usize = 1024;
const MAX_BYTES: usize = 4 << 20;

/// The clients that follow the findings. Cheap to clone.
#[derive(Clone, Default)]
pub struct Followers(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    queues: Vec<Weak<Queue>>,
    /// No findings come any more.
    closed: bool,
}

/// What a client is told next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// A finding, as a line.
    Line(Arc<[u8]>),
    /// So many came here for which there was no room.
    LeftOut(u64),
}

/// What waits for one client.
#[derive(Default)]
pub struct Queue {
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Default)]
struct Waiting {
    next: VecDeque<Next>,
    lines: usize,
    bytes: usize,
    closed: bool,
}

impl Followers {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The findings from now on, until the queue is dropped.
    pub fn follow(&self) -> Arc<Queue> {
        let mut state = self.state();
        let queue = Arc::<Queue>::default();
        if state.closed {
            queue.close();
        }
        state.queues.push(Arc::downgrade(&queue));
        queue
    }

    /// Those that still follow.
    fn queues(&self) -> Vec<Arc<Queue>> {
        let mut state = self.state();
        state.queues.retain(|queue| queue.strong_count() > 0);
        state.queues.iter().filter_map(Weak::upgrade).collect()
    }

    /// The sink that brings them the findings of the machine `host`, with its labels. When it is dropped they are told that
    /// no more come.
    pub fn sink(&self, host: &str, labels: &Labels) -> Box<dyn Sink> {
        Box::new(Tail { json: Json::new(host.to_owned()).labelled(labels), followers: self.clone() })
    }
}

struct Tail {
    json: Json,
    followers: Followers,
}

impl Sink for Tail {
    fn write(&mut self, finding: &Finding) {
        let queues = self.followers.queues();
        if queues.is_empty() {
            return;
        }
        let mut line = Vec::new();
        self.json.append(finding, &mut line);
        let line: Arc<[u8]> = line.into();
        queues.iter().for_each(|queue| queue.push(&line));
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    fn reopen(&mut self) {}

    fn is_place(&self) -> bool {
        false
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        let mut state = self.followers.state();
        state.closed = true;
        state.queues.iter().filter_map(Weak::upgrade).for_each(|queue| queue.close());
    }
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &Arc<[u8]>) {
        let mut waiting = self.waiting();
        if waiting.lines < MAX_LINES && (waiting.bytes + line.len() <= MAX_BYTES || waiting.lines == 0) {
            waiting.lines += 1;
            waiting.bytes += line.len();
            waiting.next.push_back(Next::Line(line.clone()));
        } else if let Some(Next::LeftOut(count)) = waiting.next.back_mut() {
            *count += 1;
        } else {
            waiting.next.push_back(Next::LeftOut(1));
        }
        drop(waiting);
        self.changed.notify_one();
    }

    fn close(&self) {
        self.waiting().closed = true;
        self.changed.notify_one();
    }

    /// Waits for what comes next; nothing where no more findings come.
    pub async fn next(&self) -> Option<Next> {
        loop {
            {
                let mut waiting = self.waiting();
                let next = waiting.next.pop_front();
                if let Some(Next::Line(line)) = &next {
                    waiting.lines -= 1;
                    waiting.bytes -= line.len();
                }
                if next.is_some() || waiting.closed {
                    return next;
                }
            }
            self.changed.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use lanner_engine::{Description, Rule};

    use super::*;

    fn finding(message: &str) -> Finding {
        let rule = Rule { id: "a/rule".into(), ..Rule::default() };
        let pack = Description { name: "pack".into(), rules: vec![rule], ..Description::default() };
        Finding::new(Arc::new(pack), 0, message.to_owned(), 1).expect("it has the rule")
    }

    async fn message(queue: &Queue) -> Option<Result<String, u64>> {
        Some(match queue.next().await? {
            Next::LeftOut(count) => Err(count),
            Next::Line(line) => {
                let finding: serde_json::Value = serde_json::from_slice(&line).expect("JSON");
                assert_eq!((&finding["type"], &finding["host"]), (&"finding".into(), &"here".into()));
                Ok(finding["message"].as_str().expect("a text").to_owned())
            }
        })
    }

    #[tokio::test]
    async fn what_a_client_does_not_take_is_told_where_it_is_missing() {
        let followers = Followers::default();
        let mut sink = followers.sink("here", &Labels::default());
        sink.write(&finding("before"));
        let (slow, quick) = (followers.follow(), followers.follow());
        for number in 0..MAX_LINES + 3 {
            sink.write(&finding(&number.to_string()));
            assert_eq!(message(&quick).await, Some(Ok(number.to_string())), "nobody waits for the slow one");
        }
        assert_eq!(message(&slow).await, Some(Ok("0".into())));
        sink.write(&finding("after"));
        for number in 1..MAX_LINES {
            assert_eq!(message(&slow).await, Some(Ok(number.to_string())));
        }
        assert_eq!(message(&slow).await, Some(Err(3)));
        assert_eq!(message(&slow).await, Some(Ok("after".into())));
        drop(sink);
        assert_eq!(message(&slow).await, None);
        assert_eq!(message(&followers.follow()).await, None);
    }

    #[tokio::test]
    async fn long_findings_are_bounded_by_their_bytes() {
        let followers = Followers::default();
        let mut sink = followers.sink("here", &Labels::default());
        let queue = followers.follow();
        for _ in 0..3 {
            sink.write(&finding(&"x".repeat(MAX_BYTES)));
        }
        // One always has room.
        assert_eq!(message(&queue).await.expect("one").expect("a line").len(), MAX_BYTES);
        assert_eq!(message(&queue).await, Some(Err(2)));
        drop(queue);
        sink.write(&finding("nobody follows"));
        assert!(followers.state().queues.is_empty());
    }
}
