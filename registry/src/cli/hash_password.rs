//! `lanner-registry hash-password`.

use std::process::ExitCode;

use super::Failure;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Whose password it is; the hash alone is printed without
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    println!("{}", lanner_access::htpasswd_line(arguments.user.as_deref())?);
    Ok(ExitCode::SUCCESS)
}
