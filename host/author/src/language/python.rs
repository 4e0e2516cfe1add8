//! Python: componentize-py, of a module that exports the pack of the module `pack`.

use super::commands::{Commands, Gives, Step, Tool};
use super::{Build, Distribution, Language};

pub(super) static PYTHON: Language = Language {
    name: "python",
    title: "Python",
    manifest: "pyproject.toml",
    is: |folder| folder.join("pyproject.toml").is_file(),
    build: Build::Commands(Commands { tools: &[COMPONENTIZE], steps: &[STEP], gives: Gives::Component }),
};

/// In PATH, or in the project's own environment.
const COMPONENTIZE: Tool = Tool {
    name: "componentize-py",
    programs: &[".venv/bin/componentize-py", "componentize-py"],
    install: &[(Distribution::Other, "python3 -m venv .venv && .venv/bin/pip install componentize-py==0.25.1")],
};

const STEP: Step = Step {
    program: "componentize-py",
    arguments: &[
        "--wit-path",
        ".lanner/wit",
        "--world",
        "pack",
        "componentize",
        "--stub-wasi",
        "--python-path",
        ".",
        "--python-path",
        ".lanner/sdk/src",
        "lanner.component",
        "--output",
        "target/pack.wasm",
    ],
    environment: &[],
};
