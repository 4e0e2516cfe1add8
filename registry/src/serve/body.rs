//! The bodies of requests and responses: counted, and timed where a client keeps the server waiting.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
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
    Connection(BoxError),
}

/// What comes from a client.
pub(super) struct Incoming<B> {
    inner: B,
    patience: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
    /// Told to whoever answers the request.
    silent: Arc<AtomicBool>,
}

impl<B> Incoming<B> {
    pub(super) fn new(inner: B, patience: Duration, silent: Arc<AtomicBool>) -> Self {
        Self { inner, patience, waiting: None, silent }
    }
}

impl<B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Unpin> http_body::Body for Incoming<B> {
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
        Poll::Ready(frame.map(|frame| frame.map_err(|error| Broken::Connection(error.into()))))
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

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use tokio::sync::mpsc;
    use tokio::time::{Instant, timeout};

    use super::super::owed::{Owed, Silence};
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    /// A body whose pieces come when they are sent.
    fn body() -> (mpsc::UnboundedSender<&'static str>, Body) {
        let (sender, mut pieces) = mpsc::unbounded_channel();
        let next = move |cx: &mut Context<'_>| pieces.poll_recv(cx).map(|piece| piece.map(Ok::<_, BoxError>));
        (sender, Body::from_stream(futures_util::stream::poll_fn(next)))
    }

    fn incoming() -> (mpsc::UnboundedSender<&'static str>, Incoming<Body>, Arc<AtomicBool>) {
        let ((sender, body), silent) = (body(), Arc::new(AtomicBool::new(false)));
        (sender, Incoming::new(body, PATIENCE, silent.clone()), silent)
    }

    /// What is sent over HTTP/2, where a client takes it portion by portion.
    fn outgoing(body: Body) -> (Owed, Outgoing) {
        let owed = Owed::new();
        let record = Record::begin(&Method::GET, "/v2/a/blobs/b", std::net::Ipv4Addr::LOCALHOST.into());
        let outgoing = Outgoing::new(body, record, Some(owed.stream()));
        (owed, outgoing)
    }

    /// The next piece.
    async fn next<B: http_body::Body<Data = Bytes> + Unpin>(body: &mut B) -> Option<Result<Bytes, B::Error>> {
        let frame = std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await;
        frame.map(|frame| frame.map(|frame| frame.into_data().expect("nothing sends trailers")))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops() {
        let (sender, mut body, silent) = incoming();
        sender.send("some").unwrap();
        assert_eq!(next(&mut body).await.unwrap().unwrap(), "some");
        let began = Instant::now();
        let error = timeout(PATIENCE * 10, next(&mut body)).await.expect("it is cut").unwrap().unwrap_err();
        assert!(matches!(error, Broken::Silent(PATIENCE)), "{error}");
        assert!(began.elapsed() >= PATIENCE && began.elapsed() < PATIENCE * 5 / 4, "{:?}", began.elapsed());
        assert!(silent.load(Ordering::Relaxed));
        sender.send("too late").unwrap();
        assert!(next(&mut body).await.unwrap().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_slow_but_comes() {
        const PIECES: usize = 10;
        let (sender, mut body, silent) = incoming();
        tokio::spawn(async move {
            for _ in 0..PIECES {
                sleep(PATIENCE * 9 / 10).await;
                sender.send("some").unwrap();
            }
        });
        for _ in 0..PIECES {
            assert_eq!(next(&mut body).await.unwrap().unwrap(), "some");
        }
        assert!(next(&mut body).await.is_none());
        assert!(!silent.load(Ordering::Relaxed));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_little_at_once() {
        const PORTIONS: usize = 10;
        let (owed, mut body) = outgoing(Body::from(vec![0; PORTIONS * PORTION]));
        let slowly = async {
            for _ in 0..PORTIONS {
                assert_eq!(next(&mut body).await.unwrap().unwrap().len(), PORTION);
                sleep(PATIENCE * 9 / 10).await;
            }
        };
        tokio::select! {
            silence = owed.silent(PATIENCE) => panic!("{silence:?}"),
            () = slowly => {}
        }
        // It leaves the last portion where it is.
        assert_eq!(timeout(PATIENCE * 10, owed.silent(PATIENCE)).await, Ok(Silence::Takes));
        assert!(next(&mut body).await.is_none());
        drop(body);
        assert_eq!(timeout(PATIENCE * 10, owed.silent(PATIENCE)).await, Ok(Silence::Asks));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_waits_for_the_storage() {
        let (sender, body) = body();
        let (owed, mut body) = outgoing(body);
        sender.send("some").unwrap();
        assert_eq!(next(&mut body).await.unwrap().unwrap(), "some");
        tokio::select! {
            silence = owed.silent(PATIENCE) => panic!("{silence:?}"),
            _ = next(&mut body) => panic!("nothing more is sent"),
            () = sleep(PATIENCE * 10) => {}
        }
    }
}
