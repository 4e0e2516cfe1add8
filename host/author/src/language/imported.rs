//! Falco's and Sigma's rules: a folder with files of them, which are imported. No tool is needed.

use std::path::Path;

use lanner_import::{Options, Source, compile, files_in, source_of};

use super::{Build, BuildError, Language, Mode, Output};

pub(super) static FALCO: Language = Language {
    name: "falco",
    title: "Falco's rules",
    manifest: "*.yaml with Falco's rules",
    is: |folder| is(folder, Source::Falco),
    build: Build::Own(build),
};

pub(super) static SIGMA: Language = Language {
    name: "sigma",
    title: "Sigma's rules",
    manifest: "*.yml with Sigma's rules",
    is: |folder| is(folder, Source::Sigma),
    build: Build::Own(build),
};

fn is(folder: &Path, source: Source) -> bool {
    files_in(folder).first().is_some_and(|file| source_of(file) == Some(source))
}

/// Where the component is put until it is named.
const MADE: &str = "target/imported.component";

fn build(folder: &Path, _: Mode) -> Result<Output, BuildError> {
    let failed = |what: String| BuildError::Failed(what);
    let pack = compile(&[folder.to_owned()], &Options::default()).map_err(|error| failed(error.to_string()))?;
    if !pack.report.is_faithful() {
        eprintln!("{}", pack.report.text(false));
    }
    let path = folder.join(MADE);
    let unwritable = |error: std::io::Error| failed(format!("{} cannot be written: {error}", path.display()));
    std::fs::create_dir_all(folder.join("target")).map_err(unwritable)?;
    std::fs::write(&path, pack.component).map_err(unwritable)?;
    Ok(Output::Component(path))
}
