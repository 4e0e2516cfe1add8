//! What is done to a file, by whichever call: a file is changed by writing, and as well by moving another onto it, by a link
//! in its place, by cutting it, and by removing it. A rule about a file sees `cp`, `mv`, `ln` and `truncate` alike.

use lanner_sdk::Rule;
use lanner_sdk::filter::scope::AnyKind;
use lanner_sdk::prelude::*;

use crate::files::file;
use crate::outcome::Outcome;
use crate::programs::label;

const O_WRONLY: u32 = 0o1;
const O_RDWR: u32 = 0o2;
const O_EXCL: u32 = 0o200;
const O_TRUNC: u32 = 0o1000;
/// Of rename: the two files exchange their paths.
const EXCHANGE: u32 = 2;

/// How a file was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It was made, by opening it.
    Created,
    /// It was opened for writing.
    Opened,
    /// It was opened, and what was in it is gone.
    Emptied,
    /// It was cut, or made longer.
    Resized,
    /// Another file was moved to its path.
    Replaced,
    /// It was moved away.
    Moved,
    /// A link was put at its path.
    Linked,
    /// It was removed.
    Removed,
}

/// A change of a file, or the attempt.
pub struct Change<'e> {
    /// Number of the event.
    pub seq: u64,
    /// When it happened, ns since 1970 (UTC).
    pub time: u64,
    /// Who did it.
    pub process: Process<'e>,
    /// The file, by the path for which the rule asked.
    pub path: Text<'e>,
    /// What was done.
    pub deed: Deed,
    /// How it ended.
    pub outcome: Outcome,
    /// Of what was moved or linked the other path: where it comes from, where it went, what a link leads to.
    pub other: Text<'e>,
    /// Whether there was no such file before, as far as the call tells.
    pub is_new: bool,
    /// Whether an open writes at the end only.
    pub appends: bool,
    /// Of a file that was cut or made longer its length.
    pub size: Option<i64>,
    /// Each path that is known of it.
    paths: [Text<'e>; 2],
    /// What it is called in a message.
    shown: String,
}

/// What all calls tell.
#[derive(Clone, Copy)]
struct Call<'e> {
    seq: u64,
    time: u64,
    process: Process<'e>,
    result: i64,
    is_submitted: bool,
}

macro_rules! call {
    ($e:ident) => {
        Call {
            seq: $e.seq(),
            time: $e.time(),
            process: $e.process(),
            result: $e.result(),
            is_submitted: $e.is_submitted(),
        }
    };
}

impl<'e> Change<'e> {
    fn of(call: Call<'e>, deed: Deed, path: Text<'e>, other: Text<'e>) -> Self {
        let Call { seq, time, process, result, is_submitted } = call;
        let outcome = if is_submitted { Outcome::Unknown } else { Outcome::of_result(result) };
        let shown = match deed {
            Deed::Replaced | Deed::Linked if !other.is_empty() => format!("{path} (from {other})"),
            _ => path.to_string(),
        };
        let paths = [path, Text::default()];
        Self { seq, time, process, path, deed, outcome, other, is_new: false, appends: false, size: None, paths, shown }
    }

    fn of_open(e: &OpenEvent<'e>, files: &TextSet) -> Self {
        let deed = match (e.is_created(), e.truncates()) {
            (true, _) => Deed::Created,
            (_, true) => Deed::Emptied,
            _ => Deed::Opened,
        };
        let path = e.paths().find(|path| files.matches(*path)).unwrap_or(e.path());
        Self {
            is_new: e.is_created() || e.flags() & O_EXCL != 0,
            appends: e.appends(),
            paths: [e.path(), e.host_path()],
            shown: file(e),
            ..Self::of(call!(e), deed, path, Text::default())
        }
    }

    /// Each path that is known of the file.
    pub fn paths(&self) -> impl Iterator<Item = Text<'e>> + use<'e> {
        self.paths.into_iter().filter(Text::is_known)
    }

    /// What was done, to stand before the path; `None` where nothing came of it.
    pub fn verb(&self) -> Option<&'static str> {
        let (did, tried) = match self.deed {
            Deed::Created => ("created", "tried to create"),
            Deed::Opened => ("opened for writing", "tried to write"),
            Deed::Emptied => ("emptied", "tried to empty"),
            Deed::Resized => ("changed the length of", "tried to cut"),
            Deed::Replaced => ("put another file at", "tried to replace"),
            Deed::Moved => ("moved away", "tried to move away"),
            Deed::Linked => ("put a link at", "tried to put a link at"),
            Deed::Removed => ("removed", "tried to remove"),
        };
        self.outcome.verb(did, tried)
    }

    /// Who did what, in a line; `None` where nothing came of it.
    pub fn sentence(&self) -> Option<String> {
        Some(format!("{} {}: {}", label(&self.process), self.verb()?, self.shown))
    }

    /// Whether what was in the file is not to be found at its path any more.
    pub fn is_loss(&self) -> bool {
        match self.deed {
            Deed::Created | Deed::Opened => false,
            Deed::Resized => self.size == Some(0),
            Deed::Emptied | Deed::Replaced | Deed::Moved | Deed::Linked | Deed::Removed => true,
        }
    }
}

