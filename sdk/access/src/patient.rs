//! A stream that gives up on a client which takes nothing.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Fails when nothing of what is written was taken for a while. What is read is timed where it is known what is waited
/// for: at the head and the body of a request.
pub struct Patient<S> {
    inner: S,
    patience: Duration,
    /// Runs while the client owes.
    waiting: Option<Pin<Box<Sleep>>>,
}

/// What such a failure says.
#[derive(Debug, thiserror::Error)]
#[error("the client takes nothing of what it is sent")]
pub struct NotTaken;

impl<S> Patient<S> {
    /// So long may it take until something of what is written is taken.
    pub fn new(inner: S, patience: Duration) -> Self {
        Self { inner, patience, waiting: None }
    }

    fn watch<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.waiting = None;
            return outcome;
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(waiting.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, NotTaken)))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.watch(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.watch(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.inner).poll_flush(cx);
        self.watch(cx, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.watch(cx, outcome)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing() {
        let (mut client, server) = tokio::io::duplex(16);
        let mut server = Patient::new(server, Duration::from_secs(60));
        let error = server.write_all(&[0; 64]).await.unwrap_err();
        assert!(error.get_ref().unwrap().is::<NotTaken>(), "{error}");

        // One that takes a little now and then is served.
        let (mut slow, server) = tokio::io::duplex(16);
        let mut server = Patient::new(server, Duration::from_secs(60));
        let writing = tokio::spawn(async move { server.write_all(&[0; 64]).await });
        for _ in 0..8 {
            sleep(Duration::from_secs(59)).await;
            slow.read_exact(&mut [0; 8]).await.unwrap();
        }
        writing.await.unwrap().unwrap();
        client.read_exact(&mut [0; 16]).await.unwrap();
    }
}
