//! The `lanner-registry` command.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    lanner_registry::cli::main()
}
