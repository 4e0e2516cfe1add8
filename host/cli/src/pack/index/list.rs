//! `lanner pack index list`: the indexes that are known.

use std::process::ExitCode;

use lanner_pack::store::{self, KnownIndex};
use serde_json::json;

use super::registries::Keep;
use super::{Failure, Format, show};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    keep: Keep,
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    let known = arguments.keep.open()?.index()?.indexes;
    let known: Vec<(&String, &KnownIndex)> = known.iter().filter(|(_, known)| !known.removed).collect();
    if output == Format::Json {
        for (reference, KnownIndex { name, digest, published, asked, .. }) in &known {
            let json = json!({ "name": name, "reference": reference, "digest": digest, "published": published, "asked": asked });
            show::print(output, &json, String::new)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let row = |(reference, known): &(&String, &KnownIndex)| {
        let ago = |time| format!("{} ago", store::age(time));
        vec![known.name.clone(), (*reference).clone(), ago(known.published), ago(known.asked)]
    };
    let rows: Vec<Vec<String>> = known.iter().map(row).collect();
    let text = match rows.is_empty() {
        true => "no index of packs is known; add one with `lanner pack index add oci://…`".to_owned(),
        false => show::table(&["NAME", "WHERE", "PUBLISHED", "ASKED"], &rows),
    };
    show::print(output, &(), || text)?;
    Ok(ExitCode::SUCCESS)
}
