//! A stream whose first bytes were looked at.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

/// How HTTP/2 begins, on a connection where it was not agreed upon before.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A stream whose first bytes were looked at.
pub(super) struct Begun<S> {
    inner: S,
    first: [u8; PREFACE.len()],
    /// Which of them are still to be read.
    unread: std::ops::Range<usize>,
}

impl<S: AsyncRead + Unpin> Begun<S> {
    /// A stream that was not looked at.
    pub(super) fn new(inner: S) -> Self {
        Self { inner, first: [0; PREFACE.len()], unread: 0..0 }
    }

    /// Looks whether HTTP/2 begins.
    pub(super) async fn look(inner: S) -> io::Result<(Self, bool)> {
        let mut begun = Self::new(inner);
        let mut length = 0;
        while length < PREFACE.len() && begun.first[..length] == PREFACE[..length] {
            match begun.inner.read(&mut begun.first[length..]).await? {
                0 => break,
                count => length += count,
            }
        }
        begun.unread = 0..length;
        let preface = begun.first == PREFACE && length == PREFACE.len();
        Ok((begun, preface))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Begun<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.unread.is_empty() {
            return Pin::new(&mut self.inner).poll_read(cx, buffer);
        }
        let count = self.unread.len().min(buffer.remaining());
        let start = self.unread.start;
        buffer.put_slice(&self.first[start..start + count]);
        self.unread.start += count;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Begun<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test]
    async fn how_http_2_begins() {
        for (sent, expected) in [
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nmore".as_slice(), true),
            (b"PUT /v2/ HTTP/1.1\r\n", false),
            (b"GET / HTTP/1.1\r\n\r\n", false),
            (b"PRI", false),
            (b"", false),
        ] {
            // Byte by byte, as a network may deliver it.
            let (mut client, server) = tokio::io::duplex(1);
            let writing = async {
                client.write_all(sent).await.unwrap();
                drop(client);
            };
            let reading = async {
                let (mut begun, preface) = Begun::look(server).await.unwrap();
                assert_eq!(preface, expected, "{sent:?}");
                let mut all = Vec::new();
                begun.read_to_end(&mut all).await.unwrap();
                assert_eq!(all, sent);
            };
            tokio::join!(writing, reading);
        }
    }
}
