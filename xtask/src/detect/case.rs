//! A case of the corpus: a script whose head is data.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

/// Tactics of ATT&CK for Linux and containers, in its order; folders of `attack/` are called so.
pub(super) const TACTICS: [&str; 13] = [
    "reconnaissance",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "defense-evasion",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
];
/// What a head may say.
const KEYS: [&str; 10] = ["title", "technique", "needs", "as", "in", "short", "tty", "writes", "disk", "misses"];

/// Where a case is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// As it is: the case changes nothing.
    Host,
    /// In namespaces, on folders that are thrown away.
    Namespace,
    /// The same, with another root, in a control group that a container runtime could have made, and without what a
    /// container may not do.
    Container,
}

/// A case.
#[derive(Clone, Debug)]
pub(super) struct Case {
    /// `attack/<tactic>/<name>` or `benign/<name>`.
    pub(super) name: String,
    /// The script.
    pub(super) script: PathBuf,
    pub(super) title: String,
    /// What it stands for; empty of what is benign.
    pub(super) techniques: Vec<String>,
    /// Programs without which it cannot run.
    pub(super) needs: Vec<String>,
    /// Whether it is run by a user rather than by root.
    pub(super) unprivileged: bool,
    pub(super) place: Place,
    /// Whether it is part of the shortened form.
    pub(super) short: bool,
    /// Whether it has a terminal.
    pub(super) terminal: bool,
    /// Folders that it writes to besides those that each scene may.
    pub(super) writes: Vec<String>,
    /// Whether it has a disk of its own, /dev/sdb.
    pub(super) disk: bool,
    /// Why it cannot be seen.
    pub(super) misses: Option<String>,
}

impl Case {
    /// The tactic of an attack; nothing where it is benign.
    pub(super) fn tactic(&self) -> Option<&str> {
        self.name.strip_prefix("attack/")?.split('/').next()
    }

    /// A source in C beside it, which is compiled before it runs.
    pub(super) fn source(&self) -> Option<PathBuf> {
        Some(self.script.with_extension("c")).filter(|source| source.exists())
    }

    fn parse(name: String, script: PathBuf, text: &str) -> Result<Self> {
        let mut head = head(text)?;
        let mut list = |key: &str| -> Vec<String> {
            head.remove(key).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
        };
        let (techniques, needs, writes) = (list("technique"), list("needs"), list("writes"));
        let mut flag = |key: &str| match head.remove(key) {
            None => Ok(false),
            Some("yes") => Ok(true),
            Some(other) => bail!("`# {key}: {other}` is not `yes`"),
        };
        let (short, terminal, disk) = (flag("short")?, flag("tty")?, flag("disk")?);
        let unprivileged = match head.remove("as") {
            None | Some("root") => false,
            Some("user") => true,
            Some(other) => bail!("`# as: {other}` is neither root nor user"),
        };
        let place = match head.remove("in") {
            None | Some("namespace") => Place::Namespace,
            Some("host") => Place::Host,
            Some("container") => Place::Container,
            Some(other) => bail!("`# in: {other}` is not host, namespace or container"),
        };
        let title = head.remove("title").context("no `# title: …` in its head")?.to_owned();
        let misses = head.remove("misses").map(str::to_owned);
        let case =
            Self { name, script, title, techniques, needs, unprivileged, place, short, terminal, writes, disk, misses };
        match case.tactic() {
            Some(tactic) => {
                ensure!(TACTICS.contains(&tactic), "{tactic} is no tactic");
                ensure!(!case.techniques.is_empty(), "an attack stands for a `# technique: …`");
            }
            None => ensure!(case.techniques.is_empty(), "what is benign stands for no technique"),
        }
        Ok(case)
    }
}

