//! Languages that are built by commands: a table of what has to be there and what is run.

use std::path::Path;
use std::process::Command;

use super::{BuildError, Distribution, Mode, Output, has};

/// How a project is built by commands, which are run in its folder.
#[derive(Debug)]
pub(super) struct Commands {
    /// What has to be there.
    pub(super) tools: &'static [Tool],
    /// What is run, one after the other.
    pub(super) steps: &'static [Step],
    /// What comes out.
    pub(super) gives: Gives,
}

/// A tool.
#[derive(Debug)]
pub(super) struct Tool {
    /// What it is called.
    pub(super) name: &'static str,
    /// Programs of which one has to be in PATH, or in the project.
    pub(super) programs: &'static [&'static str],
    /// The line that installs it, by where; `Other` stands for everywhere that no other line is for.
    pub(super) install: &'static [(Distribution, &'static str)],
}

/// A command.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) program: &'static str,
    pub(super) arguments: &'static [&'static str],
    pub(super) environment: &'static [(&'static str, &'static str)],
}

/// What comes out of the commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gives {
    /// `target/pack.core.wasm`, a core module; with the adapter that its runtime needs.
    Module(Option<Adapter>),
    /// `target/pack.wasm`, a component.
    Component,
}

/// What answers the calls of WASI preview 1 that a runtime makes even where its program makes none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adapter {
    /// Go's.
    Go,
    /// That of wasi-libc.
    Libc,
}

/// Tells a build for whom it is: `debug` or `release`.
const MODE: &str = "LANNER_MODE";
/// Where projects put what they build.
const MODULE: &str = "target/pack.core.wasm";
const COMPONENT: &str = "target/pack.wasm";

impl Commands {
    pub(super) fn run(&self, language: &'static str, folder: &Path, mode: Mode) -> Result<Output, BuildError> {
        let is_there = |program: &&str| has(program) || folder.join(program).is_file();
        if let Some(tool) = self.tools.iter().find(|tool| !tool.programs.iter().any(&is_there)) {
            let what = tool.name.to_owned();
            return Err(BuildError::Missing { what, language, install: tool.line(Distribution::here()).to_owned() });
        }
        let failed = |what: String| BuildError::Failed(what);
        std::fs::create_dir_all(folder.join("target"))
            .map_err(|error| failed(format!("target cannot be made: {error}")))?;
        for step in self.steps {
            // As a tool that the project has itself is called, where it was found so.
            let own = self.tools.iter().flat_map(|tool| tool.programs).map(|program| folder.join(program));
            let mut own = own.filter(|program| program.is_file() && program.file_name() == Some(step.program.as_ref()));
            let mut command = own.next().map_or_else(|| Command::new(step.program), Command::new);
            command.args(step.arguments).envs(step.environment.iter().copied()).current_dir(folder);
            command.env(MODE, if mode == Mode::Debug { "debug" } else { "release" });
            // Where a tool is written in Rust its own functions say nothing of what is wrong in a pack.
            command.envs([("RUST_BACKTRACE", "0"), ("RUST_LIB_BACKTRACE", "0")]);
            // What tools print is for whoever looks; what comes out is in a file.
            command.stdin(std::process::Stdio::null()).stdout(std::io::stderr());
            let status = command.status();
            let shown = lanner_build::cargo::shown(&command);
            let status = status.map_err(|error| failed(format!("{shown} cannot be started: {error}")))?;
            if !status.success() {
                return Err(failed(format!("{shown} failed ({status})")));
            }
        }
        let output = match self.gives {
            Gives::Module(None) => Output::Module(folder.join(MODULE)),
            Gives::Module(Some(adapter)) => Output::Adapted(folder.join(MODULE), adapter),
            Gives::Component => Output::Component(folder.join(COMPONENT)),
        };
        Ok(output)
    }
}

impl Tool {
    fn line(&self, distribution: Distribution) -> &'static str {
        let of = |wanted| self.install.iter().find(|(known, _)| *known == wanted).map(|(_, line)| *line);
        of(distribution).or(of(Distribution::Other)).unwrap_or("see its own page")
    }
}
