//! C++: a Makefile that includes the SDK's, and Zig's compiler, which has the standard library for WebAssembly.

use super::c::{MAKE, STEP};
use super::commands::{Adapter, Commands, Gives};
use super::zig::COMPILER;
use super::{Build, Language, has_file};

pub(super) static CPP: Language = Language {
    name: "cpp",
    title: "C++",
    manifest: "Makefile with *.cpp",
    is: |folder| folder.join("Makefile").is_file() && has_file(folder, &["cpp"]),
    build: Build::Commands(Commands {
        tools: &[MAKE, COMPILER],
        steps: &[STEP],
        gives: Gives::Module(Some(Adapter::Libc)),
    }),
};
