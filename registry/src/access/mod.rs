//! Who may do what: anonymous clients, passwords, tokens, and permissions by repository.

use axum::Router;
use axum::http::HeaderMap;
use serde::Deserialize;

use crate::oci::{OciError, RepositoryName};

/// Who may do what.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessConfig {}

/// What a request wants to do with a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Read.
    Pull,
    /// Write.
    Push,
    /// Take away.
    Delete,
}

/// What a request wants.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// To know that this is a registry, and whether its credentials are good.
    Base,
    /// To list all repositories.
    Catalog,
    /// To do something with a repository.
    Repository(&'a RepositoryName, Action),
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Nobody in particular.
    Anonymous,
    /// By name.
    User(String),
}

/// What decides.
pub struct Access;

impl Access {
    /// Whether the request may do what it wants; who asks, if so.
    ///
    /// # Errors
    /// It may not: 401 with a challenge where credentials could help, 403 where they do not.
    pub fn authorize(&self, _headers: &HeaderMap, _wanted: Wanted<'_>) -> Result<Identity, OciError> {
        Ok(Identity::Anonymous)
    }

    /// Where tokens are had.
    pub fn routes(&self) -> Router {
        Router::new()
    }
}
