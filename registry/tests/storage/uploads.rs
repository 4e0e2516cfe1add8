//! Uploads, and several requests to the same one.

use std::time::Duration;

use bytes::Bytes;
use lanner_registry::oci::Algorithm;
use lanner_registry::store::{Announced, Store, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::support::HANG;
use crate::{ANY, name, once, settle, sha256};

#[tokio::test]
async fn an_upload_goes_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let a = name("a");
    let bytes = vec![7; 3 << 20];
    let (first, second) = bytes.split_at(1_500_000);
    let store = Store::open_local(folder.path()).unwrap();
    let id = store.begin_upload(&a, Algorithm::Sha256).await.unwrap();
    assert_eq!(store.append(&a, id, ANY, once(first)).await.unwrap().length, first.len() as u64);
    // A second process is refused, and another registry of the same process too.
    assert!(matches!(Store::open_local(folder.path()), Err(StoreError::InUse { .. })));
    drop(store);

    let store = Store::open_local(folder.path()).unwrap();
    assert_eq!(store.upload(&a, id).await.unwrap().length, first.len() as u64);
    let early = Announced { start: Some(0), ..ANY };
    let refused = store.append(&a, id, early, once(second)).await.unwrap_err();
    assert!(matches!(refused, StoreError::OutOfOrder { start: 0, expected } if expected == first.len() as u64));
    store.append(&a, id, Announced { start: Some(first.len() as u64), ..ANY }, once(second)).await.unwrap();
    let digest = sha256(&bytes);
    store.finish_upload(&a, id, &digest, ANY, once(b"")).await.unwrap();
    assert_eq!(store.blob(&a, &digest).await.unwrap().unwrap().size, bytes.len() as u64);
    assert_eq!(store.verify().await.unwrap().problems, []);
    // Nothing is left behind.
    assert!(matches!(store.upload(&a, id).await, Err(StoreError::NoUpload)));
}

/// Whoever may push to many names could fill the disk with empty folders.
#[tokio::test]
async fn folders_go_with_their_uploads() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_local(folder.path()).unwrap();
    let left = || std::fs::read_dir(folder.path().join("uploads")).unwrap().count();
    let (a, b) = (name("team/a"), name("team/b"));
    for to in [&a, &b] {
        crate::push_blob(&store, to, b"small").await.unwrap();
        crate::push_blob(&store, to, &vec![1; 3 << 20]).await.unwrap();
        let wrong = store.begin_upload(to, Algorithm::Sha256).await.unwrap();
        store.finish_upload(to, wrong, &sha256(b"x"), ANY, once(b"y")).await.unwrap_err();
    }
    assert_eq!(left(), 0);
    let (kept, given_up) = (store.begin_upload(&a, Algorithm::Sha256), store.begin_upload(&b, Algorithm::Sha256));
    let (kept, given_up) = (kept.await.unwrap(), given_up.await.unwrap());
    store.cancel_upload(&b, given_up).await.unwrap();
    assert_eq!(store.upload(&a, kept).await.unwrap().length, 0);
    assert_eq!(store.expire_uploads(Duration::ZERO).await.unwrap(), 1);
    assert_eq!(left(), 0);
    // Of an earlier version.
    std::fs::create_dir_all(folder.path().join("uploads/old/name/_")).unwrap();
    store.expire_uploads(Duration::ZERO).await.unwrap();
    assert_eq!(left(), 0);
}

/// Many that begin and end in one repository do not take its folder from each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn folders_that_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_local(folder.path()).unwrap();
    let pushers = (0..8).map(|n| {
        let store = store.clone();
        tokio::spawn(async move {
            for round in 0..40 {
                let bytes = format!("{n} {round}");
                crate::push_blob(&store, &name("a/b"), bytes.as_bytes()).await.unwrap();
                if round % 8 == 0 {
                    crate::push_blob(&store, &name("a/b"), &[bytes.as_bytes(), &[7; 1 << 20]].concat()).await.unwrap();
                }
            }
        })
    });
    for pusher in pushers.collect::<Vec<_>>() {
        pusher.await.unwrap();
    }
}