/// Has a rule look at whatever puts something into one of these files: opens for writing, and what gives a file such a path or
/// another length. The set must be one that a host compares: no globs.
pub fn on_write<'r, P: 'static>(
    rule: Rule<'r, P, AnyKind>,
    files: &'static TextSet,
    handle: impl Fn(&mut P, &Change<'_>, &mut Out<'_>) + Copy + 'static,
) -> Rule<'r, P, AnyKind> {
    rule.only(
        rename::new_path().matches(files).or(rename::old_path().matches(files).and(rename::flags().any(EXCHANGE))),
    )
    .on_rename(move |pack, e, out| {
        if files.matches(e.new_path()) {
            handle(pack, &Change::of(call!(e), Deed::Replaced, e.new_path(), e.old_path()), out);
        }
        if e.flags() & EXCHANGE != 0 && files.matches(e.old_path()) {
            handle(pack, &Change::of(call!(e), Deed::Replaced, e.old_path(), e.new_path()), out);
        }
    })
    .unfiltered()
    .only(open::file().matches(files))
    .only(open::flags().any(O_WRONLY | O_RDWR | O_TRUNC))
    .on_open(move |pack, e, out| {
        if e.is_write() || e.truncates() {
            handle(pack, &Change::of_open(e, files), out);
        }
    })
    .unfiltered()
    .only(link::new_path().matches(files))
    .on_link(move |pack, e, out| {
        handle(pack, &Change::of(call!(e), Deed::Linked, e.new_path(), e.old_path()), out);
    })
    .unfiltered()
    .only(symlink::path().matches(files))
    .on_symlink(move |pack, e, out| {
        handle(pack, &Change::of(call!(e), Deed::Linked, e.path(), e.target()), out);
    })
    .unfiltered()
    .only(truncate::path().matches(files))
    .on_truncate(move |pack, e, out| {
        // Of a descriptor the open was told already.
        if e.fd().is_none() {
            let change = Change::of(call!(e), Deed::Resized, e.path(), Text::default());
            handle(pack, &Change { size: Some(e.size()), ..change }, out);
        }
    })
    .unfiltered()
}

/// The same, and what takes something away: moving the file elsewhere, removing it, cutting what was opened before.
pub fn on_change<'r, P: 'static>(
    rule: Rule<'r, P, AnyKind>,
    files: &'static TextSet,
    handle: impl Fn(&mut P, &Change<'_>, &mut Out<'_>) + Copy + 'static,
) -> Rule<'r, P, AnyKind> {
    on_write(rule, files, handle)
        .only(rename::old_path().matches(files))
        .on_rename(move |pack, e, out| {
            // What went to another of these files is told as that one's change.
            if e.flags() & EXCHANGE == 0 && !files.matches(e.new_path()) {
                handle(pack, &Change::of(call!(e), Deed::Moved, e.old_path(), e.new_path()), out);
            }
        })
        .unfiltered()
        .only(truncate::path().matches(files))
        .on_truncate(move |pack, e, out| {
            if e.fd().is_some() {
                let change = Change::of(call!(e), Deed::Resized, e.path(), Text::default());
                handle(pack, &Change { size: Some(e.size()), ..change }, out);
            }
        })
        .unfiltered()
        .only(unlink::path().matches(files))
        .on_unlink(move |pack, e, out| {
            if !e.is_directory() {
                handle(pack, &Change::of(call!(e), Deed::Removed, e.path(), Text::default()), out);
            }
        })
        .unfiltered()
}

#[cfg(test)]
mod tests {
    use lanner_sdk::testing::{PackTest, TestEvent, link, open, process, rename, symlink, truncate, unlink};
    use lanner_sdk::{Pack, PackInfo, Rules};

    use super::*;

    static FILES: TextSet = TextSet::new().equals(&["/etc/a", "/etc/b"]);

    /// Says what it makes of each change.
    #[derive(Default)]
    struct Probe;

    impl Pack for Probe {
        const INFO: PackInfo = lanner_sdk::pack_info!("probe", "Says what is done to files");

        fn rules(r: &mut Rules<Self>) {
            on_write(r.rule("test/write"), &FILES, |_, change, out| raise("write", change, out));
            on_change(r.rule("test/change"), &FILES, |_, change, out| raise("change", change, out));
        }
    }

    fn raise(which: &str, change: &Change<'_>, out: &mut Out<'_>) {
        out.finding(format!("{which} {:?} {} {}", change.deed, change.path, change.is_loss()));
    }

    fn said(event: TestEvent) -> Vec<String> {
        let mut test = PackTest::<Probe>::new();
        test.feed([event.by(process("/usr/bin/x"))]).iter().map(|finding| finding.message.clone()).collect()
    }

    #[test]
    fn whichever_call_it_is() {
        let both = |what: &str| vec![format!("write {what}"), format!("change {what}")];
        assert_eq!(said(open("/etc/a").write()), both("Opened /etc/a false"));
        assert_eq!(said(rename("/tmp/x", "/etc/a")), both("Replaced /etc/a true"));
        assert_eq!(said(rename("/etc/b", "/etc/a")), both("Replaced /etc/a true"));
        assert_eq!(said(link("/tmp/x", "/etc/a")), both("Linked /etc/a true"));
        assert_eq!(said(symlink("/tmp/x", "/etc/a")), both("Linked /etc/a true"));
        assert_eq!(said(truncate("/etc/a", 0)), both("Resized /etc/a true"));
        assert_eq!(said(rename("/etc/a", "/tmp/x")), ["change Moved /etc/a true"]);
        assert_eq!(said(unlink("/etc/a")), ["change Removed /etc/a true"]);
        assert!(said(open("/etc/a")).is_empty() && said(open("/etc/c").write()).is_empty());
    }
}
