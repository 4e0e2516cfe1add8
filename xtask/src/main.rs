//! Lanner's build automation: `cargo xtask --help`.

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

mod abi;
mod adapters;
mod book;
mod dependencies;
mod detect;
mod dist;
mod evaluator;
mod features;
mod kernels;
mod languages;
mod packs;
mod picture;
mod probes;
mod publish;
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
    /// Make the adapters of sdk/adapter into modules
    Adapters {
        /// Change nothing; fail where a module is not what its text gives
        #[arg(long)]
        check: bool,
    },
    /// Build the module that evaluates imported rules
    Evaluator {
        /// Change nothing; fail where the committed module is of other sources
        #[arg(long)]
        check: bool,
    },
    /// Turn a core module from any compiler into a component
    Componentize {
        /// The core module
        module: PathBuf,
        /// Where the component goes
        out: PathBuf,
        /// A core module that answers what the module's runtime asks of WASI preview 1
        #[arg(long)]
        adapter: Option<PathBuf>,
    },
    /// Check what the crates depend on: licences and sources, lock files, features, and the order of the stages
    Dependencies,
    /// Make the book of docs/ into pages, target/book/html, its links checked
    Book {
        /// Only check the links
        #[arg(long)]
        check: bool,
    },
    /// Run attacks and benign workloads on this machine, and print what the rules find of them (as root)
    Detect(detect::Options),
    /// Build the packs that Lanner ships, push them to a registry, sign them, and list them in an index there
    Publish(publish::Options),
    /// Make what is handed to others of programs and packs that are built: packages, a container image's folder, bills of materials
    Dist(dist::Options),
    /// Draw docs/run.svg, the picture in the README, from a real run (as root)
    Picture,
    /// Test the probes and the host in each kernel that Debian offers, in emulated machines
    Kernels,
    /// Check, test and build what is in other languages, where their tools are there
    Languages,
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
    lanner_build::rust::become_rustc_if_asked()?;
    match Arguments::parse().task {
        Task::Abi { check } => abi::run(check),
        Task::Probes { check } => probes::run(check),
        Task::Packs { tests: true, .. } => test::build_packs(),
        Task::Packs { folders, out, .. } => packs::run(&folders, out.as_deref()),
        Task::Adapters { check } => adapters::run(check),
        Task::Evaluator { check } => evaluator::run(check),
        Task::Componentize { module, out, adapter } => packs::componentize(&module, &out, adapter.as_deref()),
        Task::Dependencies => dependencies::run(),
        Task::Book { check } => book::run(check),
        Task::Detect(options) => detect::run(&options),
        Task::Publish(options) => publish::run(&options),
        Task::Dist(options) => dist::run(&options),
        Task::Picture => picture::run(),
        Task::Kernels => kernels::run(),
        Task::Languages => test::languages(),
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
