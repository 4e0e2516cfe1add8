//! The bodies of requests and responses: counted, and timed where a client keeps the server waiting.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use super::owed::Debt;
use super::record::Record;
use crate::metrics::{Reason, metrics};

/// How much is handed on at once over HTTP/2, in bytes. Who takes less in `limits.idle_time` counts as silent.
const PORTION: usize = 16 << 10;

/// How the client is too slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooSlow {
    /// Nothing came for a while.
    #[error("the client sent nothing for {}", humantime::format_duration(*.0))]
    Silent(Duration),
    /// Too little came for a while.
    #[error("the client sent less than {least} bytes in {}", humantime::format_duration(*.time))]
    BelowRate {
        /// How much there should have been, in bytes.
        least: u64,
        /// In which time.
        time: Duration,
    },
    /// Not all came in time.
    #[error("the client did not send all of it within {}", humantime::format_duration(*.0))]
    Deadline(Duration),
}

/// The body of a request cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    /// The client is too slow.
    #[error(transparent)]
    TooSlow(TooSlow),
    /// The connection failed.
    #[error("{0}")]
    Connection(BoxError),
}

/// How fast a body has to come, beyond not stopping. Only the time counts that the server waits for the client.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pace {
    /// All of it in so long: what is short.
    Within(Duration),
    /// In each such time at least so many bytes: what may be as long as a blob.
    Rate {
        /// In bytes.
        least: u64,
        /// Each of these.
        time: Duration,
    },
}

impl Pace {
    fn time(self) -> Duration {
        match self {
            Self::Within(time) | Self::Rate { time, .. } => time,
        }
    }
}

/// What comes from a client.
pub(super) struct Incoming<B> {
    inner: B,
    patience: Duration,
    pace: Pace,
    waiting: Option<Waiting>,
    /// How long was waited before, and how much came meanwhile: of the whole body, or since the rate was looked at.
    waited: Duration,
    came: u64,
    /// Told to whoever answers the request.
    too_slow: Arc<OnceLock<TooSlow>>,
}

/// The client is waited for.
struct Waiting {
    silent_since: Instant,
    /// From when on it counts for the pace.
    counted_since: Instant,
    sleep: Pin<Box<Sleep>>,
}

impl<B> Incoming<B> {
    pub(super) fn new(inner: B, patience: Duration, pace: Pace, too_slow: Arc<OnceLock<TooSlow>>) -> Self {
        Self { inner, patience, pace, waiting: None, waited: Duration::ZERO, came: 0, too_slow }
    }

    /// Ends when the client was waited for too long.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<TooSlow> {
        loop {
            let (patience, time) = (self.patience, self.pace.time());
            let left = time.saturating_sub(self.waited).min(patience);
            let waiting = self.waiting.get_or_insert_with(|| {
                let now = Instant::now();
                Waiting { silent_since: now, counted_since: now, sleep: Box::pin(sleep(left)) }
            });
            ready!(waiting.sleep.as_mut().poll(cx));
            if waiting.silent_since.elapsed() >= patience {
                return Poll::Ready(TooSlow::Silent(patience));
            }
            match self.pace {
                Pace::Within(time) => return Poll::Ready(TooSlow::Deadline(time)),
                Pace::Rate { least, time } if self.came < least => {
                    return Poll::Ready(TooSlow::BelowRate { least, time });
                }
                // Enough came before: another time of the rate begins.
                Pace::Rate { time, .. } => {
                    (self.waited, self.came, waiting.counted_since) = (Duration::ZERO, 0, Instant::now());
                    let left = patience.saturating_sub(waiting.silent_since.elapsed());
                    waiting.sleep = Box::pin(sleep(time.min(left)));
                }
            }
        }
    }
}

