//! How it is to be served, and what is refused.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use lanner_access::{Certificate, HtpasswdError, Logins, Tls, TlsError, Users};

use crate::caller::Access;
use crate::names::Names;

/// What is spoken, as ALPN has it.
const PROTOCOLS: &[&[u8]] = &[b"http/1.1"];

/// How it is to be served.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where.
    pub listen: SocketAddr,
    /// By which certificate.
    pub certificate: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
    /// Who can log in: a file as htpasswd writes it.
    pub users: Option<PathBuf>,
    /// Who of them may change something; the others only look.
    pub operators: Vec<String>,
    /// By which names browsers may ask for it, besides addresses and `localhost`.
    pub names: Vec<String>,
    /// Whether everybody may change something, where nobody can log in.
    pub anybody_operates: bool,
}

/// It cannot be served like that.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Others would reach it who should not.
    #[error(
        "the console cannot be served at {listen}, which other machines reach, without {lacks}: name them \
         (console.certificate, console.key, console.users), or have it listen at 127.0.0.1"
    )]
    Exposed {
        /// Where.
        listen: SocketAddr,
        /// What there would have to be.
        lacks: &'static str,
    },
    /// One without the other.
    #[error("console.certificate and console.key go together: name both or neither")]
    Half,
    /// Someone may operate who cannot log in.
    #[error("console.operators names {0}, and nobody can log in: name the file of the users (console.users)")]
    NoUsers(String),
    /// All may, and some may.
    #[error(
        "console.anybody_operates is for a console that nobody logs in to: leave it out, and name console.operators"
    )]
    Anybody,
    /// It is no name of a host.
    #[error("console.names has {0:?}, which is no name of a host: write it without scheme and port")]
    Name(String),
    /// It cannot be listened at.
    #[error("the console cannot be served at {listen}: {error}; give another address (console.listen, --console)")]
    Address {
        /// Where.
        listen: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// A file cannot be read, or others may write to it.
    #[error("the console cannot go by {}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file of users.
    #[error("console.users: {0}")]
    Users(#[from] HtpasswdError),
    /// The certificate.
    #[error("the console: {0}")]
    Tls(#[from] TlsError),
}

/// Bytes of a file of users, or of a key.
const MAX_FILE: u64 = 16 << 20;

/// All that it takes to serve it.
pub struct Opening {
    pub(crate) listener: TcpListener,
    pub(crate) tls: Option<Tls>,
    pub(crate) access: Access,
    pub(crate) names: Names,
}

impl Settings {
    /// Whether it could be served like that; nothing is listened at.
    ///
    /// # Errors
    /// It could not.
    pub fn check(&self) -> Result<(), SettingsError> {
        self.is_safe()?;
        if let Some(users) = &self.users {
            Users::read(users)?;
        }
        self.tls().map(drop)
    }

    /// Takes the address.
    ///
    /// # Errors
    /// It cannot be served like that.
    pub fn open(self) -> Result<Opening, SettingsError> {
        self.is_safe()?;
        let tls = self.tls()?;
        let logins = self.users.clone().map(Logins::open).transpose()?.map(Arc::new);
        let listen = self.listen;
        let failed = |error| SettingsError::Address { listen, error };
        let listener = TcpListener::bind(listen).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let access = Access::new(logins, self.operators, self.anybody_operates, tls.is_some());
        Ok(Opening { listener, tls, access, names: Names::new(&self.names) })
    }

    fn is_safe(&self) -> Result<(), SettingsError> {
        let listen = self.listen;
        if self.certificate.is_some() != self.key.is_some() {
            return Err(SettingsError::Half);
        }
        if !listen.ip().to_canonical().is_loopback() {
            let lacks = match (self.certificate.is_some(), self.users.is_some()) {
                (true, true) => None,
                (false, true) => Some("a certificate"),
                (true, false) => Some("users"),
                (false, false) => Some("a certificate and users"),
            };
            if let Some(lacks) = lacks {
                return Err(SettingsError::Exposed { listen, lacks });
            }
        }
        match (&self.users, self.operators.first()) {
            (None, Some(operator)) => return Err(SettingsError::NoUsers(operator.clone())),
            (Some(_), _) if self.anybody_operates => return Err(SettingsError::Anybody),
            _ => {}
        }
        for path in self.users.iter().chain(&self.key) {
            // Who could write to them would be whom he likes.
            lanner_trust::read_guarded(path, MAX_FILE)
                .map_err(|error| SettingsError::File { path: path.clone(), error })?;
        }
        match self.names.iter().find(|name| !Names::is_name(name)) {
            Some(name) => Err(SettingsError::Name(name.clone())),
            None => Ok(()),
        }
    }

    fn tls(&self) -> Result<Option<Tls>, SettingsError> {
        let (Some(certificate), Some(key)) = (&self.certificate, &self.key) else { return Ok(None) };
        let files = Certificate { certificate: certificate.clone(), key: key.clone() };
        Ok(Some(Tls::load(files, PROTOCOLS, |_| {})?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(listen: &str) -> Settings {
        Settings {
            listen: listen.parse().expect("an address"),
            certificate: None,
            key: None,
            users: None,
            operators: Vec::new(),
            names: Vec::new(),
            anybody_operates: false,
        }
    }

    #[track_caller]
    fn refused(settings: &Settings, why: &str) {
        let sentence = settings.check().expect_err("it is refused").to_string();
        assert!(sentence.contains(why) && !sentence.contains('\n'), "{sentence}");
    }

    #[test]
    fn what_others_reach_has_tls_and_users() {
        let file = || Some(PathBuf::from("/nowhere"));
        for listen in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1"] {
            refused(&at(listen), "without a certificate and users");
            refused(&Settings { users: file(), ..at(listen) }, "without a certificate");
            refused(&Settings { certificate: file(), key: file(), ..at(listen) }, "without users");
        }
        for listen in ["127.0.0.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "127.9.9.9:1"] {
            at(listen).check().expect("this machine only");
        }
    }

    #[test]
    fn files_that_others_may_write_to_are_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let users = folder.path().join("users");
        let line = format!("alice:{}\n", lanner_access::hash_password("a").expect("a hash"));
        std::fs::write(&users, line).expect("written");
        let settings = Settings { users: Some(users.clone()), ..at("127.0.0.1:1") };
        let mode = |mode| std::fs::set_permissions(&users, std::fs::Permissions::from_mode(mode)).expect("a mode");
        mode(0o600);
        settings.check().expect("it is ours");
        mode(0o666);
        refused(&settings, "the console cannot go by");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let local = || at("127.0.0.1:1");
        let file = || Some(PathBuf::from("/nowhere"));
        refused(&Settings { key: file(), ..local() }, "go together");
        refused(&Settings { operators: vec!["alice".into()], ..local() }, "names alice");
        refused(&Settings { users: file(), anybody_operates: true, ..local() }, "anybody_operates");
        refused(&Settings { users: file(), ..local() }, "/nowhere");
        for name in ["https://a.example", "a.example:1", "", "a b"] {
            refused(&Settings { names: vec![name.into()], ..local() }, "no name of a host");
        }
    }
}
