//! Bounds what is read of a server's answers, for a library that would read all of them.

use std::error::Error;

use async_trait::async_trait;
use http_body_util::{BodyExt as _, Limited};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
    ReqwestConnector,
};

/// Connects as the library does, and lets it have so many bytes of each answer.
#[derive(Debug)]
pub(super) struct Bounded {
    /// Bytes of an answer at most; what is longer is an error.
    pub(super) most: usize,
}

impl HttpConnector for Bounded {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(Client { client, most: self.most }))
    }
}

#[derive(Debug)]
struct Client {
    client: HttpClient,
    most: usize,
}

#[async_trait]
impl HttpService for Client {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = self.client.execute(request).await?.into_parts();
        let body = Limited::new(body, self.most).map_err(|error| match error.downcast::<HttpError>() {
            Ok(error) => *error,
            Err(too_long) => HttpError::new(HttpErrorKind::Unknown, TooLong(too_long)),
        });
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::new(body)))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("its answer is longer than any should be")]
struct TooLong(#[source] Box<dyn Error + Send + Sync>);