/// What the lines say that the script begins with: `# key: value`.
fn head(text: &str) -> Result<BTreeMap<&str, &str>> {
    let mut head = BTreeMap::new();
    for line in text.lines().skip_while(|line| line.starts_with("#!")) {
        let Some((key, value)) = line.strip_prefix("# ").and_then(|line| line.split_once(": ")) else { break };
        ensure!(KEYS.contains(&key), "nobody knows `# {key}:`");
        ensure!(head.insert(key, value.trim()).is_none(), "`# {key}:` stands there twice");
    }
    Ok(head)
}

/// All cases below the folder, in the order of tactics and names.
pub(super) fn all(folder: &Path) -> Result<Vec<Case>> {
    let known = techniques(&folder.join("../../sdk/attack/src/techniques.txt"))?;
    let mut cases = Vec::new();
    let tactics = TACTICS.iter().map(|tactic| format!("attack/{tactic}"));
    for kind in tactics.chain(["benign".to_owned()]) {
        let mut scripts = Vec::new();
        let Ok(entries) = fs::read_dir(folder.join(&kind)) else { continue };
        for entry in entries {
            scripts.push(entry?.path());
        }
        scripts.retain(|script| script.extension().is_some_and(|end| end != "c"));
        scripts.sort();
        for script in scripts {
            let stem = script.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let text = fs::read_to_string(&script).with_context(|| script.display().to_string())?;
            let case = Case::parse(format!("{kind}/{stem}"), script.clone(), &text);
            let case = case.with_context(|| script.display().to_string())?;
            if let Some(wrong) = case.techniques.iter().find(|technique| !known.contains(technique)) {
                bail!("{}: there is no technique {wrong}", script.display());
            }
            if cases.iter().any(|other: &Case| other.name == case.name) {
                bail!("there are two cases {}", case.name);
            }
            cases.push(case);
        }
    }
    Ok(cases)
}

/// All techniques that there are: in the file each has a line, with the ends of its sub-techniques.
fn techniques(path: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let mut all = Vec::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let Some(technique) = words.next() else { continue };
        all.push(technique.to_owned());
        all.extend(words.map(|end| format!("{technique}{end}")));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str, text: &str) -> Result<Case> {
        Case::parse(name.to_owned(), "x.sh".into(), text)
    }

    #[test]
    fn a_head_ends_where_the_script_begins() {
        let text =
            "#!/bin/sh\n# title: Reads hashes\n# technique: T1003.008 T1555\n# as: user\n# short: yes\n\n# in: host\n";
        let case = parse("attack/credential-access/shadow", text).unwrap();
        assert_eq!(case.techniques, ["T1003.008", "T1555"]);
        assert_eq!((case.unprivileged, case.short, case.place), (true, true, Place::Namespace));
        assert_eq!(case.tactic(), Some("credential-access"));
    }

    #[test]
    fn a_head_that_makes_no_sense_is_refused() {
        for (name, text, why) in [
            ("benign/x", "id\n", "no `# title"),
            ("benign/x", "# title: a\n# technique: T1003\n", "no technique"),
            ("attack/impact/x", "# title: a\n", "stands for a"),
            ("attack/nothing/x", "# title: a\n# technique: T1003\n", "no tactic"),
            ("benign/x", "# title: a\n# title: b\n", "twice"),
            ("benign/x", "# title: a\n# short: no\n", "is not `yes`"),
            ("benign/x", "# title: a\n# colour: red\n", "nobody knows"),
        ] {
            let error = parse(name, text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn the_whole_corpus_can_be_read() {
        let cases = all(&crate::root().join("tests/detect")).unwrap();
        let of = |attack: bool| cases.iter().filter(move |case| case.tactic().is_some() == attack);
        let techniques: std::collections::BTreeSet<_> = of(true).flat_map(|case| &case.techniques).collect();
        let tactics: std::collections::BTreeSet<_> = of(true).filter_map(Case::tactic).collect();
        assert!(of(true).count() >= 150 && of(false).count() >= 60, "{} {}", of(true).count(), of(false).count());
        assert!(techniques.len() >= 100, "{}", techniques.len());
        assert_eq!(tactics.len(), TACTICS.len());
    }
}
