//! `lanner pack inspect`: what a pack is.

use std::process::ExitCode;

use lanner_engine::PackError;
use lanner_pack::digest::Digest;
use lanner_pack::obtain::Obtained;
use lanner_pack::read;
use lanner_pack::reference::Locator;
use serde_json::json;

use super::registries::Get;
use super::{Failure, Format, show};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A file, or a pack in a registry: oci://host[:port]/name[:tag|@sha256:…]
    #[arg(value_name = "LOCATOR")]
    pack: Locator,
    #[command(flatten)]
    get: Get,
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    let (component, obtained) = match &arguments.pack {
        Locator::Path(path) => (read(path).map_err(|refusal| PackError { path: path.clone(), refusal })?, None),
        Locator::Registry(reference) => {
            let mut obtained = arguments.get.obtainer(false)?.pull(reference)?;
            (std::mem::take(&mut obtained.component), Some(obtained))
        }
    };
    // The component has the last word on what it is, not what is written beside it.
    let candidate = show::describe(&component, &arguments.pack)?;
    let pack = candidate.description().for_annotation();
    let claimed = obtained.as_ref().and_then(|obtained| obtained.manifest.description());
    let differs = claimed.is_some_and(|claimed| claimed != pack);
    let trust = obtained.as_ref().map(|obtained| match &obtained.trust {
        Ok(verdict) => (true, verdict.to_string()),
        Err(error) => (false, error.to_string()),
    });
    let described = candidate.description();
    let settings: Vec<[String; 4]> = described.settings.iter().map(show::setting).collect();
    let left_out = described.left_out.iter().map(|left_out| {
        let rule = described.rules.get(left_out.rule as usize).map_or("", |rule| &rule.id);
        [rule.to_owned(), left_out.needs.clone()]
    });
    let left_out: Vec<[String; 2]> = left_out.collect();
    let json = json!({
        "locator": arguments.pack.to_string(),
        "name": pack.name,
        "version": pack.version,
        "summary": pack.summary,
        "rules": pack.rules,
        "events": pack.events,
        "settings": show::settings_json(&settings),
        "left_out": left_out.iter().map(|[rule, needs]| json!({"rule": rule, "needs": needs})).collect::<Vec<_>>(),
        "size": component.len(),
        "component": Digest::of(&component),
        "digest": obtained.as_ref().map(|obtained| obtained.resolved.digest),
        "signatures": obtained.as_ref().map(|obtained| obtained.signatures),
        "trusted": trust.as_ref().map(|(trusted, _)| trusted),
        "trust": trust.as_ref().map(|(_, why)| why),
        "annotations_differ": differs,
    });
    show::print(output, &json, || {
        let mut lines = vec![
            format!("{} {}  {}", pack.name, pack.version, show::printable(&pack.summary)),
            format!("events      {}", show::printable(&pack.events.join(", "))),
            format!("component   {} ({})", Digest::of(&component), show::size(component.len() as u64)),
        ];
        if let Some(Obtained { resolved, signatures, .. }) = &obtained {
            lines.push(format!("digest      {}", resolved.digest));
            lines.push(format!("signatures  {signatures}"));
        }
        match &trust {
            Some((true, why)) => lines.push(format!("trusted     {why}")),
            Some((false, why)) => lines.push(format!("not trusted {why}")),
            None => {}
        }
        if differs {
            lines.push("warning     what its annotations say of it is not what the component says".to_owned());
        }
        lines.push(String::new());
        lines.push(show::rules(&pack));
        for [rule, needs] in &left_out {
            lines.push(format!(
                "left out    {rule}: it needs {}, which this host does not have",
                show::printable(needs)
            ));
        }
        if !settings.is_empty() {
            lines.push(String::new());
            lines.push(show::settings(&settings));
        }
        lines.join("\n")
    })?;
    Ok(ExitCode::SUCCESS)
}
