//! `lanner-registry check`.

use std::fmt::Display;
use std::process::ExitCode;
use std::time::Duration;

use super::{Failure, Which};
use crate::config::Config;
use crate::packs::Packs;
use crate::serve::load_certificate;

pub(super) fn run(which: &Which) -> Result<ExitCode, Failure> {
    let config = which.read()?;
    match which.file() {
        Some(file) => println!("configuration  {}", file.display()),
        None => println!("configuration  none: all defaults"),
    }
    for (name, meaning) in meaning(&config) {
        println!("{name:<14} {meaning}");
    }
    let mut wrong = 0;
    for (grave, sentence) in doubts(&config) {
        println!("{}: {sentence}", if grave { "wrong" } else { "beware" });
        wrong += u32::from(grave);
    }
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn time(time: Duration) -> impl Display {
    humantime::format_duration(time)
}

/// What it says, in words.
fn meaning(config: &Config) -> Vec<(&'static str, String)> {
    let path = config.storage.path.display();
    let storage = match &config.storage.s3 {
        None => format!("files below {path}"),
        Some(s3) => {
            let at = s3.endpoint.as_deref().unwrap_or("Amazon");
            let prefix = s3.prefix.as_deref().unwrap_or_default();
            format!("bucket {} at {at}, names beginning with {prefix:?}; uploads wait below {path}", s3.bucket)
        }
    };
    let scheme = if config.http.tls.is_some() { "https" } else { "http" };
    let proxies = match config.http.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>() {
        none if none.is_empty() => "none are trusted".into(),
        some => format!("{} are believed what they say of clients", some.join(", ")),
    };
    let limits = &config.limits;
    let rate = match limits.requests_per_second {
        None => "any number of requests".into(),
        Some(rate) => format!("{rate} requests/s, {} at once", limits.burst.unwrap_or(rate)),
    };
    let of = |prefix: &str| if prefix.is_empty() { "in all".into() } else { format!("below {prefix}") };
    let kept = config.quotas.iter().map(|quota| format!("{} bytes {}", quota.bytes, of(&quota.prefix)));
    let kept = match kept.collect::<Vec<_>>() {
        none if none.is_empty() => "as much as there is room for".into(),
        some => format!("at most {}", some.join(", ")),
    };
    let collect = &config.collect;
    let untagged = collect.untagged_after.map_or("for ever".into(), |after| time(after).to_string());
    let every = match collect.every.is_zero() {
        true => "when asked for".into(),
        false => format!("every {}", time(collect.every)),
    };
    vec![
        ("storage", storage),
        ("clients", format!("{scheme}://{}", config.http.address)),
        ("proxies", proxies),
        ("administrator", config.admin.address.map_or("none".into(), |address| format!("http://{address}"))),
        ("writing", if config.read_only { "refused: read-only" } else { "allowed" }.into()),
        (
            "connections",
            format!(
                "{} at most, {} of one address; {} for a head of {} bytes at most, {} of silence",
                limits.connections,
                limits.connections_per_address,
                time(limits.header_time),
                limits.header_bytes,
                time(limits.idle_time)
            ),
        ),
        ("a client", rate),
        ("kept", kept),
        ("sizes", format!("blobs {} bytes, manifests {} bytes at most", limits.blob_bytes, limits.manifest_bytes)),
        (
            "collection",
            format!(
                "{every}; kept are unreferenced blobs for {}, resting uploads for {}, untagged manifests {untagged}",
                time(collect.unreferenced_after),
                time(collect.uploads_after)
            ),
        ),
    ]
}

/// What cannot work (`true`), and what may not be meant.
fn doubts(config: &Config) -> Vec<(bool, String)> {
    let mut doubts = Vec::new();
    if let Err(error) = config.access.usable(&config.http) {
        doubts.push((true, error.to_string()));
    }
    if let Some(Err(error)) = config.http.tls.clone().map(load_certificate) {
        doubts.push((true, error.to_string()));
    }
    if let Err(error) = Packs::new(&config.packs, None) {
        doubts.push((true, error.to_string()));
    }
    if config.http.tls.is_none() && !config.http.address.ip().is_loopback() {
        let sentence = "clients of other machines are answered without TLS: set http.tls, or put a proxy that does TLS \
                        in front";
        doubts.push((false, sentence.into()));
    }
    if let Some(address) = config.admin.address.filter(|address| !address.ip().is_loopback()) {
        let sentence = format!(
            "whoever reaches {address} reads the numbers and may start collections: let only your own machines reach it"
        );
        doubts.push((false, sentence));
    }
    if config.admin.address.is_some_and(|admin| admin == config.http.address && admin.port() != 0) {
        doubts.push((true, "admin.address and http.address are the same".into()));
    }
    // A push of many layers takes its time; what comes first must still be there at the end.
    const LEAST: Duration = Duration::from_secs(3600);
    if config.collect.unreferenced_after < LEAST {
        let sentence = format!(
            "collect.unreferenced_after = {} may take away the first layers of a push before its manifest comes",
            time(config.collect.unreferenced_after)
        );
        doubts.push((false, sentence));
    }
    doubts
}
