//! The console of `lanner run`: its options.

use std::net::SocketAddr;
use std::path::PathBuf;

use lanner_console::{Opening, Settings};

use super::Failure;

/// How the console is served.
#[derive(Debug, clap::Args)]
pub(super) struct Browsing {
    /// Serve a console for browsers there, such as 127.0.0.1:8790: findings, packs, figures
    #[arg(long, value_name = "ADDRESS")]
    console: Option<SocketAddr>,
    /// Serve the console over TLS, by this certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "console")]
    console_certificate: Option<PathBuf>,
    /// The private key of that certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "console")]
    console_key: Option<PathBuf>,
    /// Have people sign in to the console: a file of names and hashes of passwords, as htpasswd writes it
    #[arg(long, value_name = "FILE", requires = "console")]
    console_users: Option<PathBuf>,
    /// Who of them may change something, and not only look; may be given several times
    #[arg(long = "console-operator", value_name = "NAME", requires = "console")]
    console_operators: Vec<String>,
    /// A name by which browsers may ask for the console, besides addresses and localhost; may be given several times
    #[arg(long = "console-name", value_name = "NAME", requires = "console")]
    console_names: Vec<String>,
    /// Let everybody on this machine change something, where nobody signs in
    #[arg(long, requires = "console")]
    console_anybody_operates: bool,
}

impl Browsing {
    fn settings(&self) -> Option<Settings> {
        Some(Settings {
            listen: self.console?,
            certificate: self.console_certificate.clone(),
            key: self.console_key.clone(),
            users: self.console_users.clone(),
            operators: self.console_operators.clone(),
            names: self.console_names.clone(),
            anybody_operates: self.console_anybody_operates,
        })
    }

    /// Whether it could be served like that; nothing is listened at.
    pub(super) fn check(&self) -> Result<(), Failure> {
        Ok(self.settings().map_or(Ok(()), |settings| settings.check())?)
    }

    /// Takes its address. None where it is not asked for.
    pub(super) fn open(&self) -> Result<Option<Opening>, Failure> {
        Ok(self.settings().map(Settings::open).transpose()?)
    }
}
