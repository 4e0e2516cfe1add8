//! `lanner-registry serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::{Failure, Which, runtime};

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// Where clients are answered (http.address)
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Where the administrator is answered, or none (admin.address)
    #[arg(long, value_name = "ADDR", value_parser = crate::config::address_or_none)]
    admin_listen: Option<Address>,
    /// Write the addresses to this file once they are listened on
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

/// An address, or none. (A plain `Option` means to clap that the argument may be left out.)
type Address = Option<SocketAddr>;

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    /// How long a file may take to be closed.
    const LEFT: Duration = Duration::from_secs(1);
    let mut config = arguments.which.read()?;
    if let Some(address) = arguments.listen {
        config.http.address = address;
    }
    if let Some(address) = arguments.admin_listen {
        config.admin.address = address;
    }
    let runtime = runtime()?;
    let outcome = runtime.block_on(crate::serve::run(config, arguments.ready_file.as_deref()));
    runtime.shutdown_timeout(LEFT);
    outcome?;
    Ok(ExitCode::SUCCESS)
}
