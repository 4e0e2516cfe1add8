//! The bodies of requests and responses: counted, and timed where a client keeps the server waiting.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::owed::Debt;
use super::record::Record;
use crate::metrics::{Reason, metrics};

/// How much is handed on at once over HTTP/2, in bytes. Who takes less in `limits.idle_time` counts as silent.
const PORTION: usize = 16 << 10;

/// The body of a request ended before its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    /// Nothing came for a while.
    #[error("the client sent nothing for {}", humantime::format_duration(*.0))]
    Silent(Duration),
    /// The connection failed.
    #[error("{0}")]
    Connection(hyper::Error),
}

/// What comes from a client.
pub(super) struct Incoming {
    inner: hyper::body::Incoming,
    patience: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
    /// Told to whoever answers the request.
    silent: Arc<AtomicBool>,
}

impl Incoming {
    pub(super) fn new(inner: hyper::body::Incoming, patience: Duration, silent: Arc<AtomicBool>) -> Self {
        Self { inner, patience, waiting: None, silent }
    }
}

impl http_body::Body for Incoming {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let this = &mut *self;
        if this.silent.load(Ordering::Relaxed) {
            return Poll::Ready(Some(Err(Broken::Silent(this.patience))));
        }
        let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) else {
            let waiting = this.waiting.get_or_insert_with(|| Box::pin(sleep(this.patience)));
            ready!(waiting.as_mut().poll(cx));
            this.silent.store(true, Ordering::Relaxed);
            metrics().rejected(Reason::SlowBody);
            return Poll::Ready(Some(Err(Broken::Silent(this.patience))));
        };
        this.waiting = None;
        if let Some(bytes) = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref) {
            metrics().received.inc_by(bytes.len() as u64);
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Broken::Connection)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// What a client is sent.
pub(super) struct Outgoing {
    inner: Body,
    record: Record,
    /// Over HTTP/2 only: there a stream stands still without the connection standing still.
    debt: Option<Debt>,
    /// Of the last piece, what was not handed on yet.
    rest: Bytes,
}

impl Outgoing {
    pub(super) fn new(inner: Body, record: Record, debt: Option<Debt>) -> Self {
        Self { inner, record, debt, rest: Bytes::new() }
    }

    fn hand_on(&mut self, mut bytes: Bytes) -> Frame<Bytes> {
        if let Some(debt) = &self.debt {
            self.rest = bytes.split_off(bytes.len().min(PORTION));
            debt.owes();
        }
        self.record.sent(bytes.len() as u64);
        Frame::data(bytes)
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if let Some(debt) = &this.debt {
            debt.paid();
        }
        if !this.rest.is_empty() {
            let rest = std::mem::take(&mut this.rest);
            return Poll::Ready(Some(Ok(this.hand_on(rest))));
        }
        let frame = ready!(Pin::new(&mut this.inner).poll_frame(cx));
        Poll::Ready(match frame {
            Some(Ok(frame)) => Some(Ok(match frame.into_data() {
                Ok(bytes) => this.hand_on(bytes),
                Err(trailers) => trailers,
            })),
            Some(Err(error)) => {
                this.record.failed(&error);
                Some(Err(error))
            }
            None => {
                this.record.whole();
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let inner = self.inner.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + rest);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}
