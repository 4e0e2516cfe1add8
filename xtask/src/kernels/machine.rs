//! The emulated machine that a kernel boots in.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// The emulator.
pub(super) const QEMU: &str = "qemu-system-x86_64";
/// How long a guest may take, from its boot to its end: many times what it takes, as the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(1800);
/// How long to wait before looking again whether it has ended.
const PAUSE: Duration = Duration::from_millis(50);
/// In MiB: the initramfs is there twice while it is unpacked, and Lanner compiles a pack.
const MEMORY: &str = "1024";
/// Two, so that things do happen at once.
const PROCESSORS: &str = "2";
/// Whatever the kernel finds wrong with itself is its end, and with it the machine's: a guest never hangs in a panic.
const KERNEL_OPTIONS: &str = "console=ttyS0 quiet oops=panic panic_on_warn=1 panic=-1";

/// Boots a kernel and waits until the machine is off; what the guest and the emulator say goes to the file.
pub(super) fn boot(image: &Path, initramfs: &Path, console: &Path) -> Result<()> {
    let console = File::create(console).with_context(|| console.display().to_string())?;
    let mut machine = Command::new(QEMU)
        // Emulated everywhere, so that it is the same everywhere: not every machine lets its users have KVM.
        .args(["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", PROCESSORS, "-m", MEMORY])
        .args(["-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot"])
        .args(["-append", KERNEL_OPTIONS, "-kernel"])
        .arg(image)
        .arg("-initrd")
        .arg(initramfs)
        .stdin(Stdio::null())
        .stdout(console.try_clone()?)
        .stderr(console)
        .spawn()
        .with_context(|| format!("{QEMU} cannot be started"))?;
    let status = wait(&mut machine)?;
    ensure!(status.success(), "{QEMU} failed ({status})");
    Ok(())
}

fn wait(machine: &mut Child) -> Result<ExitStatus> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if let Some(status) = machine.try_wait()? {
            return Ok(status);
        }
        thread::sleep(PAUSE);
    }
    machine.kill()?;
    machine.wait()?;
    bail!("the guest did not end within {} s, and was stopped", PATIENCE.as_secs());
}
