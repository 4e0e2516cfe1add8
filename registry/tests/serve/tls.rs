//! TLS, and certificates that change.

use std::path::Path;
use std::time::{Duration, Instant};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustix::process::Signal;

use crate::support::{HANG, Server, push_blob};

fn certificate() -> CertifiedKey<rcgen::KeyPair> {
    generate_simple_self_signed(["127.0.0.1".into(), "registry.example.org".into()]).unwrap()
}

/// Replaces a file by another one: nobody reads half of it, however long it takes.
fn replace(file: &Path, text: &str) {
    let beside = file.with_extension("new");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(beside, file).unwrap();
}

fn write(folder: &Path, made: &CertifiedKey<rcgen::KeyPair>) {
    std::fs::create_dir_all(folder).unwrap();
    replace(&folder.join("tls.crt"), &made.cert.pem());
    replace(&folder.join("tls.key"), &made.signing_key.serialize_pem());
}

/// A server whose certificate lies in this folder.
fn start(folder: &Path) -> Server {
    let folder = folder.display();
    Server::start(&format!("[http.tls]\ncertificate = '{folder}/tls.crt'\nkey = '{folder}/tls.key'\n"))
}

/// A client that trusts this certificate only.
fn client(trusted: &CertifiedKey<rcgen::KeyPair>) -> reqwest::ClientBuilder {
    let root = reqwest::Certificate::from_der(trusted.cert.der()).unwrap();
    // A connection stays open, however long it is until it is needed again.
    reqwest::Client::builder().tls_certs_only([root]).pool_idle_timeout(None)
}

/// Whether a new connection is secured with this certificate.
async fn shows(server: &Server, made: &CertifiedKey<rcgen::KeyPair>) -> bool {
    client(made).build().unwrap().get(server.url("/v2/")).send().await.is_ok()
}

async fn comes_to_show(server: &Server, made: &CertifiedKey<rcgen::KeyPair>) {
    let began = Instant::now();
    while !shows(server, made).await {
        assert!(began.elapsed() < HANG, "{}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn both_versions_of_http() {
    let (folder, made) = (tempfile::tempdir().unwrap(), certificate());
    write(folder.path(), &made);
    let server = start(folder.path());
    assert_eq!(server.scheme, "https");
    // Whoever can speaks HTTP/2.
    for (client, version) in
        [(client(&made), reqwest::Version::HTTP_2), (client(&made).http1_only(), reqwest::Version::HTTP_11)]
    {
        let client = client.build().unwrap();
        let blob = push_blob(&client, &server, "a", &vec![7; 300_000]).await;
        let pulled = client.get(server.url(&format!("/v2/a/blobs/{blob}"))).send().await.unwrap();
        assert_eq!(pulled.version(), version);
        assert_eq!(pulled.bytes().await.unwrap(), vec![7; 300_000]);
    }
    assert!(!shows(&server, &certificate()).await, "anybody's certificate is trusted");
    // Without TLS nothing is answered.
    assert!(reqwest::get(format!("http://{}/v2/", server.address)).await.is_err());
    server.metric_becomes(r#"lanner_registry_rejected_total{reason="tls"}"#, 2).await;
}

#[tokio::test]
async fn a_new_certificate_is_used_and_a_broken_one_is_not() {
    let (folder, first, second) = (tempfile::tempdir().unwrap(), certificate(), certificate());
    write(folder.path(), &first);
    let server = start(folder.path());
    let long = client(&first).build().unwrap();
    assert_eq!(long.get(server.url("/v2/")).send().await.unwrap().status(), 200);

    write(folder.path(), &second);
    comes_to_show(&server, &second).await;
    // Connections that are open go on.
    assert_eq!(long.get(server.url("/v2/")).send().await.unwrap().status(), 200);

    let refused = r#"lanner_registry_certificate_reloads_total{outcome="refused"}"#;
    let before = server.metric(refused).await;
    replace(&folder.path().join("tls.crt"), "no certificate");
    server.metric_becomes(refused, before + 1).await;
    server.logs("the new certificate is refused, the old one goes on").await;
    server.logs("tls.crt holds no certificate in PEM").await;
    assert!(shows(&server, &second).await);

    // One that does not go with the key.
    replace(&folder.path().join("tls.crt"), &first.cert.pem());
    server.metric_becomes(refused, before + 2).await;
    server.logs("cannot be used with the key").await;
    assert!(shows(&server, &second).await);
    assert!(!shows(&server, &first).await);

    // With its key it is good again.
    write(folder.path(), &first);
    comes_to_show(&server, &first).await;
}

/// Kubernetes: the files are links into a folder that is a link itself, and only that one is replaced.
#[tokio::test]
async fn links_to_another_folder() {
    use std::os::unix::fs::symlink;
    let (folder, first, second) = (tempfile::tempdir().unwrap(), certificate(), certificate());
    let folder = folder.path();
    write(&folder.join("one"), &first);
    symlink("one", folder.join("..data")).unwrap();
    symlink("..data/tls.crt", folder.join("tls.crt")).unwrap();
    symlink("..data/tls.key", folder.join("tls.key")).unwrap();
    let server = start(folder);
    assert!(shows(&server, &first).await);
    write(&folder.join("two"), &second);
    symlink("two", folder.join("..data.new")).unwrap();
    std::fs::rename(folder.join("..data.new"), folder.join("..data")).unwrap();
    comes_to_show(&server, &second).await;
}

/// As administrators are used to. (Unasked it ends a process.)
#[tokio::test]
async fn a_hangup_does_not_end_it() {
    let (folder, first, second) = (tempfile::tempdir().unwrap(), certificate(), certificate());
    write(folder.path(), &first);
    let server = start(folder.path());
    write(folder.path(), &second);
    server.signal(Signal::HUP);
    comes_to_show(&server, &second).await;
}

#[test]
fn a_certificate_that_cannot_be_used_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (certificate(), certificate());
    write(folder.path(), &first);
    std::fs::write(folder.path().join("tls.key"), second.signing_key.serialize_pem()).unwrap();
    let config = folder.path().join("config.toml");
    let tls = folder.path().display();
    std::fs::write(&config, format!("[http.tls]\ncertificate = '{tls}/tls.crt'\nkey = '{tls}/tls.key'\n")).unwrap();
    let output = crate::support::command()
        .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "none", "--storage"])
        .arg(folder.path().join("storage"))
        .arg("--config")
        .arg(&config)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("tls.crt cannot be used with the key"), "{said}");
}
