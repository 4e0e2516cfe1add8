//! The pages, as a browser gets them.

use crate::server::{Server, description, rule};

#[tokio::test]
async fn an_empty_registry_says_how_to_begin() {
    let server = Server::start("").await;
    let (status, page) = server.get("/").await;
    let host = server.url.strip_prefix("http://").unwrap();
    assert!(status == 200 && page.contains(&format!("lanner pack push my-pack.wasm oci://{host}/")), "{page}");
    assert!(!page.contains("Sign in"), "nobody can: {page}");
}

#[tokio::test]
async fn pages_forbid_what_they_do_not_need() {
    let server = Server::start("").await;
    for path in ["/", "/packs/none", "/?severity=bad", "/login", "/logout", "/api/v1/packs"] {
        let response = server.client.get(format!("{}{path}", server.url)).send().await.unwrap();
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self'; script-src 'sha256-"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("cache-control"), "private, no-cache", "{path}");
        assert_eq!(header("vary"), "authorization", "{path}");
    }
}

#[tokio::test]
async fn the_stylesheet_is_all_that_a_page_needs() {
    let server = Server::start("").await;
    server.push("team/a", "1", &description("a", "1.0.0", vec![rule("a/b", "low", &["T1003"])], &["exec"])).await;
    for path in ["/", "/packs/team/a"] {
        let (_, page) = server.get(path).await;
        let style = page.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
        let response = server.client.get(format!("{}{style}", server.url)).send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(response.headers()["content-type"], "text/css; charset=utf-8");
        assert!(!page.contains("src=") && !page.contains("style=") && !page.contains(" onclick"), "{page}");
    }
}

#[tokio::test]
async fn a_version_is_shown_by_its_digest() {
    let server = Server::start("").await;
    let old =
        server.push("team/a", "1.0.0", &description("a", "1.0.0", vec![rule("a/old", "low", &[])], &["exec"])).await;
    server.push("team/a", "2.0.0", &description("a", "2.0.0", vec![rule("a/new", "low", &[])], &["exec"])).await;
    let (_, newest) = server.get("/packs/team/a").await;
    // Of what was there before it says that it is gone.
    let (rules, _) = newest.split_once("id=\"changes\"").expect("what changed");
    assert!(rules.contains("a/new") && !rules.contains("a/old") && newest.contains(&old));
    let (_, page) = server.get(&format!("/packs/team/a?version={old}")).await;
    assert!(page.contains("a/old") && page.contains("This is not the newest version"));
    assert_eq!(server.get("/packs/team/a?version=sha256:0").await.0, 404);
}

#[tokio::test]
async fn a_host_that_is_none_is_not_repeated() {
    let server = Server::start("").await;
    let request = server.client.get(format!("{}/", server.url)).header("host", "a\"><script>alert(1)</script>");
    let page = request.send().await.unwrap().text().await.unwrap();
    assert!(!page.contains("<script>alert") && !page.contains("alert(1)"), "{page}");
}

/// Who signed is read when the signature is pushed, and not for each page.
#[tokio::test]
async fn signers_are_remembered() {
    let (keys, server) = (crate::signatures::Keys::new(), Server::start("").await);
    let said = description("kept", "1.0.0", Vec::new(), &["exec"]);
    let digest = server.push("team/kept", "1", &said).await;
    crate::signatures::attach(&server, "team/kept", &keys.ours, &digest, &digest, true).await;
    // What was read need not be there any more.
    std::fs::remove_dir_all(server.files().join("repositories/team/kept/_blobs")).unwrap();
    let pack = server.json("/api/v1/packs/team/kept").await;
    let signers = pack["versions"][0]["signers"].as_array().unwrap();
    assert!(signers.len() == 1 && signers[0].as_str().unwrap().starts_with("key "), "{pack}");
}
