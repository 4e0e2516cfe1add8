//! Who may do what: anonymous clients, passwords, tokens, and permissions by repository.
//!
//! A request says who it is of ([`Access::identify`]): by a token that was had from `/token`, by a password, or not at
//! all. What it wants is then allowed or not ([`Access::authorize`]), before anything is looked up: whether a repository
//! is there is told only to those who may pull it.

mod challenge;
mod config;
mod endpoint;
mod key;
mod permissions;
mod scope;
mod tokens;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::header::{AUTHORIZATION, RETRY_AFTER};
use axum::http::request::Parts;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use lanner_access::{LoginError, Logins, Users};
use zeroize::Zeroizing;

use crate::config::Http;
use crate::oci::{Code, OciError, RepositoryName};
use challenge::{Lack, challenge};
use permissions::Permissions;
use scope::Granted;
use tokens::{Purpose, Tokens};

pub use config::{AccessConfig, AccessError, Grant, Rule};
pub use key::KeyError;

/// The same for a name that is not there and a password that is not right.
const WRONG: &str = "the user name or the password is wrong";

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

impl Action {
    const ALL: [Self; 3] = [Self::Pull, Self::Push, Self::Delete];

    /// As scopes have it.
    fn as_str(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
        }
    }
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
    /// To push to a repository what another one has.
    Mount {
        /// Where to.
        to: &'a RepositoryName,
        /// What may be pulled from there need not be sent; what may not has to be.
        from: &'a RepositoryName,
    },
}

impl Wanted<'_> {
    /// What is refused, after "may not".
    fn describe(self) -> String {
        match self {
            Wanted::Base => "use this registry".to_owned(),
            Wanted::Catalog => "list repositories".to_owned(),
            Wanted::Repository(name, Action::Pull) => format!("pull from {name}"),
            Wanted::Repository(name, Action::Push) | Wanted::Mount { to: name, .. } => format!("push to {name}"),
            Wanted::Repository(name, Action::Delete) => format!("delete from {name}"),
        }
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Nobody in particular.
    Anonymous,
    /// By name.
    User(String),
}

/// The name, or `-`, which is no user's.
impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Anonymous => f.write_str("-"),
            Self::User(name) => f.write_str(name),
        }
    }
}

/// Who a request is of, and what it may do at most.
#[derive(Debug)]
pub struct Caller {
    identity: Identity,
    /// What its token is good for; without, all that the identity may do.
    token: Option<Vec<Granted>>,
    /// Where it would have a token from.
    realm: Option<Box<str>>,
}

impl Caller {
    /// Nobody in particular.
    pub fn anonymous() -> Self {
        Self { identity: Identity::Anonymous, token: None, realm: None }
    }

    /// Who asks.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }
}

/// What `Authorization` holds.
enum Credentials {
    Basic(String, Zeroizing<String>),
    Bearer(Zeroizing<String>),
}

/// What decides. Clones are the same.
#[derive(Clone)]
pub struct Access(Arc<Inner>);

struct Inner {
    permissions: Permissions,
    service: String,
    /// Where tokens are had, if not by the name that the client uses.
    realm: Option<Box<str>>,
    tls: bool,
    /// Nobody can log in without.
    logins: Option<Arc<Logins>>,
    tokens: Option<Tokens>,
}

impl Access {
    /// By its part of the configuration. The key for tokens is kept in the folder of the storage.
    ///
    /// # Errors
    /// The configuration is not safe or not sensible, or one of its files cannot be used.
    pub fn open(config: &AccessConfig, http: &Http, storage: &Path) -> Result<Self, AccessError> {
        config.check(http)?;
        let (logins, tokens) = match &config.htpasswd {
            None => (None, None),
            Some(file) => {
                let logins = Logins::open(file.clone())?;
                let key = key::read_or_make(&AccessConfig::key_file(storage))?;
                let tokens = Tokens::new(&key, config.service.clone(), config.token_lifetime);
                (Some(Arc::new(logins)), Some(tokens))
            }
        };
        let at_url = || http.url.as_ref().map(|url| format!("{}/token", url.trim_end_matches('/')));
        Ok(Self(Arc::new(Inner {
            permissions: Permissions::new(config),
            service: config.service.clone(),
            realm: config.realm.clone().or_else(at_url).map(Into::into),
            tls: http.tls.is_some(),
            logins,
            tokens,
        })))
    }

    /// Who a request is of. The address of its client is an extension, [`ConnectInfo`].
    ///
    /// # Errors
    /// It says who, but that is not true or not true any more (401), or it has said so too often (429).
    pub async fn identify(&self, parts: &Parts) -> Result<Caller, OciError> {
        let inner = &*self.0;
        let mut caller = Caller::anonymous();
        // Where nobody can log in, it makes no difference what somebody says.
        let Some(tokens) = &inner.tokens else { return Ok(caller) };
        caller.realm = match &inner.realm {
            Some(realm) => Some(realm.clone()),
            None => challenge::realm(parts, inner.tls).map(Into::into),
        };
        let refuse =
            |lack, message: &str| challenge(caller.realm.as_deref(), &inner.service, None, lack, message.to_owned());
        match self.credentials(parts).map_err(|message| refuse(Lack::Token, message))? {
            None => {}
            Some(Credentials::Basic(name, password)) => {
                let wrong = || refuse(Lack::Token, WRONG);
                caller.identity = self.log_in(address(parts), name, password, wrong).await?;
            }
            Some(Credentials::Bearer(token)) => {
                let users = self.users().await;
                let (identity, claims) = tokens
                    .verify(Purpose::Access, &token, &users)
                    .ok_or_else(|| refuse(Lack::Good, "the token is not valid, or not any more: get another"))?;
                (caller.identity, caller.token) = (identity, Some(claims.access));
            }
        }
        Ok(caller)
    }

