//! Tools of programming languages that fetch and install what others wrote: pip, npm, cargo and their like. They are
//! scripts, which anybody can name so; what they do is expected, not trusted.

use lanner_sdk::prelude::*;

use crate::context::lineage;
use crate::programs::{is_interpreter, is_world_writable};

static TOOLS: TextSet = TextSet::new().equals(&[
    "bun",
    "bundle",
    "bundler",
    "cargo",
    "composer",
    "composer.phar",
    "conda",
    "corepack",
    "cpan",
    "cpanm",
    "deno",
    "gem",
    "go",
    "luarocks",
    "mamba",
    "npm",
    "npm-cli.js",
    "npx",
    "npx-cli.js",
    "pip",
    "pip3",
    "pipx",
    "pnpm",
    "pnpm.cjs",
    "poetry",
    "rustup",
    "uv",
    "virtualenv",
    "yarn",
    "yarn.js",
]);
/// Modules of Python that install others.
static MODULES: TextSet =
    TextSet::new().equals(&["build", "ensurepip", "pip", "pipx", "poetry", "setuptools", "uv", "venv", "virtualenv"]);

/// Whether it is such a tool, or one of these had it run.
pub fn is_language_tool(process: &Process<'_>) -> bool {
    lineage(process).any(|each| is_tool(&each))
}

fn is_tool(process: &Process<'_>) -> bool {
    if TOOLS.matches(process.name()) && !is_world_writable(process.exe()) {
        return true;
    }
    if !is_interpreter(process) {
        return false;
    }
    if TOOLS.matches(process.script().file_name()) {
        return true;
    }
    let mut arguments = process.args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument.ends_with("m") && argument.starts_with("-") && !argument.starts_with("--") {
            return arguments.next().is_some_and(|module| MODULES.matches(module));
        }
        if !argument.starts_with("-") {
            let name = argument.file_name();
            // pip builds packages in processes of its own.
            return TOOLS.matches(name) || name == "_in_process.py" || name == "__pip-runner__.py";
        }
    }
    false
}
