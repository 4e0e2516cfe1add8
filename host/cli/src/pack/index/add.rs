//! `lanner pack index add`: know an index from now on.

use std::process::ExitCode;
use std::str::FromStr;

use lanner_pack::index::Asking;
use lanner_pack::reference::Reference;

use super::registries::Get;
use super::{Failure, Format, json_of, show, text_of};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where it is: oci://host[:port]/name[:tag], or https://… for the same
    #[arg(value_name = "REFERENCE")]
    index: Place,
    /// Take it though it is older than the one taken before
    #[arg(long)]
    allow_downgrade: bool,
    #[command(flatten)]
    get: Get,
}

/// Where an index is, as people copy it from a page.
#[derive(Clone, Debug)]
struct Place(Reference);

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(rest) = text.strip_prefix("http://") {
            return Err(format!(
                "registries are not asked without TLS by themselves; write oci://{rest}, with --plain-http"
            ));
        }
        let rest = text.strip_prefix("https://").map(|rest| format!("oci://{}", rest.trim_end_matches('/')));
        let reference: Reference = rest
            .as_deref()
            .unwrap_or(text)
            .parse()
            .map_err(|error: lanner_pack::reference::ReferenceError| error.to_string())?;
        match reference.tag() {
            Some(_) => Ok(Self(reference)),
            None => Err("an index is named by a tag, so that a newer one is found".to_owned()),
        }
    }
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    let Place(reference) = &arguments.index;
    let obtainer = arguments.get.obtainer(arguments.allow_downgrade)?;
    let known = obtainer.store.index()?.indexes;
    let before = known.get(&reference.to_string()).cloned();
    let index = obtainer.obtain_index(reference, Asking::Registry)?;
    let name = &index.index.name;
    let same =
        known.iter().find(|(other, known)| **other != reference.to_string() && !known.removed && known.name == *name);
    if let Some((other, _)) = same {
        // As it was before: it is not known after all.
        obtainer.store.change(|store| match before {
            Some(before) => store.indexes.insert(reference.to_string(), before),
            None => store.indexes.remove(&reference.to_string()),
        })?;
        return Err(format!(
            "an index that is called {name} is known already, {other}; remove it first with `lanner pack index remove {name}`"
        )
        .into());
    }
    show::print(output, &json_of(&index), || text_of(&index))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn an_index_is_named_as_people_copy_it() {
        let place = |text: &str| text.parse::<Place>().map(|Place(reference)| reference.to_string());
        assert_eq!(place("oci://h.example/a/index"), Ok("oci://h.example/a/index:latest".to_owned()));
        assert_eq!(place("https://h.example/a/index/"), Ok("oci://h.example/a/index:latest".to_owned()));
        assert!(
            place("http://h.example/a/index")
                .is_err_and(|why| why.contains("oci://h.example/a/index, with --plain-http"))
        );
        let digest = format!("oci://h.example/a@sha256:{}", "0".repeat(64));
        assert!(place(&digest).is_err_and(|why| why.contains("by a tag")));
        assert!(place("h.example").is_err());
    }
}
