use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream as Stream};

use lanner_engine::Status;

use super::*;
use crate::host::made_up::MadeUp;

/// Serves the metrics of a host while a test asks.
async fn serving<T: Send + 'static>(host: Arc<MadeUp>, test: impl FnOnce(SocketAddr) -> T + Send + 'static) -> T {
    let listener = Listener::bind("127.0.0.1:0").expect("an address");
    let address = listener.local_addr().expect("it has one");
    let (stop, stopped) = watch::channel(false);
    let served = tokio::spawn(serve(listener, Arc::new(Inquiry::new(host)), stopped));
    let outcome = tokio::task::spawn_blocking(move || test(address)).await.expect("the test");
    stop.send(true).expect("it runs");
    served.await.expect("it ended").expect("it served");
    outcome
}

/// What is answered to these bytes.
fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = Stream::connect(address).expect("a connection");
    stream.write_all(request.as_bytes()).expect("it is taken");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn get(address: SocketAddr, path: &str) -> String {
    ask(address, &format!("GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"))
}

#[tokio::test]
async fn metrics_and_health_are_served_and_nothing_else() {
    let host = MadeUp::with(Status { events: 9, ..Status::default() });
    serving(host, |address| {
        let metrics = get(address, "/metrics");
        assert!(metrics.starts_with("HTTP/1.1 200 OK\r\n"), "{metrics}");
        assert!(metrics.contains("content-type: application/openmetrics-text; version=1.0.0"), "{metrics}");
        assert!(metrics.contains("\nlanner_findings_total 7\n") && metrics.ends_with("# EOF\n"), "{metrics}");
        assert!(get(address, "/healthz").starts_with("HTTP/1.1 200 OK\r\n"));
        let ready = get(address, "/readyz");
        assert!(ready.starts_with("HTTP/1.1 503 ") && ready.ends_with("no pack runs\n"), "{ready}");
        assert!(get(address, "/etc/shadow").starts_with("HTTP/1.1 404 "));
        assert!(get(address, "/../healthz").starts_with("HTTP/1.1 404 "));
        let posted = "POST /metrics HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        assert!(ask(address, posted).starts_with("HTTP/1.1 405 "));
        let long = format!("GET /metrics HTTP/1.1\r\nHost: {}\r\n\r\n", "x".repeat(2 * MAX_HEAD));
        assert!(ask(address, &long).starts_with("HTTP/1.1 431 "));
        assert!(ask(address, "\u{0}nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
    })
    .await;
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_not_well() {
    serving(Arc::new(MadeUp::default()), |address| {
        for path in ["/metrics", "/healthz", "/readyz"] {
            let answer = get(address, path);
            assert!(
                answer.starts_with("HTTP/1.1 503 ") && answer.ends_with("not judged, or not in time\n"),
                "{answer}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn who_is_silent_keeps_nobody_out_for_long() {
    serving(MadeUp::with(Status::default()), |address| {
        let connect = || Stream::connect(address).expect("a connection");
        let silent: Vec<Stream> = (0..MAX_CONNECTIONS + 4).map(|_| connect()).collect();
        // All places are taken, and those that wait do so outside.
        drop(silent);
        assert!(get(address, "/healthz").starts_with("HTTP/1.1 200 OK\r\n"));
    })
    .await;
}
