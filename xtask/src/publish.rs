//! Publishing packs: built, pushed under their versions, signed, and listed in an index.
//!
//! What is done to a registry is done by `lanner` itself, as anybody would do it by hand. To do it again changes nothing.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use semver::Version;
use serde::Deserialize;
use serde_json::Value;

use crate::{packs, root};

/// The index's name in the registry, beside the packs.
const INDEX: &str = "index";

/// What is published, and where.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Where to, as `HOST[:PORT]/NAME`: packs go below it, the index is beside them
    registry: String,
    /// The private key to sign with, as `lanner pack keygen` writes it; LANNER_KEY_PASSWORD has its password, or it is asked for
    #[arg(long, value_name = "KEY")]
    key: PathBuf,
    /// Publish the packs in this folder, instead of building those that Lanner ships
    #[arg(long, value_name = "FOLDER")]
    packs: Option<PathBuf>,
    /// Who publishes them
    #[arg(long, value_name = "NAME", default_value = "Lanner")]
    publisher: String,
    /// Their licence [default: that of rules-wasm]
    #[arg(long, value_name = "SPDX")]
    licence: Option<String>,
    /// Where the registry is reached: what `lanner pack push` is told besides, such as --ca-file FILE
    #[arg(last = true, value_name = "OPTIONS")]
    reach: Vec<String>,
}

/// A pack that is built.
struct Pack {
    file: PathBuf,
    name: String,
    version: Version,
}

/// Builds, pushes, signs and lists.
pub(crate) fn run(options: &Options) -> Result<()> {
    let base = options.registry.trim_end_matches('/');
    let base = format!("oci://{}", base.strip_prefix("oci://").unwrap_or(base));
    let lanner = Lanner { options, program: env::current_exe()?.with_file_name("lanner") };
    let licence = options.licence.clone().map_or_else(licence_of_ours, Ok)?;
    let folder = match &options.packs {
        Some(folder) => folder.clone(),
        None => {
            packs::run(&[], None)?;
            root().join("target/packs")
        }
    };
    let found = lanner.packs(&folder)?;
    let mut listed = Vec::new();
    for pack in &found {
        let Pack { file, name, version } = pack;
        let repository = format!("{base}/{name}");
        let tag = tag(version);
        let mut arguments =
            vec!["push".to_owned(), path(file)?, format!("{repository}:{tag}"), "--immutable".to_owned()];
        arguments.extend(["--sign".to_owned(), path(&options.key)?]);
        for more in moving_tags(version, &lanner.versions(&repository)?) {
            arguments.extend(["--tag".to_owned(), more]);
        }
        let pushed = one(&lanner.reach(&arguments)?)?;
        let reference = text(&pushed, "reference")?;
        eprintln!("pack {name} {version}: {reference}");
        listed.push(reference);
    }
    let mut arguments = vec!["index".to_owned(), "push".to_owned(), format!("{base}/{INDEX}")];
    arguments.extend(listed);
    let key = path(&options.key)?;
    let more = ["--sign", &key, "--publisher", &options.publisher, "--licence", &licence];
    arguments.extend(more.map(str::to_owned));
    let index = one(&lanner.reach(&arguments)?)?;
    let news = if index["changed"] == false { " (unchanged)" } else { "" };
    eprintln!("index {}: {}{news}", text(&index, "reference")?, text(&index, "digest")?);
    Ok(())
}

/// The program that is built beside this one.
struct Lanner<'a> {
    options: &'a Options,
    program: PathBuf,
}

