//! `make dist`: what is handed to others, made of programs and packs that are built already.
//!
//! The same programs, packs, key and commit give the same bytes: times are the commit's, or `SOURCE_DATE_EPOCH`'s.

mod contents;
mod deb;
mod image;
mod packs;
mod program;
mod rpm;
mod sbom;
mod tree;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};

use crate::root;

/// What the version of the workspace is, which all its crates have.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The sums of all that is handed out.
const SUMS: &str = "SHA256SUMS";

/// What packages are made of, and where they go.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Where the programs are, with what debuggers need in them [default: target/dist]
    #[arg(long, value_name = "FOLDER")]
    binaries: Option<PathBuf>,
    /// Where the packs are [default: target/packs]
    #[arg(long, value_name = "FOLDER")]
    packs: Option<PathBuf>,
    /// Where what is made goes [default: target/dist]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Sign the packs with this private key, whose public half is beside it (.pub); LANNER_KEY_PASSWORD has its password. Without, a
    /// key is made that is thrown away, and what comes out is no release
    #[arg(long, value_name = "KEY")]
    sign_key: Option<PathBuf>,
    /// Where the packs are said to be from: the registry that `cargo xtask publish` puts them into, where there is one
    #[arg(long, value_name = "HOST/NAME", default_value = "lanner.invalid")]
    under: String,
    /// The version of the packages, where it is not the workspace's
    #[arg(long, value_name = "VERSION", default_value = VERSION)]
    package_version: semver::Version,
    /// Compress little, as for a test
    #[arg(long)]
    quick: bool,
}

/// What all that is made has in common.
struct Release {
    version: semver::Version,
    /// When, in seconds since 1970.
    time: u32,
    /// Where what is made goes.
    out: PathBuf,
    /// Where it is put together, and what is only needed meanwhile lies. Others cannot read it.
    work: PathBuf,
    quick: bool,
}

/// Makes everything.
pub(crate) fn run(options: &Options) -> Result<()> {
    let given = |folder: &Option<PathBuf>, usual: &str| folder.clone().unwrap_or_else(|| root().join(usual));
    let out = given(&options.out, "target/dist");
    fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
    let out = fs::canonicalize(&out)?;
    let work = out.join("staging");
    empty(&work)?;
    let release = Release { version: options.package_version.clone(), time: time()?, out, work, quick: options.quick };
    let mut made = Vec::new();
    let binaries = given(&options.binaries, "target/dist");
    let [lanner, registry] = ["lanner", "lanner-registry"].map(|name| program::strip(&release, &binaries, name));
    let (lanner, registry) = (lanner?, registry?);
    for program in [&lanner, &registry] {
        made.extend([program.file.clone(), program.debug.clone()]);
    }
    let signed = packs::sign(&release, &lanner, &given(&options.packs, "target/packs"), options)?;
    made.extend([signed.archive.clone(), signed.lock.clone(), signed.key.clone()]);
    let mut packages = Vec::new();
    for package in [contents::lanner(&release, &lanner, &signed)?, contents::registry(&release, &registry)?] {
        let bill = sbom::write(&release, package.name)?;
        packages.push(package.with_bill(&bill)?);
        made.push(bill);
    }
    for package in &packages {
        made.push(deb::write(&release, package)?);
        made.push(rpm::write(&release, package)?);
    }
    image::write(&release, &signed, [&lanner, &registry])?;
    sums(&release.out, made)?;
    fs::remove_dir_all(&release.work)?;
    if options.sign_key.is_none() {
        eprintln!(
            "dist: this is NO RELEASE: its packs are signed with a key that was made for this once; for a release give --sign-key"
        );
    }
    Ok(())
}

/// When the sources are from: as `SOURCE_DATE_EPOCH` says, or the last commit.
fn time() -> Result<u32> {
    let text = match env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text,
        Err(_) => said(Command::new("git").current_dir(root()).args(["log", "-1", "--format=%ct"]))
            .context("no commit says when the sources are from; give SOURCE_DATE_EPOCH, in seconds since 1970")?,
    };
    text.trim().parse().with_context(|| format!("{text:?} is no number of seconds since 1970"))
}

/// Writes the sums of files in the order of their names, as `sha256sum --check` reads them, and says how large each is.
fn sums(out: &Path, mut made: Vec<PathBuf>) -> Result<()> {
    made.sort();
    let mut text = String::new();
    for file in &made {
        let bytes = fs::read(file).with_context(|| file.display().to_string())?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let sum = hex(&Sha256::digest(&bytes));
        text.push_str(&format!("{sum}  {name}\n"));
        eprintln!("dist: {name}, {:.1} MB", bytes.len() as f64 / 1e6);
    }
    let path = out.join(SUMS);
    fs::write(&path, text).with_context(|| path.display().to_string())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes a folder that is empty, and that nobody else reads.
fn empty(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| folder.display().to_string());
        }
        _ => {}
    }
    fs::DirBuilder::new().mode(0o700).create(folder).with_context(|| folder.display().to_string())
}

/// What a command says, which has to succeed.
fn said(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("{program} cannot be started; is it installed?"))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program}: {}", complaint.trim());
    Ok(String::from_utf8(output.stdout)?)
}
