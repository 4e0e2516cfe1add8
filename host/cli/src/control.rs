//! How a running host is asked and steered: options that several verbs share.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use lanner_control::socket::{Claim, ClaimError, Client, ClientError, DEFAULT_PATH};

use super::Failure;

/// Where a host may be asked from outside.
#[derive(Debug, clap::Args)]
pub(super) struct Steering {
    /// Where `lanner status` and others ask the host: a unix socket that it makes [default: /run/lanner/lanner.sock]
    #[arg(long, value_name = "PATH", env = "LANNER_CONTROL")]
    control: Option<PathBuf>,
    /// Make no such socket, whatever else is said
    #[arg(long)]
    no_control: bool,
    /// Serve metrics and health there over HTTP, to anybody who reaches it, such as 127.0.0.1:9464
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
}

impl Steering {
    /// Takes the place of the control socket: one host has it at a time. None where none is to be had; and an error inside
    /// where nobody has asked for it, as a machine is watched without it.
    pub(super) fn claim(&self) -> Result<Option<Result<Claim, ClaimError>>, Failure> {
        if self.no_control {
            return Ok(None);
        }
        let claim = Claim::take(self.control.as_deref().unwrap_or(DEFAULT_PATH.as_ref()));
        match claim {
            Err(ClaimError::System { .. }) if self.control.is_none() => Ok(Some(claim)),
            claim => Ok(Some(Ok(claim?))),
        }
    }

    /// Takes the address of the metrics. None where they are not asked for.
    pub(super) fn listen(&self) -> Result<Option<TcpListener>, Failure> {
        let listen = |address| {
            TcpListener::bind(address).map_err(|error| {
                format!("metrics cannot be served at {address}: {error}; give another address with --metrics")
            })
        };
        Ok(self.metrics.map(listen).transpose()?)
    }
}

/// A path, as the host may be told it, which may run in another folder.
pub(super) fn absolute(path: &Path) -> Result<String, String> {
    let path = std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let path = path.into_os_string().into_string();
    path.map_err(|path| format!("{} is not UTF-8: give it another name", path.display()))
}

/// Which host is asked.
#[derive(Debug, clap::Args)]
pub(super) struct Asked {
    /// The control socket of the host
    #[arg(long, value_name = "PATH", env = "LANNER_CONTROL", default_value = DEFAULT_PATH)]
    control: PathBuf,
}

impl Asked {
    /// Connects to the host.
    pub(super) fn connect(&self) -> Result<Client, ClientError> {
        Client::connect(&self.control)
    }
}

/// Which pack of it something is asked for.
#[derive(Debug, clap::Args)]
pub(super) struct OfPack {
    /// The name of the pack, as `lanner status` has it
    #[arg(value_name = "PACK")]
    pub(super) pack: String,
    #[command(flatten)]
    pub(super) asked: Asked,
}
