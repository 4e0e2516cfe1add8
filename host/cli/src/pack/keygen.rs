//! `lanner pack keygen`: a pair of keys to sign with.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lanner_trust::KeyPair;
use serde_json::json;

use super::{Failure, Format, password, show};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The files: PREFIX.key for the private key, PREFIX.pub for the public one
    #[arg(long, value_name = "PREFIX", default_value = "lanner")]
    prefix: PathBuf,
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    let file = |ending: &str| {
        let mut name = arguments.prefix.clone().into_os_string();
        name.push(ending);
        PathBuf::from(name)
    };
    let (private, public) = (file(".key"), file(".pub"));
    // A key that is lost cannot be made again: neither file is ever replaced.
    if let Some(path) = [&private, &public].into_iter().find(|path| path.exists()) {
        return Err(format!("{} is there already; give another --prefix, or move it away", path.display()).into());
    }
    let secret = password::of_key("Password for the private key (empty for none): ")?;
    let pair = KeyPair::generate();
    write(&private, &pair.to_pem(secret.as_bytes()), 0o600)?;
    write(&public, &pair.public().to_pem(), 0o644)?;
    let id = pair.public().id();
    let json = json!({ "private": private, "public": public, "id": id.as_str() });
    show::print(output, &json, || {
        format!(
            "private key {}: keep it secret, sign with `lanner pack sign`\npublic key  {}: name it in the trust policy\nid          {id}",
            private.display(),
            public.display()
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    let failed = |error: std::io::Error| format!("{} cannot be written: {error}", path.display());
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    Ok(())
}
