//! The pages in Debian's chromium.

use std::process::Command;

use crate::server::{Server, description, rule};

/// What is on a page once its script has run.
fn document(url: &str) -> String {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--dump-dom", url])
        .output()
        .expect("chromium runs: `apt-get install chromium`");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("</html>"), "{text} {}", String::from_utf8_lossy(&output.stderr));
    text
}

#[tokio::test]
async fn a_pack_is_shown() {
    let server = Server::start("").await;
    let rules =
        vec![rule("credential-access/shadow-read", "high", &["T1003.008"]), rule("a/b", "critical", &["T1059"])];
    let digest = server.push("lanner/starter", "1.0.0", &description("starter", "1.0.0", rules, &["open"])).await;
    let list = document(&format!("{}/", server.url));
    for text in ["starter", "lanner/starter", "All about starter", "T1003.008", "href=\"/packs/lanner/starter\""] {
        assert!(list.contains(text), "{text}: {list}");
    }
    let page = document(&format!("{}/packs/lanner/starter", server.url));
    let host = server.url.strip_prefix("http://").unwrap();
    for text in [
        "credential-access/shadow-read",
        "<span class=\"severity critical\">critical</span>",
        &format!("lanner pack pull oci://{host}/lanner/starter:1.0.0"),
        &format!("lanner pack pull oci://{host}/lanner/starter@{digest}"),
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    // The script ran: it shows the buttons that are of no use without it.
    let buttons: Vec<&str> = page.split("<button ").skip(1).filter(|button| button.contains("data-copy")).collect();
    assert!(buttons.iter().any(|button| button.contains(&format!("data-copy=\"{digest}\""))), "{page}");
    for button in buttons {
        let head = button.split('>').next().unwrap();
        assert!(!head.contains("hidden"), "{head}");
    }
}

#[tokio::test]
async fn versions_are_compared_and_techniques_named() {
    let server = Server::start("").await;
    let first =
        vec![rule("a/gone", "low", &["T1003.008"]), rule("a/worse", "low", &["T1059"]), rule("a/same", "low", &[])];
    let second =
        vec![rule("a/new", "high", &["T1611"]), rule("a/worse", "critical", &["T1059"]), rule("a/same", "low", &[])];
    let old = server.push("team/linux", "1.0.0", &description("linux", "1.0.0", first, &["open"])).await;
    server.push("team/linux", "1.1.0", &description("linux", "1.1.0", second, &["open"])).await;
    let text = |page: String| {
        page.split('<').map(|part| part.split_once('>').map_or("", |(_, text)| text)).collect::<String>()
    };
    let page = text(document(&format!("{}/packs/team/linux", server.url)));
    let host = server.url.strip_prefix("http://").unwrap();
    for expected in [
        "Changes since 1.0.0",
        "gone a/gone low",
        "new a/new high",
        "severity a/worse low → critical",
        "T1611 Escape to Host1 rule",
        &format!("lanner run --rules oci://{host}/team/linux:1.1.0 --follow"),
        &format!("[[trust]]\nprefix = \"{host}/team/linux\"\npack = \"linux\""),
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    // Of the first there is none before.
    let page = text(document(&format!("{}/packs/team/linux?version={old}", server.url)));
    assert!(!page.contains("Changes since") && page.contains("/etc/passwd and /etc/shadow"), "{page}");
}

#[tokio::test]
async fn what_packs_say_stays_text() {
    let server = Server::start("").await;
    let hostile =
        r#"<script>document.title="owned"</script><img src=x onerror="document.title='owned'">"'><b id=owned>"#;
    let mut said = description(hostile, hostile, vec![rule(hostile, "high", &["T1003"])], &[hostile]);
    said.rules[0].summary = hostile.into();
    said.summary = hostile.into();
    server.push("hostile/pack", "1", &said).await;
    let query = "q=%3Cscript%3Edocument.title%3D%22owned%22%3C%2Fscript%3E&name=%22%3E%3Cb%20id%3Downed%3E";
    for path in ["/".to_owned(), "/packs/hostile/pack".to_owned(), format!("/?{query}")] {
        let page = document(&format!("{}{path}", server.url));
        let title = page.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
        assert_ne!(title, "owned", "{path}");
        assert!(title.ends_with("Lanner Registry"), "{title}");
        // As the browser has read it: one script, no picture, no element of theirs.
        assert_eq!(page.matches("<script").count(), 1, "{path}: {page}");
        let elements = ["<img", "<b id", "<b>owned"];
        assert!(elements.iter().all(|element| !tags_only(&page).contains(element)), "{path}: {page}");
        assert!(page.contains("&lt;script&gt;document.title="), "{path}: {page}");
    }
}

/// A document without its attributes' values: they may hold anything.
fn tags_only(page: &str) -> String {
    page.split('"').step_by(2).collect()
}
