//! The packs that packages bring along, signed: an OCI image layout as `lanner pack save` writes it, and the lock file that pins them.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::program::Program;
use super::{Options, Release, said};

/// The password of a key.
const PASSWORD: &str = "LANNER_KEY_PASSWORD";

/// Signed packs.
pub(super) struct Signed {
    /// The packs.
    pub(super) archive: PathBuf,
    /// Which they are.
    pub(super) lock: PathBuf,
    /// The public key.
    pub(super) key: PathBuf,
    /// Where they are said to be from, as a trust policy names it.
    pub(super) prefix: String,
}

/// Signs all packs of a folder, and looks whether what comes out is trusted by the policy that packages bring along.
pub(super) fn sign(release: &Release, lanner: &Program, packs: &Path, options: &Options) -> Result<Signed> {
    let prefix = options.under.trim_start_matches("oci://").trim_end_matches('/').to_owned();
    let entries =
        fs::read_dir(packs).with_context(|| format!("{}: build the packs first: make packs", packs.display()))?;
    let files: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    let mut files: Vec<PathBuf> =
        files.into_iter().filter(|file| file.extension() == Some(OsStr::new("wasm"))).collect();
    files.sort();
    ensure!(!files.is_empty(), "there is no pack in {}; build them first: make packs", packs.display());
    let private = match &options.sign_key {
        Some(key) => key.clone(),
        None => {
            let prefix = release.work.join("once");
            said(run(release, lanner).env(PASSWORD, "").args(["pack", "keygen", "--prefix"]).arg(&prefix))?;
            prefix.with_extension("key")
        }
    };
    let public = private.with_extension("pub");
    let text = fs::read_to_string(&public).with_context(|| {
        format!(
            "{} is missing: the public half lies beside the private key, as `lanner pack keygen` puts it",
            public.display()
        )
    })?;
    let out = |name: &str| release.out.join(name);
    let signed = Signed { archive: out("packs.tar"), lock: out("lanner.lock"), key: out("release.pub"), prefix };
    fs::write(&signed.key, text).with_context(|| signed.key.display().to_string())?;
    // Of a run before.
    if let Err(error) = fs::remove_file(&signed.lock)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error).with_context(|| signed.lock.display().to_string());
    }
    let mut save = run(release, lanner);
    if options.sign_key.is_none() {
        save.env(PASSWORD, "");
    }
    save.args(["pack", "save", "--under", &signed.prefix, "--sign"]).arg(&private).arg("--lock").arg(&signed.lock);
    said(save.arg("--to").arg(&signed.archive).args(&files))?;
    // It is nobody's secret.
    fs::set_permissions(&signed.archive, fs::Permissions::from_mode(0o644))?;
    check(release, lanner, &signed)?;
    Ok(signed)
}

/// Loads what was signed as a machine would that it comes to.
fn check(release: &Release, lanner: &Program, signed: &Signed) -> Result<()> {
    let (store, policy) = (release.work.join("store"), release.work.join("trust.toml"));
    fs::write(&policy, signed.policy(&signed.key))?;
    said(run(release, lanner).args(["pack", "load", "--store"]).arg(&store).arg(&signed.archive))?;
    let lock: toml::Table = fs::read_to_string(&signed.lock)?.parse()?;
    let pins = lock.get("pack").and_then(toml::Value::as_array).context("the lock file pins nothing")?;
    for pin in pins {
        let text =
            |key: &str| pin.get(key).and_then(toml::Value::as_str).with_context(|| format!("a pin has no {key}"));
        let (reference, digest) = (text("reference")?, text("digest")?);
        let repository = reference.rsplit_once(':').map_or(reference, |(repository, _)| repository);
        let mut verify = run(release, lanner);
        verify.args(["pack", "verify", "--trust"]).arg(&policy).arg("--store").arg(&store);
        said(verify.arg(format!("{repository}@{digest}")))?;
    }
    Ok(())
}

impl Signed {
    /// The trust policy by which they are trusted, where the key lies there.
    pub(super) fn policy(&self, key: &Path) -> String {
        let template = include_str!("../../../host/packaging/trust.toml");
        template.replace("@PREFIX@", &self.prefix).replace("@KEY@", &key.display().to_string())
    }
}

/// The program, at the time of the release, and without a say of this machine's configuration.
fn run(release: &Release, lanner: &Program) -> Command {
    let mut command = Command::new(&lanner.file);
    command.env("SOURCE_DATE_EPOCH", release.time.to_string()).args(["--log", "warn"]);
    command
}
