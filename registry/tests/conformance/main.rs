//! What the OCI distribution specification and its conformance suite ask for, request by request, over real HTTP. The
//! official suite needs Go modules; this one follows its requests (order, headers, bodies without a length) and is
//! stricter where the specification is.

mod blobs;
mod client;
mod listing;
mod manifests;

use client::Registry;

#[tokio::test]
async fn the_base_says_that_this_is_a_registry() {
    let registry = Registry::start().await;
    let answer = registry.get("/v2/").await;
    assert_eq!((answer.status, answer.body.as_ref()), (200, b"{}".as_ref()));
    assert_eq!(answer.header("docker-distribution-api-version"), "registry/2.0");
    registry.post("/v2/").await.refused(405, "UNSUPPORTED");
    registry.get("/v2/nothing/here").await.refused(404, "NAME_UNKNOWN");
}
