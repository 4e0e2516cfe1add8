//! The kernels that Lanner is held to: each boots in an emulated machine, and passes there the tests of the probes and
//! a smoke run of the whole host.

mod debian;
mod initramfs;
mod machine;
mod programs;
mod report;
mod table;

use std::env;
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};

use crate::{packs, root};
use debian::Kernel;
use programs::Programs;
use report::Passed;
use table::Table;

/// Kernels that are tried at once, at most: each takes 1 GiB.
const MOST_AT_ONCE: usize = 2;
/// What this machine has to have besides Rust.
const TOOLS: [&str; 6] = ["apt-cache", "apt-get", "busybox", "cpio", "dpkg", machine::QEMU];

/// Boots the newest kernel of each series that apt offers, and checks Lanner in it. Prints a line for each kernel in
/// which all went well, and for each other one what its guest said.
pub(crate) fn run() -> Result<()> {
    require_tools()?;
    fs::create_dir_all(folder()).with_context(|| folder().display().to_string())?;
    let kernels = debian::newest_kernels()?;
    packs::run(&[], None)?;
    let programs = Programs::build()?;
    let initramfs = initramfs::make(&programs, &kernels)?;

    let table = Table::begin(&kernels);
    let mut failed = Vec::new();
    // Most of what a guest does it does on one processor, as each of its tests has the kernel side to itself.
    let at_once = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_AT_ONCE);
    for kernels in kernels.chunks(at_once) {
        let checked = |kernel| {
            let began = Instant::now();
            (kernel, check(kernel, &initramfs), began.elapsed())
        };
        let checked: Vec<_> = thread::scope(|scope| {
            let begun: Vec<_> = kernels.iter().map(|kernel| scope.spawn(move || checked(kernel))).collect();
            begun.into_iter().map(thread::ScopedJoinHandle::join).collect()
        });
        for outcome in checked {
            let Ok((kernel, checked, took)) = outcome else { bail!("a thread that watches a kernel has panicked") };
            match checked {
                Ok(passed) => table.add(kernel, &passed, took),
                Err(error) => {
                    show_console(kernel);
                    eprintln!("{}: {error:#}", kernel.release);
                    failed.push(kernel.release.as_str());
                }
            }
        }
    }
    ensure!(failed.is_empty(), "{} of {} kernels failed: {}", failed.len(), kernels.len(), failed.join(", "));
    Ok(())
}

/// Where kernels are kept, and what is made for booting them.
fn folder() -> PathBuf {
    root().join("target/kernels")
}

/// What a guest wrote to its console, to be read after the run too.
fn console(kernel: &Kernel) -> PathBuf {
    folder().join(format!("{}.console", kernel.release))
}

/// Says what is missing before anything long begins.
fn require_tools() -> Result<()> {
    let missing: Vec<_> = TOOLS.into_iter().filter(|tool| installed(tool).is_none()).collect();
    ensure!(
        missing.is_empty(),
        "not installed: {}; `xtask/setup.sh kernels` installs what is missing",
        missing.join(", ")
    );
    Ok(())
}

/// Where a program is that a shell would find.
fn installed(program: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn check(kernel: &Kernel, initramfs: &Path) -> Result<Passed> {
    let console = console(kernel);
    machine::boot(&kernel.image(), initramfs, &console)?;
    let said = fs::read(&console).with_context(|| console.display().to_string())?;
    Passed::read(&String::from_utf8_lossy(&said))
}

fn show_console(kernel: &Kernel) {
    // Where there is no console, the error that is told anyway says why.
    let said = fs::read(console(kernel)).unwrap_or_default();
    eprintln!("--- {}\n{}---", console(kernel).display(), String::from_utf8_lossy(&said));
}
