//! `lanner pack install`: take a pack that an index names: show it, ask, and pin it in the lock file.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use lanner_artifact::Description;
use lanner_engine::Candidate;
use lanner_pack::index::{Chosen, Wanted, choose};
use lanner_pack::lock::{self, Lock, Pin};
use lanner_pack::obtain::{ObtainError, Obtained, Obtainer};
use lanner_pack::reference::Reference;
use serde_json::json;

use super::difference::{Difference, compare};
use super::known::Known;
use super::registries::Get;
use super::{Failure, Format, show};

/// Bytes of an answer at most.
const MAX_ANSWER: u64 = 1 << 10;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Packs, by the names that the known indexes have for them: the newest version, or this one
    #[arg(value_name = "NAME[@VERSION]", required = true)]
    packs: Vec<Wanted>,
    /// Take them from this index, by its name
    #[arg(long, value_name = "NAME")]
    index: Option<String>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// The lock file
    #[arg(long, value_name = "FILE", default_value = lock::FILE)]
    lock: PathBuf,
    #[command(flatten)]
    known: Known,
    #[command(flatten)]
    get: Get,
}

/// A pack that may be installed.
struct Offer<'a> {
    chosen: Chosen<'a>,
    /// What it is pinned under.
    reference: Reference,
    obtained: Obtained,
    candidate: Candidate,
    /// What is pinned of its repository now.
    before: Option<Pin>,
    difference: Option<Difference>,
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    let path = &arguments.lock;
    let mut lock = Lock::read(path)?.unwrap_or_default();
    let obtainer = arguments.get.obtainer(false)?;
    let indexes = arguments.known.obtain(&obtainer)?;
    let mut offers = Vec::new();
    for wanted in &arguments.packs {
        let chosen = choose(&indexes, wanted, arguments.index.as_deref())?;
        offers.push(offer(&obtainer, &lock, wanted, chosen)?);
    }
    // All are looked at before the first is asked for: one that is refused leaves the lock file as it is.
    for offer in &offers {
        if output == Format::Text {
            show::print(output, &(), || offer.to_text())?;
        }
        if !offer.is_as_before() && !arguments.yes && !is_wanted(offer)? {
            return Err(format!("{} is not installed, as the answer was no; nothing was changed", offer.name()).into());
        }
    }
    let before = lock.clone();
    for offer in &offers {
        let description = offer.candidate.description();
        let digest = offer.obtained.resolved.digest;
        lock.pin(
            offer.reference.clone(),
            Pin { digest, name: description.name.clone(), version: description.semver() },
        );
    }
    if lock != before {
        lock.write(path)?;
    }
    for offer in &offers {
        obtainer.accept(&offer.reference, offer.obtained.resolved.digest, offer.candidate.description())?;
        match output {
            Format::Json => show::print(output, &offer.to_json(), String::new)?,
            Format::Text => {
                let (name, path) = (offer.name(), path.display());
                let said = match offer.is_as_before() {
                    true => format!("{name} is pinned in {path} already"),
                    false => format!("{name} is pinned in {path}; run it with `lanner run --lock {path}`"),
                };
                show::print(output, &(), || said)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Gets a pack and looks at it. That an index names it makes it neither trusted nor what it says it is.
fn offer<'a>(obtainer: &Obtainer, lock: &Lock, wanted: &Wanted, chosen: Chosen<'a>) -> Result<Offer<'a>, Failure> {
    let Chosen { index, pack, release } = chosen;
    let exact = Reference::of_digest(pack.repository.clone(), release.digest);
    // Tags have no plus.
    let tag = release.version.to_string().replace('+', "_");
    let reference = Reference::of_tag(pack.repository.clone(), &tag)?;
    let same = lock.pins.iter().find(|(known, pin)| pin.name == pack.name && *known.repository() != pack.repository);
    if let Some((other, _)) = same {
        return Err(format!(
            "a pack that is called {} is pinned already, {other}, and a host runs one of a name; remove that first with \
             `lanner pack remove {}`",
            pack.name, pack.name
        )
        .into());
    }
    let of_it = lock.pins.iter().find(|(known, _)| *known.repository() == pack.repository);
    let before = of_it.map(|(_, pin)| pin.clone());
    if let Some(before) = &before {
        if before.version == release.version && before.digest != release.digest {
            return Err(format!(
                "{} {} is pinned with the digest {}, and the index {} has {} under that version now: a version is to stay what it \
                 is; ask its publisher, and `lanner pack remove {}` first if that is meant",
                pack.name, release.version, before.digest, index.index.name, release.digest, before.name
            )
            .into());
        }
        if before.version > release.version && wanted.version.is_none() {
            return Err(format!(
                "{} {} is pinned, and the newest of the index {} is {}; give {}@{} if the older one is meant",
                pack.name, before.version, index.index.name, release.version, pack.name, release.version
            )
            .into());
        }
    }
    let obtained = obtainer.obtain(&exact).map_err(|error| distrusted(obtainer, error, chosen))?;
    let candidate = show::describe(&obtained.component, &exact)?;
    let description = candidate.description();
    if (&description.name, &description.semver()) != (&pack.name, &release.version) {
        return Err(format!(
            "{exact} is refused: the index {} says that it is {} {}, and it is {} {}; tell whoever publishes the index",
            index.index.name, pack.name, release.version, description.name, description.version
        )
        .into());
    }
    obtainer.check_admitted(&exact, description)?;
    let now = description.for_annotation();
    let difference = match &before {
        Some(before) if before.digest != release.digest => {
            describe_pinned(obtainer, &exact, before).map(|old| compare(&old, &now))
        }
        _ => None,
    };
    Ok(Offer { chosen, reference, obtained, candidate, before, difference })
}

/// What the pack was that is pinned, to show the difference; where it cannot be had any more, the new one is shown alone.
fn describe_pinned(obtainer: &Obtainer, exact: &Reference, pin: &Pin) -> Option<Description> {
    let old = Reference::of_digest(exact.repository().clone(), pin.digest);
    let described = obtainer
        .pull(&old)
        .map_err(Failure::from)
        .and_then(|obtained| Ok(show::describe(&obtained.component, &old)?.description().for_annotation()));
    described
        .map_err(|error| tracing::warn!("what changes cannot be told, as {} cannot be had: {error}", pin.version))
        .ok()
}

/// Why a pack is not trusted, and what would have it trusted: whom the index says that it is by, and how to tell that it is them.
fn distrusted(obtainer: &Obtainer, error: ObtainError, chosen: Chosen<'_>) -> Failure {
    let Chosen { index, pack, .. } = chosen;
    if !error.is_of_a_stranger() {
        return error.into();
    }
    let (index, publisher) = (&index.index.name, &pack.publisher);
    let place = pack.repository.path();
    let name = &publisher.name;
    let keys = publisher.public_keys();
    let (whom, remedy) = match (keys.first(), publisher.identities.first()) {
        (Some(key), _) => {
            let file = match obtainer.store.key_file(key) {
                Ok(file) => file,
                Err(error) => return error.into(),
            };
            let ids = publisher.key_ids().join(" or ");
            (format!("who signs with key {ids}"), obtainer.trust.remedy(&place, &["--key", &file.to_string_lossy()]))
        }
        (None, Some(identity)) => {
            let (subject, issuer) = (&identity.subject, &identity.issuer);
            let words = ["--identity", subject, "--issuer", issuer, "--trusted-root", "FILE"];
            (format!("{subject} as {issuer} certifies it"), obtainer.trust.remedy(&place, &words))
        }
        (None, None) => return error.into(),
    };
    format!(
        "{error}; the index {index} says that {} is by {name:?}, {whom}: compare that with what they say of it elsewhere, and if you \
         trust them: {remedy}",
        pack.name
    )
    .into()
}

/// Asks at the terminal.
fn is_wanted(offer: &Offer<'_>) -> Result<bool, Failure> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        let name = offer.name();
        return Err(format!(
            "{name} is not installed: there is no terminal to ask at; look at what it is, and give --yes"
        )
        .into());
    }
    let mut said = std::io::stderr();
    let _ = write!(said, "pin it? [y/N] ").and_then(|()| said.flush());
    let mut answer = String::new();
    std::io::Read::take(input.lock(), MAX_ANSWER).read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

impl Offer<'_> {
    fn name(&self) -> String {
        format!("{} {}", self.chosen.pack.name, self.chosen.release.version)
    }

    fn is_as_before(&self) -> bool {
        self.before.as_ref().is_some_and(|before| before.digest == self.obtained.resolved.digest)
    }

    fn settings(&self) -> Vec<[String; 4]> {
        self.candidate.description().settings.iter().map(show::setting).collect()
    }

    /// Who signed it, as the policy trusts them.
    fn trust(&self) -> String {
        // It was obtained, and so it is trusted.
        self.obtained.trust.as_ref().map(ToString::to_string).unwrap_or_default()
    }

    fn to_json(&self) -> serde_json::Value {
        let Chosen { index, pack, release } = self.chosen;
        let described = self.candidate.description().for_annotation();
        json!({
            "name": pack.name,
            "version": release.version,
            "reference": self.reference,
            "digest": release.digest,
            "index": index.index.name,
            "publisher": { "name": pack.publisher.name, "keys": pack.publisher.key_ids(), "identities": pack.publisher.identities },
            "trust": self.trust(),
            "licence": pack.licence,
            "maturity": pack.maturity,
            "summary": described.summary,
            "events": described.events,
            "imports": self.candidate.interfaces().imports,
            "settings": show::settings_json(&self.settings()),
            "rules": described.rules,
            "from": self.before.as_ref().map(|before| json!({ "version": before.version, "digest": before.digest })),
            "difference": self.difference,
            "installed": true,
        })
    }

    fn to_text(&self) -> String {
        let Chosen { index, pack, release } = self.chosen;
        let described = self.candidate.description().for_annotation();
        let said = |text: &str| if text.is_empty() { "not said".to_owned() } else { show::printable(text) };
        let mut lines = vec![
            format!("{}  {}", self.name(), show::printable(&described.summary)),
            format!("from       {}@{}, as the index {} has it", pack.repository, release.digest, index.index.name),
            format!("publisher  {}, as the index says", show::printable(&pack.publisher.name)),
            format!("trusted    {}", self.trust()),
            format!("licence    {}; maturity: {}", said(&pack.licence), said(&pack.maturity)),
            format!("is shown   {}", show::printable(&described.events.join(", "))),
            format!("may        {}", may(&self.candidate.interfaces().imports)),
        ];
        match (&self.before, &self.difference) {
            (Some(_), _) if self.is_as_before() => {}
            (Some(before), difference) => {
                lines.push(format!("\n{} is pinned so far; what changes:", before.version));
                lines.extend(difference.iter().flat_map(Difference::lines));
            }
            (None, _) => {}
        }
        lines.extend([String::new(), show::rules(&described)]);
        let settings = self.settings();
        if !settings.is_empty() {
            lines.extend([String::new(), show::settings(&settings)]);
        }
        lines.join("\n")
    }
}

/// What a pack can do, in words: the contract lets it do no more.
fn may(imports: &[String]) -> String {
    match imports.is_empty() {
        true => "nothing".to_owned(),
        false => {
            format!("raise findings and log ({}); no files, no network, no clock", show::printable(&imports.join(", ")))
        }
    }
}
