//! Behind a proxy: whose request it is, for limits and logs.

use reqwest::StatusCode;

use crate::support::Server;

async fn ask(server: &Server, path: &str, client: &str) -> StatusCode {
    let request = reqwest::Client::new().get(server.url(path)).header("x-forwarded-for", client);
    request.send().await.unwrap().status()
}

/// With it a client that asks twice at once is refused.
const ONE: &str = "[limits]\nrequests_per_second = 1\nburst = 1\n";

/// How many clients ask.
const TIMES: usize = 20;

#[tokio::test]
async fn each_client_of_a_trusted_proxy_is_one() {
    let server = Server::start(&format!("[http]\ntrusted_proxies = ['192.0.2.0/24', '127.0.0.1']\n{ONE}"));
    for n in 0..TIMES {
        assert_eq!(ask(&server, "/v2/", &format!("198.51.100.{n}")).await, 200, "{n}");
    }
    server.logs("client=198.51.100.7").await;
    // Whatever it says of others before it.
    assert_eq!(ask(&server, "/v2/", "203.0.113.1, 203.0.113.2").await, 200);
    server.logs("client=203.0.113.2").await;
}

#[tokio::test]
async fn nobody_else_is_believed() {
    let server = Server::start("[http]\ntrusted_proxies = ['192.0.2.0/24']\n");
    assert_eq!(ask(&server, "/v2/lie/tags/list", "198.51.100.1").await, 404);
    server.logs("answered status=404").await;
    let log = server.log();
    assert!(log.contains("client=127.0.0.1") && !log.contains("198.51.100.1"), "{log}");
}