impl<B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Unpin> http_body::Body for Incoming<B> {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let this = &mut *self;
        if let Some(too_slow) = this.too_slow.get() {
            return Poll::Ready(Some(Err(Broken::TooSlow(*too_slow))));
        }
        let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) else {
            let too_slow = ready!(this.wait(cx));
            let _ = this.too_slow.set(too_slow);
            metrics().rejected(Reason::SlowBody);
            return Poll::Ready(Some(Err(Broken::TooSlow(too_slow))));
        };
        if let Some(waiting) = this.waiting.take() {
            this.waited += waiting.counted_since.elapsed();
        }
        if let Some(bytes) = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref) {
            this.came += bytes.len() as u64;
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
    use tokio::time::timeout;

    use super::super::owed::{Owed, Silence};
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    /// A body whose pieces come when they are sent.
    fn body() -> (mpsc::UnboundedSender<&'static str>, Body) {
        let (sender, mut pieces) = mpsc::unbounded_channel();
        let next = move |cx: &mut Context<'_>| pieces.poll_recv(cx).map(|piece| piece.map(Ok::<_, BoxError>));
        (sender, Body::from_stream(futures_util::stream::poll_fn(next)))
    }

    /// A body that may take as long as it likes, but for pauses.
    const NO_RATE: Pace = Pace::Rate { least: 0, time: PATIENCE };

    fn incoming(pace: Pace) -> (mpsc::UnboundedSender<&'static str>, Incoming<Body>, Arc<OnceLock<TooSlow>>) {
        let ((sender, body), too_slow) = (body(), Arc::default());
        (sender, Incoming::new(body, PATIENCE, pace, Arc::clone(&too_slow)), too_slow)
    }

    /// Reads all of a body of which a piece comes every second; how long it went well, in seconds.
    async fn drip(pace: Pace, piece: &'static str, seconds: usize) -> Result<(), (u64, TooSlow)> {
        let (sender, mut body, _) = incoming(pace);
        tokio::spawn(async move {
            for _ in 0..seconds {
                sleep(Duration::from_secs(1)).await;
                let _ = sender.send(piece);
            }
        });
        let began = Instant::now();
        loop {
            match next(&mut body).await {
                None => return Ok(()),
                Some(Ok(_)) => {}
                Some(Err(Broken::TooSlow(error))) => return Err((began.elapsed().as_secs(), error)),
                Some(Err(other)) => panic!("{other}"),
            }
        }
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
        let (sender, mut body, too_slow) = incoming(NO_RATE);
        sender.send("some").unwrap();
        assert_eq!(next(&mut body).await.unwrap().unwrap(), "some");
        let began = Instant::now();
        let error = timeout(PATIENCE * 10, next(&mut body)).await.expect("it is cut").unwrap().unwrap_err();
        assert!(matches!(error, Broken::TooSlow(TooSlow::Silent(PATIENCE))), "{error}");
        assert!(began.elapsed() >= PATIENCE && began.elapsed() < PATIENCE * 5 / 4, "{:?}", began.elapsed());
        assert!(too_slow.get().is_some());
        sender.send("too late").unwrap();
        assert!(next(&mut body).await.unwrap().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_slow_but_comes() {
        const PIECES: usize = 10;
        let (sender, mut body, too_slow) = incoming(NO_RATE);
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
        assert!(too_slow.get().is_none());
    }

    /// A byte a second is never silent, and would hold a connection for ever.
    #[tokio::test(start_paused = true)]
    async fn a_body_that_trickles() {
        let within = Pace::Within(Duration::from_secs(30));
        assert_eq!(drip(within, "x", 1000).await, Err((30, TooSlow::Deadline(Duration::from_secs(30)))));
        assert_eq!(drip(within, "x", 29).await, Ok(()));
        let time = Duration::from_secs(20);
        let rate = Pace::Rate { least: 40, time };
        assert_eq!(drip(rate, "x", 1000).await, Err((20, TooSlow::BelowRate { least: 40, time })));
        assert_eq!(drip(rate, "xxx", 1000).await, Ok(()));
        // Silence that is longer than the time of the rate counts as a part of it.
        let (sender, mut body, _) = incoming(rate);
        sender.send("as much as is asked for, and some more than that").unwrap();
        assert!(next(&mut body).await.unwrap().is_ok());
        let began = Instant::now();
        assert!(next(&mut body).await.unwrap().is_err());
        assert_eq!(began.elapsed().as_secs(), 40);
    }

    /// The time that the server takes is not the client's.
    #[tokio::test(start_paused = true)]
    async fn a_server_that_is_slow() {
        let time = Duration::from_secs(20);
        let (sender, mut body, _) = incoming(Pace::Rate { least: 40, time });
        for _ in 0..100 {
            sender.send("x").unwrap();
            sleep(time).await;
            assert!(next(&mut body).await.unwrap().is_ok());
        }
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
