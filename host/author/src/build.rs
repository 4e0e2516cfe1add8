//! From a project to a pack, whatever its language.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lanner_build::{Keep, component, replace, strip};

use crate::check::{self, Checked};
use crate::language::{Adapter, BuildError, Language, Mode, Output};
use crate::pack::default_cache;

pub use lanner_build::rust::become_rustc_if_asked;

/// Where packs are put, in their project: those for a host, and below that those for the author, so that no host is given what
/// was only tried out.
const TARGET: &str = "target";
const TRIED: &str = "target/debug";

/// A pack that was built.
pub struct Built {
    /// What there is to say of it.
    pub checked: Checked,
    /// The language.
    pub language: &'static Language,
    /// Whether it is another than the one that was there.
    pub changed: bool,
    /// How long it took.
    pub took: Duration,
}

/// Builds the project in a folder, and puts the pack at `target/NAME.wasm` in it, where a host would take it; one for the author
/// at `target/debug/NAME.wasm`.
///
/// # Errors
/// A tool is missing or fails, or what it gives is no pack.
pub fn build(folder: &Path, mode: Mode) -> Result<Built, BuildError> {
    let began = Instant::now();
    let failed = |what: String| BuildError::Failed(what);
    let folder = std::fs::canonicalize(folder)
        .map_err(|error| failed(format!("{} cannot be read: {error}", folder.display())))?;
    let language = Language::of(&folder)?;
    let output = language.build(&folder, mode)?;
    let bytes = encode(&output, mode).map_err(|error| failed(format!("{error:#}")))?;
    let target = folder.join(if mode == Mode::Debug { TRIED } else { TARGET });
    let unwritable = |error: &dyn std::fmt::Display| failed(format!("{} cannot be written: {error}", target.display()));
    std::fs::create_dir_all(&target).map_err(|error| unwritable(&error))?;
    // It says itself what it is called. Until then it has a name that no host takes for a pack's.
    let aside = target.join(format!("pack.checked-{}", std::process::id()));
    std::fs::write(&aside, &bytes).map_err(|error| unwritable(&error))?;
    let mut checked = check::check(&aside, default_cache());
    // Nobody needs it any more.
    let _ = std::fs::remove_file(&aside);
    let Some(pack) = &mut checked.pack else {
        let why: Vec<String> = checked.notes.into_iter().map(|note| note.what).collect();
        return Err(failed(format!("what was built is no pack: {}", why.join("; "))));
    };
    let path = target.join(&pack.description.name).with_extension("wasm");
    let changed = replace(&path, &bytes).map_err(|error| unwritable(&format!("{error:#}")))?;
    let shown = shorter(&path);
    (pack.path, checked.path) = (shown.clone(), shown);
    Ok(Built { checked, language, changed, took: began.elapsed() })
}

/// Puts a pack at a path in one step.
///
/// # Errors
/// It cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    let written = replace(path, bytes);
    written.map(drop).map_err(|error| BuildError::Failed(format!("{} cannot be written: {error:#}", path.display())))
}

/// From what a language's tools gave to the bytes of a pack.
fn encode(output: &Output, mode: Mode) -> anyhow::Result<Vec<u8>> {
    use anyhow::Context as _;
    let (Output::Module(path) | Output::Adapted(path, _) | Output::Component(path)) = output;
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    let keep = if mode == Mode::Debug { Keep::Debug } else { Keep::Nothing };
    let component = match output {
        Output::Component(_) => bytes,
        Output::Module(_) => component::encode(&strip(&bytes, keep)?, None)?,
        Output::Adapted(_, adapter) => {
            let adapter = match adapter {
                Adapter::Go => ADAPTER_GO,
                Adapter::Libc => ADAPTER_LIBC,
            };
            let adapter = adapter.context("this lanner was built without the adapter for the language's runtime")?;
            component::encode(&strip(&bytes, keep)?, Some(adapter))?
        }
    };
    strip(&component, keep)
}

// The adapters: sdk/adapter.
include!(concat!(env!("OUT_DIR"), "/adapters.rs"));

/// As seen from here, where that is shorter.
pub(crate) fn shorter(path: &Path) -> PathBuf {
    let here = std::env::current_dir().ok();
    here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned)).unwrap_or_else(|| path.to_owned())
}
