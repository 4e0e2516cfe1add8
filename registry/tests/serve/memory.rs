//! However long a blob is, only a little of it is in memory.

use bytes::Bytes;
use futures_util::stream;
use sha2::{Digest as _, Sha256};

use crate::support::{Server, push_blob};

const PIECE: usize = 1 << 20;
/// 1 GiB in all.
const PIECES: u64 = 1024;
/// By how much the memory may rise, in bytes.
const MOST: u64 = 32 << 20;

/// A piece that is unlike all others.
fn piece(filler: &[u8], number: u64) -> Bytes {
    let mut piece = filler.to_vec();
    piece[..8].copy_from_slice(&number.to_le_bytes());
    piece.into()
}

#[tokio::test]
async fn a_gibibyte_takes_little_memory() {
    let mut server = Server::start("");
    let client = reqwest::Client::new();
    // What everything takes that is there once.
    let small = push_blob(&client, &server, "a", &vec![1; 2 * PIECE]).await;
    client.get(server.url(&format!("/v2/a/blobs/{small}"))).send().await.unwrap().bytes().await.unwrap();
    let before = server.most_memory();

    let filler = vec![0x5a; PIECE];
    let mut hasher = Sha256::new();
    for number in 0..PIECES {
        hasher.update(piece(&filler, number));
    }
    let digest = format!("sha256:{}", hex::encode(hasher.finalize()));
    let pieces = stream::iter((0..PIECES).map(move |number| Ok::<_, std::io::Error>(piece(&filler, number))));
    let url = server.url(&format!("/v2/a/blobs/uploads/?digest={digest}"));
    let pushed = client.post(url).body(reqwest::Body::wrap_stream(pieces)).send().await.unwrap();
    assert_eq!(pushed.status(), 201);
    let after_push = server.most_memory();
    assert!(after_push <= before + MOST, "a push raised the memory from {before} to {after_push} bytes");

    let mut hasher = Sha256::new();
    let mut pulled = client.get(server.url(&format!("/v2/a/blobs/{digest}"))).send().await.unwrap();
    while let Some(bytes) = pulled.chunk().await.unwrap() {
        hasher.update(&bytes);
    }
    assert_eq!(format!("sha256:{}", hex::encode(hasher.finalize())), digest);
    let after_pull = server.most_memory();
    assert!(after_pull <= before + MOST, "a pull raised the memory from {before} to {after_pull} bytes");
    eprintln!("memory: {before} bytes before, {after_push} after the push, {after_pull} after the pull");
    server.stop();
}

/// Clients that ask for a long manifest and do not read it hold a piece of it each, not all.
#[tokio::test]
async fn many_who_do_not_read_a_manifest() {
    use tokio::io::AsyncWriteExt as _;
    const CLIENTS: usize = 40;
    const LENGTH: usize = 7 << 20;
    let server = Server::start("");
    let client = reqwest::Client::new();
    let media_type = "application/vnd.oci.image.index.v1+json";
    let note = "x".repeat(LENGTH);
    let index = serde_json::json!({ "schemaVersion": 2, "mediaType": media_type, "manifests": [],
        "annotations": { "note": note } });
    let put = client.put(server.url("/v2/a/manifests/t")).header("content-type", media_type);
    assert_eq!(put.body(index.to_string()).send().await.unwrap().status(), 201);
    let pulled = client.get(server.url("/v2/a/manifests/t")).send().await.unwrap();
    assert_eq!(pulled.bytes().await.unwrap(), index.to_string());
    let before = server.most_memory();
    let mut streams = Vec::new();
    for _ in 0..CLIENTS {
        let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"GET /v2/a/manifests/t HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        // The head has come: all that the server does for this client before it waits has begun.
        stream.readable().await.unwrap();
        streams.push(stream);
    }
    let after = server.most_memory();
    assert!(after <= before + MOST, "{CLIENTS} clients raised the memory from {before} to {after} bytes");
}
