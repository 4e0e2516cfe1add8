//! Zig: `zig build`, whose build.zig takes what it does from the SDK.

use super::commands::{Commands, Gives, Step, Tool};
use super::{Build, Distribution, Language};

pub(super) static ZIG: Language = Language {
    name: "zig",
    title: "Zig",
    manifest: "build.zig",
    is: |folder| folder.join("build.zig").is_file(),
    build: Build::Commands(Commands { tools: &[COMPILER], steps: &[STEP], gives: Gives::Module(None) }),
};

pub(super) const COMPILER: Tool = Tool {
    name: "zig",
    programs: &["zig", ".venv/bin/zig"],
    install: &[
        (Distribution::Fedora, "dnf install zig"),
        (Distribution::Arch, "pacman -S zig"),
        (Distribution::Alpine, "apk add zig"),
        // PyPI has the compiler, without a program in PATH.
        (
            Distribution::Other,
            "python3 -m venv .venv && .venv/bin/pip install ziglang && ln -s \"$PWD\"/.venv/lib/python3*/site-packages/ziglang/zig \
             .venv/bin/zig",
        ),
    ],
};

const STEP: Step = Step { program: "zig", arguments: &["build", "--prefix", "target"], environment: &[] };
