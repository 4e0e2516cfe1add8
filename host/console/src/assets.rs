//! The stylesheets and scripts, each at an address of its own for each content: browsers keep them for ever.

use std::io::Write as _;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

/// A file that pages need.
pub(crate) struct Asset {
    /// Its address.
    pub(crate) path: String,
    kind: &'static str,
    content: &'static str,
    /// The same, as gzip has it. Pages themselves are not compressed: they hold secrets beside what others said, and how much
    /// shorter they become would tell of both (BREACH).
    zipped: Vec<u8>,
}

impl Asset {
    fn new(name: &str, ending: &str, kind: &'static str, content: &'static str) -> Self {
        let digest = hex::encode(Sha256::digest(content));
        let mut zipped = GzEncoder::new(Vec::new(), Compression::best());
        // In memory nothing fails.
        let zipped = zipped.write_all(content.as_bytes()).and_then(|()| zipped.finish()).unwrap_or_default();
        Self { path: format!("/assets/{name}-{}.{ending}", &digest[..16]), kind, content, zipped }
    }

    fn style(name: &str, content: &'static str) -> Self {
        Self::new(name, "css", "text/css; charset=utf-8", content)
    }

    fn script(name: &str, content: &'static str) -> Self {
        Self::new(name, "js", "text/javascript; charset=utf-8", content)
    }
}

/// How all pages look.
pub(crate) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::style("console", include_str!("../assets/console.css")));
/// What pages do by themselves; they work without.
pub(crate) static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::script("console", include_str!("../assets/console.js")));
/// Curves, on the page that has some: uPlot 1.6.32, as it is published (`assets/uPlot.LICENSE`), and ours that uses it.
pub(crate) static UPLOT: LazyLock<Asset> =
    LazyLock::new(|| Asset::script("uplot", include_str!("../assets/uPlot.iife.min.js")));
pub(crate) static UPLOT_STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::style("uplot", include_str!("../assets/uPlot.min.css")));
pub(crate) static CURVES: LazyLock<Asset> =
    LazyLock::new(|| Asset::script("curves", include_str!("../assets/curves.js")));

/// Serves one.
pub(crate) async fn answer(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let takes_gzip = headers
        .get(ACCEPT_ENCODING)
        .and_then(|takes| takes.to_str().ok())
        .is_some_and(|takes| takes.split(',').any(|takes| matches!(takes.trim(), "gzip" | "gzip;q=1.0")));
    let path = format!("/assets/{name}");
    let all: [&Asset; 5] = [&STYLE, &SCRIPT, &UPLOT, &UPLOT_STYLE, &CURVES];
    match all.into_iter().find(|asset| asset.path == path) {
        Some(asset) => {
            let headers = [
                (CONTENT_TYPE, asset.kind),
                (CACHE_CONTROL, "public, max-age=31536000, immutable"),
                (VARY, "accept-encoding"),
            ];
            match takes_gzip {
                true => (headers, [(CONTENT_ENCODING, "gzip")], asset.zipped.clone()).into_response(),
                false => (headers, asset.content).into_response(),
            }
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_had_from_elsewhere() {
        for asset in [&*STYLE, &*UPLOT_STYLE] {
            assert!(!asset.content.contains("url(") && !asset.content.contains("@import"), "{}", asset.path);
        }
        for asset in [&*SCRIPT, &*CURVES] {
            assert!(!asset.content.contains("http:") && !asset.content.contains("https:"), "{}", asset.path);
            assert!(!asset.content.contains("eval(") && !asset.content.contains("innerHTML"), "{}", asset.path);
        }
    }
}
