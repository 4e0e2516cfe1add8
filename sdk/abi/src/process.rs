//! What rules ask of a process, beyond its bare fields.

use core::fmt;
use core::iter::FusedIterator;

use crate::generated::{Container, PROCESS, Process, process_flag};
use crate::text::Text;

/// The host's own user namespace (PROC_USER_INIT_INO of include/linux/proc_ns.h).
const FIRST_USER_NAMESPACE: u32 = 0xefff_fffd;

/// The ancestors of a process, nearest first.
#[derive(Clone, Debug)]
pub struct Ancestors<'a> {
    next: Option<Process<'a>>,
    /// Ends a line that leads back to itself.
    left: u32,
}

/// The arguments of a process.
#[derive(Clone, Debug)]
pub struct Arguments<'a> {
    /// Each ended by a NUL, but the last where it was cut off.
    rest: &'a [u8],
}

/// The arguments of a process in one line, to be shown with `{}`.
#[derive(Clone, Debug)]
pub struct CommandLine<'a> {
    arguments: Arguments<'a>,
}

impl<'a> Process<'a> {
    /// Whether the frame has it. Of a process that it does not have, nothing is known.
    #[inline]
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.record.0.is_empty()
    }

    /// The image that it was forked from, where it is known.
    #[inline]
    #[must_use]
    pub fn parent(&self) -> Option<Process<'a>> {
        self.frame.process(self.parent_row()?)
    }

    /// Its parent, the parent's parent, and so on.
    #[inline]
    #[must_use]
    pub fn ancestors(&self) -> Ancestors<'a> {
        Ancestors { next: self.parent(), left: self.frame.section(&PROCESS).count }
    }

    /// The container that it runs in; `None` on the host itself, and where that is not known.
    #[inline]
    #[must_use]
    pub fn container(&self) -> Option<Container<'a>> {
        self.frame.container(self.container_row()?)
    }

    /// What it is called: the file name of its executable, or where there is none the kernel's short name.
    #[inline]
    #[must_use]
    pub fn name(&self) -> Text<'a> {
        let name = self.exe().file_name();
        if name.is_empty() { self.comm() } else { name }
    }

    /// The arguments, the program's name first.
    #[inline]
    #[must_use]
    pub fn args(&self) -> Arguments<'a> {
        Arguments { rest: self.argv().as_bytes() }
    }

    /// What an entry of the environment is set to that the image began with. Unknown where it is not set, and where no filter
    /// asks for it by its name: there are secrets among the others.
    #[must_use]
    pub fn env(&self, name: &str) -> Text<'a> {
        self.envs(name).next().unwrap_or_default()
    }

    /// The same of each entry of that name: programs take the first (getenv), others the last, as the dynamic linker does.
    pub fn envs(&self, name: &str) -> impl Iterator<Item = Text<'a>> {
        let entries = Arguments { rest: self.environment().as_bytes() };
        entries
            .filter_map(move |entry| entry.as_bytes().strip_prefix(name.as_bytes())?.strip_prefix(b"=").map(Text::new))
    }

    /// The arguments in one line, to be shown with `{}`.
    #[inline]
    #[must_use]
    pub fn command_line(&self) -> CommandLine<'a> {
        CommandLine { arguments: self.args() }
    }

    /// Whether it acts as root.
    #[inline]
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.euid() == 0
    }

    #[inline]
    fn has(&self, flag: u32) -> bool {
        self.flags() & flag != 0
    }

    /// Whether the executable lies on the upper layer of an overlay: it was written after the container began.
    #[inline]
    #[must_use]
    pub fn is_upper(&self) -> bool {
        self.has(process_flag::EXE_UPPER)
    }

    /// Whether the executable is an anonymous memory file.
    #[inline]
    #[must_use]
    pub fn is_memfd(&self) -> bool {
        self.has(process_flag::EXE_MEMFD)
    }

    /// Whether the executable had been deleted when it was run.
    #[inline]
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.has(process_flag::EXE_DELETED)
    }

    /// Whether the executable is what its path says, as far as the kernel tells: it lies at that path in the process's own
    /// mount namespace, belongs to root, and nobody else may write it; and the process is in the host's user namespace, as
    /// in another one anybody may have mounted what he likes at that path. What is not known does not count against it. A
    /// path alone can be forged: ask this of a process before you trust it by its path.
    #[must_use]
    pub fn exe_is_genuine(&self) -> bool {
        const FORGED: u32 = process_flag::EXE_DELETED
            | process_flag::EXE_MEMFD
            | process_flag::EXE_WRITABLE
            | process_flag::EXE_UNREACHABLE
            | process_flag::EXE_FOREIGN;
        let known_otherwise = |known: Option<u32>, own: u32| known.is_some_and(|id| id != own);
        self.flags() & FORGED == 0
            && !known_otherwise(self.exe_uid(), 0)
            && !known_otherwise(self.user_ns(), FIRST_USER_NAMESPACE)
    }

    /// Whether the executable is setuid or setgid.
    #[inline]
    #[must_use]
    pub fn is_setuid(&self) -> bool {
        self.has(process_flag::EXE_SETUID)
    }

    /// Whether the executable is writable by its group or by everybody.
    #[inline]
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.has(process_flag::EXE_WRITABLE)
    }

    /// Whether not all of it is known: its exec was lost or came before the host.
    #[inline]
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.has(process_flag::PARTIAL)
    }

    /// Whether it is a thread of the kernel.
    #[inline]
    #[must_use]
    pub fn is_kernel_thread(&self) -> bool {
        self.has(process_flag::KERNEL_THREAD)
    }

    /// Whether the host's own self-test started it.
    #[inline]
    #[must_use]
    pub fn is_self_test(&self) -> bool {
        self.has(process_flag::SELF_TEST)
    }
}

/// `cat (pid 123, root)`, as it stands in messages.
impl fmt::Display for Process<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_known() {
            return f.write_str("an unknown process");
        }
        match self.name() {
            name if name.is_empty() => f.write_str("?")?,
            name => name.fmt(f)?,
        }
        match self.user() {
            user if user.is_empty() => write!(f, " (pid {}, uid {})", self.pid(), self.uid()),
            user => write!(f, " (pid {}, {user})", self.pid()),
        }
    }
}

impl fmt::Debug for Process<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_record().fmt_fields(f)
    }
}

// === impl Ancestors ===

impl<'a> Iterator for Ancestors<'a> {
    type Item = Process<'a>;

    #[inline]
    fn next(&mut self) -> Option<Process<'a>> {
        let process = self.next?;
        // A line longer than there are processes is a circle.
        self.left = self.left.saturating_sub(1);
        self.next = if self.left == 0 { None } else { process.parent() };
        Some(process)
    }
}

impl FusedIterator for Ancestors<'_> {}

// === impl Arguments ===

impl<'a> Iterator for Arguments<'a> {
    type Item = Text<'a>;

    #[inline]
    fn next(&mut self) -> Option<Text<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|byte| *byte == 0).unwrap_or(self.rest.len());
        let argument = self.rest.get(..end).unwrap_or_default();
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        Some(Text::new(argument))
    }
}

impl FusedIterator for Arguments<'_> {}

// === impl CommandLine ===

impl fmt::Display for CommandLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, argument) in self.arguments.clone().enumerate() {
            if number > 0 {
                f.write_str(" ")?;
            }
            argument.fmt(f)?;
        }
        Ok(())
    }
}