/// Sends a body when the test says so.
struct Sender {
    pieces: mpsc::UnboundedSender<&'static [u8]>,
    wanted: oneshot::Receiver<()>,
}

impl Sender {
    /// Waits until the body is wanted: its request has the upload for itself then.
    async fn is_wanted(&mut self) {
        timeout(HANG, &mut self.wanted).await.expect("it is wanted").expect("the body is there");
    }

    fn send_all(self, bytes: &'static [u8]) {
        self.pieces.send(bytes).expect("the body is read");
    }
}

fn slow_body() -> (Sender, impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> + Unpin) {
    let (pieces, receiver) = mpsc::unbounded_channel();
    let (want, wanted) = oneshot::channel();
    let body = futures_util::stream::unfold((receiver, Some(want)), async |(mut receiver, want)| {
        if let Some(want) = want {
            // Whoever sends may not care.
            let _ = want.send(());
        }
        let bytes: &[u8] = receiver.recv().await?;
        Some((Ok(Bytes::from_static(bytes)), (receiver, None)))
    });
    (Sender { pieces, wanted }, Box::pin(body))
}

/// What is under a digest must be what was hashed, whatever a client sends at the same time.
#[tokio::test]
async fn one_request_at_a_time_writes_to_an_upload() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_local(folder.path()).unwrap();
    let (a, b) = (name("a"), name("b"));
    let id = store.begin_upload(&a, Algorithm::Sha256).await.unwrap();
    let (mut first, body) = slow_body();
    let appending = tokio::spawn({
        let (store, a) = (store.clone(), a.clone());
        async move { store.append(&a, id, ANY, body).await }
    });
    first.is_wanted().await;
    // Of another repository, where there is no such upload: it neither waits for this one nor has it forgotten.
    let cancelled = timeout(HANG, store.cancel_upload(&b, id)).await.expect("it waits for nobody");
    assert!(matches!(cancelled, Err(StoreError::NoUpload)));
    let digest = sha256(b"head and tail");
    let (mut last, body) = slow_body();
    let finishing = tokio::spawn({
        let (store, a, digest) = (store.clone(), a.clone(), digest.clone());
        async move { store.finish_upload(&a, id, &digest, ANY, body).await }
    });
    settle().await;
    assert!(last.wanted.try_recv().is_err(), "both write at the same time");
    first.send_all(b"head");
    assert_eq!(appending.await.unwrap().unwrap().length, 4);
    last.is_wanted().await;
    let late = tokio::spawn({
        let (store, a) = (store.clone(), a.clone());
        async move { store.append(&a, id, ANY, once(b"something else")).await }
    });
    settle().await;
    assert!(!late.is_finished(), "both write at the same time");
    last.send_all(b" and tail");
    finishing.await.unwrap().unwrap();
    assert!(matches!(late.await.unwrap(), Err(StoreError::NoUpload)));
    assert_eq!(store.blob(&a, &digest).await.unwrap().unwrap().size, 13);
    assert_eq!(store.verify().await.unwrap().problems, []);
}

#[tokio::test]
async fn an_upload_that_is_written_to_does_not_expire() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_local(folder.path()).unwrap();
    let a = name("a");
    let id = store.begin_upload(&a, Algorithm::Sha256).await.unwrap();
    let (mut sender, body) = slow_body();
    let appending = tokio::spawn({
        let (store, a) = (store.clone(), a.clone());
        async move { store.append(&a, id, ANY, body).await }
    });
    sender.is_wanted().await;
    assert_eq!(store.expire_uploads(Duration::ZERO).await.unwrap(), 0);
    sender.send_all(b"bytes");
    assert_eq!(appending.await.unwrap().unwrap().length, 5);
    store.finish_upload(&a, id, &sha256(b"bytes"), ANY, once(b"")).await.unwrap();
    let rests = store.begin_upload(&a, Algorithm::Sha256).await.unwrap();
    assert_eq!(store.expire_uploads(Duration::ZERO).await.unwrap(), 1);
    assert!(matches!(store.upload(&a, rests).await, Err(StoreError::NoUpload)));
}
