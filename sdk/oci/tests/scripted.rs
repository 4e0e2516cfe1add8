//! Against a server that answers as it is told: as registries in the field do, and as an attacker would.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lanner_oci::{Client, Credential, Error, Nobody, Options, Scope, Who};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// What a server was asked: the first line, and what stood in `Authorization`.
type Asked = Arc<Mutex<Vec<(String, Option<String>)>>>;

/// A server on this machine that gives these answers, in this order, and notes what it was asked; the last one again and again.
struct Server {
    address: String,
    asked: Asked,
}

impl Server {
    /// `{}` in an answer stands for the server's own address.
    async fn start(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address").to_string();
        let mut answers: VecDeque<String> =
            answers.iter().map(|answer| answer.replace("{}", &address).replace('\n', "\r\n")).collect();
        let asked = Asked::default();
        let noted = asked.clone();
        tokio::spawn(async move {
            loop {
                let Ok((mut stream, _)) = listener.accept().await else { return };
                let mut request = Vec::new();
                let mut bytes = [0; 4096];
                while !request.windows(4).any(|window| window == b"\r\n\r\n") {
                    match stream.read(&mut bytes).await {
                        Ok(0) | Err(_) => break,
                        Ok(read) => request.extend_from_slice(&bytes[..read]),
                    }
                    // What looks for TLS.
                    if request.first() == Some(&22) {
                        break;
                    }
                }
                if request.first() == Some(&22) {
                    continue;
                }
                let text = String::from_utf8_lossy(&request).into_owned();
                let authorization = text.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    name.eq_ignore_ascii_case("authorization").then(|| value.trim().to_owned())
                });
                let first = text.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
                noted.lock().expect("the list").push((first, authorization));
                let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
                let answer = answer.unwrap_or_default();
                let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
                let text =
                    format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                let _ = stream.write_all(text.as_bytes()).await;
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the list").iter().map(|(line, _)| line.clone()).collect()
    }

    fn authorized(&self) -> Vec<String> {
        self.asked.lock().expect("the list").iter().filter_map(|(_, authorization)| authorization.clone()).collect()
    }
}

fn client(registry: &str, who: impl Who + 'static) -> Client {
    let options = Options {
        registry: format!("http://{registry}"),
        plain_http: true,
        certificates: None,
        user_agent: "test",
        connect: Duration::from_secs(60),
        silence: Duration::from_secs(60),
        retries: 4,
    };
    Client::new(&options, Arc::new(who)).expect("a client")
}

fn ann() -> Option<Credential> {
    Some(Credential::Password { user: "ann".into(), password: "secret".into() })
}

/// What basic authentication sends for her.
const ANN: &str = "Basic YW5uOnNlY3JldA==";

async fn get(client: &Client, repository: &str, path: &str) -> Result<u16, Error> {
    let url = client.url(path).await?;
    let response = client.send(&Scope::Pull(repository.to_owned()), |http| http.get(url.clone())).await?;
    Ok(response.status().as_u16())
}

const CHALLENGE: &str = "401 Unauthorized\nWWW-Authenticate: Bearer realm=\"http://{}/token\",service=\"s\"\n\n";
const TOKEN: &str = "200 OK\n\n{\"token\":\"t1\",\"expires_in\":300}";
const GOOD: &str = "200 OK\n\n{}";

#[tokio::test]
async fn who_answers_after_a_redirect_gets_no_credentials() {
    // A sends to B, and B asks with a realm of its own.
    let thief = Server::start(&[CHALLENGE, TOKEN]).await;
    let redirect = format!("307 Temporary Redirect\nLocation: http://{}/v2/a/manifests/1\n\n", thief.address);
    let registry = Server::start(&[&redirect]).await;
    let client = client(&registry.address, ann());
    assert_eq!(get(&client, "a", "v2/a/manifests/1").await, Err(Error::Unauthorised));
    assert_eq!(thief.asked(), ["GET /v2/a/manifests/1"], "nothing more was asked of it");
    assert!(thief.authorized().is_empty() && registry.authorized().is_empty());
}

#[tokio::test]
async fn a_token_server_that_redirects_gets_and_gives_nothing() {
    for who in [ann(), Some(Credential::IdentityToken("refresh".into()))] {
        let thief = Server::start(&[TOKEN]).await;
        let redirect = format!("307 Temporary Redirect\nLocation: http://{}/token\n\n", thief.address);
        let registry = Server::start(&[CHALLENGE, &redirect]).await;
        let client = client(&registry.address, who);
        assert!(matches!(get(&client, "a", "v2/a/manifests/1").await, Err(Error::Unreachable(_))));
        assert!(thief.asked().is_empty());
    }
}

#[tokio::test]
async fn where_something_is_uploaded_gets_no_credentials() {
    let storage = Server::start(&["401 Unauthorized\nWWW-Authenticate: Basic realm=\"x\"\n\n"]).await;
    let registry = Server::start(&[CHALLENGE, TOKEN, GOOD]).await;
    let client = client(&registry.address, ann());
    let push = Scope::Push("a".into());
    let url = client.url("v2/a/blobs/uploads/").await.expect("a URL");
    assert!(client.send(&push, |http| http.post(url.clone())).await.is_ok());
    let location = format!("http://{}/bucket?signature=x", storage.address);
    assert_eq!(client.send(&push, |http| http.put(&location)).await.err(), Some(Error::Unauthorised));
    assert!(storage.authorized().is_empty());
}

/// Token servers as they are in the field: what they are asked, and what they say.
#[tokio::test]
async fn tokens_are_had_as_each_registry_gives_them() {
    let basic = || ann();
    let refresh = || Some(Credential::IdentityToken("refresh".into()));
    type Who = Box<dyn Fn() -> Option<Credential>>;
    let cases: [(&str, Who, &str, &str, &str); 5] = [
        // Docker's own, Harbor, Quay: `token`, by GET, with the password.
        ("docker", Box::new(basic), TOKEN, "GET /token?service=s&scope=repository%3Aa%2Fb%3Apull", "Bearer t1"),
        // GHCR and GCR give one to anybody for what is public.
        ("public", Box::new(|| None), TOKEN, "GET /token?service=s&scope=repository%3Aa%2Fb%3Apull", "Bearer t1"),
        // GCR: `access_token`, and an empty `token`.
        (
            "access",
            Box::new(basic),
            "200 OK\n\n{\"token\":\"\",\"access_token\":\"t2\"}",
            "GET /token?service=s&scope=repository%3Aa%2Fb%3Apull",
            "Bearer t2",
        ),
        // ACR: a refresh token, by POST.
        ("refresh", Box::new(refresh), "200 OK\n\n{\"access_token\":\"t3\"}", "POST /token", "Bearer t3"),
        // ECR: basic, with a token as the password; no token server at all.
        ("basic", Box::new(basic), "", "", ANN),
    ];
    for (name, who, token, asked, sent) in cases {
        let challenge = "401 Unauthorized\nWWW-Authenticate: Basic realm=\"https://x/\",service=\"ecr\"\n\n";
        let answers: Vec<&str> = if token.is_empty() { vec![challenge, GOOD] } else { vec![CHALLENGE, token, GOOD] };
        let registry = Server::start(&answers).await;
        let client = client(&registry.address, who());
        assert_eq!(get(&client, "a/b", "v2/a/b/manifests/1").await, Ok(200), "{name}");
        let all = registry.asked();
        if !asked.is_empty() {
            assert_eq!(all[1], asked, "{name}");
        }
        assert_eq!(registry.authorized().last().map(String::as_str), Some(sent), "{name}");
        // What convinced it once is sent at once the next time.
        assert_eq!(get(&client, "a/b", "v2/a/b/manifests/2").await, Ok(200), "{name}");
        assert_eq!(registry.asked().len(), all.len() + 1, "{name}");
    }
}

#[tokio::test]
async fn what_is_not_taken_is_said() {
    for answers in [
        // A registry that wants what we do not have, one that does not take it, and a token server that does not.
        vec!["401 Unauthorized\nWWW-Authenticate: Negotiate\n\n"],
        vec![CHALLENGE, TOKEN, CHALLENGE],
        vec![CHALLENGE, "403 Forbidden\n\n"],
        vec![CHALLENGE, "401 Unauthorized\n\n"],
    ] {
        let registry = Server::start(&answers).await;
        let client = client(&registry.address, ann());
        assert_eq!(get(&client, "a", "v2/a/manifests/1").await, Err(Error::Unauthorised), "{answers:?}");
    }
    for bad in ["200 OK\n\n{}", "200 OK\n\nnonsense", "200 OK\n\n{\"token\":\"a\\nb\"}"] {
        let registry = Server::start(&[CHALLENGE, bad]).await;
        let client = client(&registry.address, Nobody);
        assert!(matches!(get(&client, "a", "v2/a/manifests/1").await, Err(Error::Malformed(_))), "{bad}");
    }
    let long = format!("200 OK\n\n{{\"token\":\"{}\"}}", "x".repeat(300 << 10));
    let registry = Server::start(&[CHALLENGE, &long]).await;
    let client = client(&registry.address, Nobody);
    assert!(matches!(get(&client, "a", "v2/a/manifests/1").await, Err(Error::TooLong(_))));
}

#[tokio::test(start_paused = true)]
async fn a_busy_registry_is_asked_again_and_not_for_ever() {
    for busy in [
        "429 Too Many Requests\n\n",
        "503 Service Unavailable\nRetry-After: 1\n\n",
        "429 Slow\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\n\n",
    ] {
        let registry = Server::start(&[busy, busy, GOOD]).await;
        assert_eq!(get(&client(&registry.address, Nobody), "a", "v2/a/manifests/1").await, Ok(200), "{busy}");
        let registry = Server::start(&[busy]).await;
        let status = get(&client(&registry.address, Nobody), "a", "v2/a/manifests/1").await.expect("its answer");
        assert!(status == 429 || status == 503);
        assert_eq!(registry.asked().len(), 5, "{busy}");
    }
    // Who wants to be left alone for an hour is.
    let registry = Server::start(&["503 Service Unavailable\nRetry-After: 3600\n\n"]).await;
    assert_eq!(get(&client(&registry.address, Nobody), "a", "v2/a/manifests/1").await, Ok(503));
    assert_eq!(registry.asked().len(), 1);
}

#[tokio::test]
async fn a_login_is_proved_where_anybody_is_answered() {
    // One that asks; one that answers anybody and refuses a wrong password; one that never looks.
    let registry = Server::start(&["401 Unauthorized\nWWW-Authenticate: Basic realm=\"x\"\n\n", GOOD]).await;
    assert_eq!(client(&registry.address, ann()).prove().await, Ok(()));
    assert_eq!(registry.authorized(), [ANN]);
    let registry = Server::start(&[GOOD, "401 Unauthorized\n\n"]).await;
    assert_eq!(client(&registry.address, ann()).prove().await, Err(Error::Unauthorised));
    let registry = Server::start(&[GOOD]).await;
    assert_eq!(client(&registry.address, ann()).prove().await, Ok(()));
    assert_eq!(registry.authorized(), [ANN], "it was told who asks");
}

#[tokio::test]
async fn a_registry_on_this_machine_may_have_no_tls() {
    let registry = Server::start(&[GOOD]).await;
    let options = Options {
        registry: registry.address.clone(),
        plain_http: false,
        certificates: None,
        user_agent: "test",
        connect: Duration::from_secs(60),
        silence: Duration::from_secs(60),
        retries: 4,
    };
    let client = Client::new(&options, Arc::new(Nobody)).expect("a client");
    assert_eq!(get(&client, "a", "v2/a/manifests/1").await, Ok(200));
    assert_eq!(client.base().await.expect("an address").scheme(), "http");
}

#[tokio::test]
async fn what_went_wrong_is_said_in_words() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("its address");
    let said = get(&client(&free.to_string(), Nobody), "a", "v2/").await.expect_err("nobody is there").to_string();
    assert_eq!(said, "nobody listens at that port (connection refused)");
}