impl Lanner<'_> {
    /// The packs in a folder, by name.
    fn packs(&self, folder: &Path) -> Result<Vec<Pack>> {
        let mut packs = Vec::new();
        for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let file = entry?.path();
            if file.extension().is_none_or(|ending| ending != "wasm") {
                continue;
            }
            let said = one(&self.pack(&["inspect".to_owned(), path(&file)?])?)?;
            let (name, version) = (text(&said, "name")?, text(&said, "version")?.parse()?);
            ensure!(name != INDEX, "{} is called {INDEX}, as the index is; give it another name", file.display());
            packs.push(Pack { file, name, version });
        }
        packs.sort_by(|one, other| one.name.cmp(&other.name));
        if let Some(two) = packs.windows(2).find(|two| two[0].name == two[1].name) {
            bail!("{} and {} are both the pack {}", two[0].file.display(), two[1].file.display(), two[0].name);
        }
        ensure!(!packs.is_empty(), "there is no pack in {}", folder.display());
        Ok(packs)
    }

    /// The versions that a repository has; none where it is not there yet.
    fn versions(&self, repository: &str) -> Result<Vec<Version>> {
        let Ok(tags) = self.reach(&["list".to_owned(), repository.to_owned()]) else { return Ok(Vec::new()) };
        let tags: Vec<Value> = tags.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok(tags.iter().filter_map(|tag| tag["tag"].as_str()?.replace('_', "+").parse().ok()).collect())
    }

    /// Does a verb that reaches a registry; gives its JSON.
    fn reach(&self, arguments: &[String]) -> Result<String> {
        self.pack(&[arguments, &self.options.reach].concat())
    }

    fn pack(&self, arguments: &[String]) -> Result<String> {
        let program = self.program.display();
        let mut command = Command::new(&self.program);
        command.args(["pack", "--output", "json"]).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = || format!("{program} cannot be started; build it beside this program: cargo build --bin lanner");
        let output = command.output().with_context(started)?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "lanner pack {}: {}", arguments.join(" "), said.trim());
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// The one object that a verb prints.
fn one(text: &str) -> Result<Value> {
    Ok(serde_json::from_str(text)?)
}

fn text(object: &Value, key: &str) -> Result<String> {
    Ok(object[key].as_str().with_context(|| format!("no {key} in {object}"))?.to_owned())
}

fn path(path: &Path) -> Result<String> {
    Ok(path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))?.to_owned())
}

/// The tag of a version; tags have no plus.
fn tag(version: &Version) -> String {
    version.to_string().replace('+', "_")
}

/// The tags that are to lead to a version besides its own: `1.2`, `1` and `latest`, where no version that is there is newer.
fn moving_tags(version: &Version, there: &[Version]) -> Vec<String> {
    if !version.pre.is_empty() {
        return Vec::new();
    }
    let newest = |alike: &dyn Fn(&Version) -> bool| {
        !there.iter().any(|other| other.pre.is_empty() && alike(other) && other > version)
    };
    let (major, minor) = (version.major, version.minor);
    let tags = [
        (format!("{major}.{minor}"), newest(&|other| (other.major, other.minor) == (major, minor))),
        (major.to_string(), newest(&|other| other.major == major)),
        ("latest".to_owned(), newest(&|_| true)),
    ];
    tags.into_iter().filter(|(_, newest)| *newest).map(|(tag, _)| tag).collect()
}

/// What the manifest of the packs that Lanner ships says.
fn licence_of_ours() -> Result<String> {
    #[derive(Deserialize)]
    struct Manifest {
        workspace: Workspace,
    }
    #[derive(Deserialize)]
    struct Workspace {
        package: Package,
    }
    #[derive(Deserialize)]
    struct Package {
        license: String,
    }
    let path = root().join("rules-wasm/Cargo.toml");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let manifest: Manifest = toml::from_str(&text).with_context(|| path.display().to_string())?;
    Ok(manifest.workspace.package.license)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_lead_to_the_newest_alone() {
        let tags = |version: &str, there: &[&str]| {
            let there: Vec<Version> = there.iter().map(|version| version.parse().expect("a version")).collect();
            moving_tags(&version.parse().expect("a version"), &there).join(" ")
        };
        assert_eq!(tags("1.2.3", &[]), "1.2 1 latest");
        assert_eq!(tags("1.2.3", &["1.2.3", "1.2.2", "0.9.0"]), "1.2 1 latest", "done again");
        assert_eq!(tags("1.2.3", &["1.2.4"]), "");
        assert_eq!(tags("1.2.3", &["1.3.0"]), "1.2");
        assert_eq!(tags("1.2.3", &["2.0.0"]), "1.2 1");
        assert_eq!(tags("1.2.3", &["2.0.0-rc.1"]), "1.2 1 latest");
        assert_eq!(tags("2.0.0-rc.1", &[]), "");
        assert_eq!(tag(&"1.0.0+build.1".parse().expect("a version")), "1.0.0_build.1");
    }

    #[test]
    fn our_licence_is_known() {
        assert_eq!(licence_of_ours().expect("it is said"), "Apache-2.0");
    }
}
