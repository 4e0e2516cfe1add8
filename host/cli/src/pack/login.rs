//! `lanner pack login` and `lanner pack logout`.

use std::process::ExitCode;

use lanner_pack::credentials::{self, Credential};
use lanner_pack::remote::{Remote, RemoteError};
use serde_json::json;

use super::password;
use super::registries::Reach;
use super::{Failure, Format, show};

#[derive(Debug, clap::Args)]
pub(super) struct LoginArguments {
    /// The registry: host[:port]
    #[arg(value_name = "HOST")]
    registry: String,
    /// Who
    #[arg(short, long, value_name = "NAME")]
    username: String,
    /// Read the password from stdin instead of asking for it
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Debug, clap::Args)]
pub(super) struct LogoutArguments {
    /// The registry: host[:port]
    #[arg(value_name = "HOST")]
    registry: String,
}

pub(super) fn login(arguments: &LoginArguments, output: Format) -> Result<ExitCode, Failure> {
    let (registry, user) = (host(&arguments.registry), &arguments.username);
    if user.contains(':') || user.chars().any(char::is_control) {
        return Err(format!("{user:?} cannot be a user's name: it holds a colon or a control character").into());
    }
    let password = match arguments.password_stdin {
        true => password::from_stdin()?,
        false => password::ask(&format!("Password of {user} at {registry}: "))
            .map_err(|error| format!("{error}; give it on stdin instead, with --password-stdin"))?,
    };
    let credential = Credential::Password { user: user.clone(), password: password.clone() };
    // What does not work is not kept.
    Remote::with_credential(registry, &arguments.reach.access(), Some(credential))?.check_credential().map_err(
        |error| match error {
            RemoteError::Unauthorised { .. } => {
                format!("not logged in: registry {registry} does not take this name with this password")
            }
            error => format!("not logged in: {error}"),
        },
    )?;
    let place = credentials::keep(registry, user, &password)?;
    let json = json!({ "registry": registry, "username": user, "kept": place });
    show::print(output, &json, || format!("logged in to {registry} as {user}; kept by {place}"))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn logout(arguments: &LogoutArguments, output: Format) -> Result<ExitCode, Failure> {
    let registry = host(&arguments.registry);
    let known = credentials::forget(registry)?;
    show::print(output, &json!({ "registry": registry, "known": known }), || match known {
        true => format!("logged out of {registry}"),
        false => format!("nothing was kept for {registry}"),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn host(text: &str) -> &str {
    text.strip_prefix("oci://").unwrap_or(text)
}
