//! The report: one line a kernel, on stdout.

use std::time::Duration;

use super::debian::Kernel;
use super::report::Passed;

const HEAD: [&str; 5] = ["kernel", "package", "tests passed", "most verified_insns", "seconds"];

/// How wide the columns are whose width is not known beforehand.
pub(super) struct Table {
    release: usize,
    version: usize,
}

impl Table {
    /// Prints the head.
    pub(super) fn begin(kernels: &[Kernel]) -> Self {
        let widest = |text: fn(&Kernel) -> &str| kernels.iter().map(|kernel| text(kernel).len()).max().unwrap_or(0);
        let release = widest(|kernel| &kernel.release);
        let version = widest(|kernel| &kernel.version).max(HEAD[1].len());
        let table = Self { release, version };
        table.print(HEAD);
        table
    }

    /// Prints the line of a kernel, and below it what could not be tested there.
    pub(super) fn add(&self, kernel: &Kernel, passed: &Passed, took: Duration) {
        let verified = passed.costliest.as_ref();
        let verified = verified.map_or_else(|| "-".to_owned(), |most| format!("{} ({})", most.insns, most.program));
        let seconds = format!("{:.1}", took.as_secs_f64());
        self.print([&kernel.release, &kernel.version, &passed.tests.to_string(), &verified, &seconds]);
        for reason in &passed.skipped {
            println!("  skipped: {reason}");
        }
    }

    fn print(&self, [release, version, tests, verified, seconds]: [&str; 5]) {
        let (first, second) = (self.release, self.version);
        println!("{release:first$}  {version:second$}  {tests:>12}  {verified:26}  {seconds:>7}");
    }
}
