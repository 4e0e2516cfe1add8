//! Lanner's build automation: `cargo xtask --help`.

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

mod abi;
mod cargo;
mod dependencies;
mod features;
mod kernels;
mod metadata;
mod packs;
mod picture;
mod probes;
mod stages;
mod stress;
mod test;

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
        /// Folders of pack crates, or of workspaces of them [default: rules-wasm]
        folders: Vec<PathBuf>,
        /// Where the components go [default: target/packs of this tree]
        #[arg(long)]
        out: Option<PathBuf>,
        /// Build those of the tests too, into target/test-packs
        #[arg(long, conflicts_with_all = ["folders", "out"])]
        tests: bool,
    },
    /// Check what the crates depend on: licences and sources, lock files, features, and the order of the stages
    Dependencies,
    /// Draw docs/run.svg, the picture in the README, from a real run (as root)
    Picture,
    /// Test the probes and the host in each kernel that Debian offers, in emulated machines
    Kernels,
    /// Check and test everything, as `make test` does after setting up the machine
    Test,
    /// Run all tests again and again on a machine that is made busy
    Stress {
        /// How often
        #[arg(long, default_value_t = 10)]
        rounds: usize,
    },
}

fn main() -> ExitCode {
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The chain of causes, and no backtrace: the last line is what matters.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn work() -> Result<()> {
    packs::become_rustc_if_asked()?;
    match Arguments::parse().task {
        Task::Abi { check } => abi::run(check),
        Task::Probes { check } => probes::run(check),
        Task::Packs { tests: true, .. } => test::build_packs(),
        Task::Packs { folders, out, .. } => packs::run(&folders, out.as_deref()),
        Task::Dependencies => dependencies::run(),
        Task::Picture => picture::run(),
        Task::Kernels => kernels::run(),
        Task::Test => test::run(),
        Task::Stress { rounds } => stress::run(rounds),
    }
}

/// The top of the source tree.
fn root() -> PathBuf {
    // As `cargo xtask` says now, not as it was when this was compiled: clones may share a target folder.
    let folder = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    folder.parent().map(PathBuf::from).unwrap_or_default()
}
