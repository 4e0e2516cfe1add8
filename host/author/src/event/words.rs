//! Words for numbers that people know by their names.

use lanner_abi::{FieldInfo, field};

use crate::document::{Node, Problem, suggestion};

/// Flags of open(2), the same numbers on all machines that Lanner runs on.
const OPEN: [(&str, u64); 12] = [
    ("read", 0),
    ("write", 0o1),
    ("read_write", 0o2),
    ("create", 0o100),
    ("exclusive", 0o200),
    ("truncate", 0o1000),
    ("append", 0o2000),
    ("nonblock", 0o4000),
    ("directory", 0o200_000),
    ("nofollow", 0o400_000),
    ("cloexec", 0o2_000_000),
    ("path", 0o10_000_000),
];

/// Errors that calls fail with (errno(3)), those that events have most often.
const ERRORS: [(&str, i64); 34] = [
    ("EPERM", 1),
    ("ENOENT", 2),
    ("ESRCH", 3),
    ("EINTR", 4),
    ("EIO", 5),
    ("ENXIO", 6),
    ("E2BIG", 7),
    ("ENOEXEC", 8),
    ("EBADF", 9),
    ("ECHILD", 10),
    ("EAGAIN", 11),
    ("ENOMEM", 12),
    ("EACCES", 13),
    ("EFAULT", 14),
    ("EBUSY", 16),
    ("EEXIST", 17),
    ("ENOTDIR", 20),
    ("EISDIR", 21),
    ("EINVAL", 22),
    ("EMFILE", 24),
    ("ETXTBSY", 26),
    ("ENOSPC", 28),
    ("EROFS", 30),
    ("ENAMETOOLONG", 36),
    ("ENOSYS", 38),
    ("ELOOP", 40),
    ("EADDRINUSE", 98),
    ("ENETUNREACH", 101),
    ("ECONNRESET", 104),
    ("ETIMEDOUT", 110),
    ("ECONNREFUSED", 111),
    ("EHOSTUNREACH", 113),
    ("EINPROGRESS", 115),
    ("EOPNOTSUPP", 95),
];

/// The words for flags of an open.
pub fn open_words() -> impl Iterator<Item = &'static str> {
    OPEN.iter().map(|(name, _)| *name)
}

/// The names of errors.
pub fn errno_names() -> impl Iterator<Item = &'static str> {
    ERRORS.iter().map(|(name, _)| *name)
}

/// The number of an error.
pub(super) fn errno(name: &str) -> Option<i64> {
    ERRORS.iter().find(|(known, _)| *known == name.trim_start_matches('-')).map(|(_, number)| *number)
}

/// Whether a field holds the flags of an open.
pub(crate) fn is_of_open(field: &FieldInfo) -> bool {
    *field == *field::open::FLAGS
}

/// The flags of an open that a word stands for.
pub(super) fn open_flag(node: &Node) -> Result<u64, Problem> {
    let word = node.text("flags")?;
    OPEN.iter().find(|(known, _)| *known == word).map(|(_, bits)| *bits).ok_or_else(|| {
        let near = suggestion(word, &open_words().collect::<Vec<_>>());
        node.problem(format!("there is no flag {word:?} of an open{near}"))
    })
}
