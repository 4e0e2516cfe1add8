//! C: a Makefile that includes the SDK's, and clang with the linker for WebAssembly.

use super::commands::{Commands, Gives, Step, Tool};
use super::{Build, Distribution, Language, has_file};

pub(super) static C: Language = Language {
    name: "c",
    title: "C",
    manifest: "Makefile with *.c",
    is: |folder| folder.join("Makefile").is_file() && has_file(folder, &["c"]),
    build: Build::Commands(Commands { tools: &[MAKE, CLANG, WASM_LD], steps: &[STEP], gives: Gives::Module(None) }),
};

pub(super) const STEP: Step =
    Step { program: "make", arguments: &["--silent", "--no-print-directory"], environment: &[] };

pub(super) const MAKE: Tool = Tool {
    name: "make",
    programs: &["make"],
    install: &[
        (Distribution::Debian, "apt-get install make"),
        (Distribution::Fedora, "dnf install make"),
        (Distribution::Arch, "pacman -S make"),
        (Distribution::Alpine, "apk add make"),
        (Distribution::Other, "brew install make"),
    ],
};

/// The names that distributions give clang's versions; the Makefile looks for them in the same way.
const CLANG: Tool = Tool {
    name: "clang",
    programs: &[
        "clang", "clang-24", "clang-23", "clang-22", "clang-21", "clang-20", "clang-19", "clang-18", "clang-17",
        "clang-16", "clang-15", "clang-14",
    ],
    install: &LLVM,
};

const WASM_LD: Tool = Tool {
    name: "wasm-ld (lld)",
    programs: &[
        "wasm-ld",
        "wasm-ld-24",
        "wasm-ld-23",
        "wasm-ld-22",
        "wasm-ld-21",
        "wasm-ld-20",
        "wasm-ld-19",
        "wasm-ld-18",
        "wasm-ld-17",
        "wasm-ld-16",
        "wasm-ld-15",
        "wasm-ld-14",
    ],
    install: &LLVM,
};

const LLVM: [(Distribution, &str); 5] = [
    (Distribution::Debian, "apt-get install clang lld make"),
    (Distribution::Fedora, "dnf install clang lld make"),
    (Distribution::Arch, "pacman -S clang lld make"),
    (Distribution::Alpine, "apk add clang lld make"),
    (Distribution::Other, "brew install llvm lld"),
];
