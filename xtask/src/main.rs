//! Lanner's build automation: `cargo xtask --help`.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

mod abi;
mod packs;
mod probes;

#[derive(Parser)]
#[command(about = "Lanner's build automation")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Generate the frame's readers and writers, its documentation and the golden frame from sdk/abi/schema.toml
    Abi {
        /// Change nothing; fail where a generated file is stale
        #[arg(long)]
        check: bool,
    },
    /// Build the kernel-side objects
    Probes {
        /// Change nothing; fail where the committed object is not what the source gives
        #[arg(long)]
        check: bool,
    },
    /// Build packs into components
    Packs {
        /// Folders of pack crates [default: every pack in rules-wasm]
        folders: Vec<PathBuf>,
        /// Where the components go
        #[arg(long, default_value = "target/packs")]
        out: PathBuf,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().task {
        Task::Abi { check } => abi::run(check),
        Task::Probes { check } => probes::run(check),
        Task::Packs { folders, out } => packs::run(&folders, &out),
    }
}

/// The top of the source tree.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().map(PathBuf::from).unwrap_or_default()
}
