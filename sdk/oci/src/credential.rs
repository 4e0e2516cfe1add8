//! Who asks, and for what.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// What proves who somebody is.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// A name and a password.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// A token from which others are made (OAuth 2 calls it a refresh token).
    IdentityToken(String),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential")
    }
}

/// A credential on its way; why there is none.
pub type Ask<'a> = Pin<Box<dyn Future<Output = Result<Option<Credential>, String>> + Send + 'a>>;

/// Knows who asks. It is asked each time that a registry wants to know.
pub trait Who: Send + Sync {
    /// The credential, where there is one.
    fn credential(&self) -> Ask<'_>;
}

/// Nobody in particular.
pub struct Nobody;

impl Who for Nobody {
    fn credential(&self) -> Ask<'_> {
        Box::pin(async { Ok(None) })
    }
}

impl Who for Option<Credential> {
    fn credential(&self) -> Ask<'_> {
        Box::pin(async { Ok(self.clone()) })
    }
}

/// What is to be done, and where; tokens are given for that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Something that belongs to no repository.
    Registry,
    /// To read this repository.
    Pull(String),
    /// To write to this repository.
    Push(String),
}

impl Scope {
    /// As token servers are asked for it.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Registry => None,
            Self::Pull(repository) => Some(format!("repository:{repository}:pull")),
            Self::Push(repository) => Some(format!("repository:{repository}:pull,push")),
        }
    }
}