    /// Whether somebody may do what they want.
    ///
    /// # Errors
    /// They may not: 401 with a challenge where credentials could help, 403 where they do not.
    pub fn authorize(&self, caller: &Caller, wanted: Wanted<'_>) -> Result<(), OciError> {
        let Inner { permissions, service, logins, .. } = &*self.0;
        let who = &caller.identity;
        let allowed = match wanted {
            // Clients learn here that there are tokens, anonymous ones as well.
            Wanted::Base => logins.is_none() || caller.token.is_some() || matches!(who, Identity::User(_)),
            Wanted::Catalog => scope::may_list(who, permissions),
            Wanted::Repository(name, action) => permissions.allow(who, name, action),
            Wanted::Mount { to, .. } => permissions.allow(who, to, Action::Push),
        };
        let is_covered = |token: &[Granted]| match wanted {
            // A token for both can be had where the other one may be pulled; elsewhere the bytes have to be sent.
            Wanted::Mount { to, from } => {
                scope::cover(token, to, Action::Push)
                    && (scope::cover(token, from, Action::Pull) || !permissions.allow(who, from, Action::Pull))
            }
            Wanted::Repository(name, action) => scope::cover(token, name, action),
            Wanted::Catalog => scope::cover_catalog(token),
            Wanted::Base => true,
        };
        let refuse = |lack, message| Err(challenge(caller.realm.as_deref(), service, Some(wanted), lack, message));
        match who {
            _ if allowed => match &caller.token {
                Some(token) if !is_covered(token) => {
                    refuse(Lack::Scope, format!("the token is not good to {}", wanted.describe()))
                }
                _ => Ok(()),
            },
            Identity::User(name) => Err(OciError::new(Code::Denied, format!("{name} may not {}", wanted.describe()))),
            Identity::Anonymous if logins.is_some() => {
                let lack = if caller.token.is_some() { Lack::Scope } else { Lack::Token };
                refuse(lack, format!("log in to {}", wanted.describe()))
            }
            Identity::Anonymous => {
                let message = format!("nobody may {}: this registry has no users", wanted.describe());
                Err(OciError::new(Code::Denied, message))
            }
        }
    }

    /// Whether somebody may know of a repository, whatever token they have.
    pub fn may_see(&self, caller: &Caller, name: &RepositoryName) -> bool {
        self.0.permissions.allow(&caller.identity, name, Action::Pull)
    }

    /// Whether anybody can log in.
    pub fn has_users(&self) -> bool {
        self.0.logins.is_some()
    }

    /// Where tokens are had.
    pub fn routes(&self) -> Router {
        endpoint::routes(self.clone())
    }

    async fn users(&self) -> Arc<Users> {
        match &self.0.logins {
            Some(logins) => logins.users().await,
            None => Arc::default(),
        }
    }

    async fn log_in(
        &self,
        address: IpAddr,
        name: String,
        password: Zeroizing<String>,
        wrong: impl Fn() -> OciError,
    ) -> Result<Identity, OciError> {
        let Some(logins) = &self.0.logins else { return Err(wrong()) };
        let later = |seconds: u64, message: String| {
            OciError::new(Code::TooManyRequests, message).with_header(RETRY_AFTER, seconds.into())
        };
        match logins.check(address, &name, password).await {
            Ok(()) => Ok(Identity::User(name)),
            Err(LoginError::Wrong) => Err(wrong()),
            Err(LoginError::Slowed(wait)) => {
                let seconds = wait.as_secs() + 1;
                Err(later(seconds, format!("too many logins failed; try again in {seconds} seconds")))
            }
            Err(LoginError::Busy) => Err(later(1, "too many clients log in at the moment; try again".to_owned())),
        }
    }

    /// What a request says of its client.
    fn credentials(&self, parts: &Parts) -> Result<Option<Credentials>, &'static str> {
        /// Clients differ in whether they pad.
        const BASE64: GeneralPurpose = GeneralPurpose::new(
            &STANDARD,
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
        );
        const RULE: &str = "Authorization must be Basic with a user name and a password, or Bearer with a token";
        let mut values = parts.headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(RULE);
        }
        let (scheme, rest) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(RULE)?;
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return Ok(Some(Credentials::Bearer(rest.to_owned().into())));
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(RULE);
        }
        let bytes = Zeroizing::new(BASE64.decode(rest).map_err(|_| RULE)?);
        let text = std::str::from_utf8(&bytes).map_err(|_| RULE)?;
        let (name, password) = text.split_once(':').ok_or(RULE)?;
        Ok(Some(Credentials::Basic(name.to_owned(), password.to_owned().into())))
    }
}

/// Where a request comes from.
fn address(parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip())
}

#[cfg(test)]
mod tests;
