//! What is kept of the environments of programs: entries that somebody asks for by their names. There are secrets among the
//! others, which go nowhere.

use std::collections::BTreeSet;

use lanner_abi::{Value, field, process_flag};
use lanner_probes::event::RawEvent;

use crate::procfs;
use crate::record::ProcessSnapshot;

/// Which entries are kept.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    /// How they begin: `NAME=`, or the beginning of several names.
    begin: BTreeSet<Vec<u8>>,
}

impl Environment {
    /// Those that begin so.
    pub(crate) fn of(begin: BTreeSet<Vec<u8>>) -> Self {
        Self { begin }
    }

    /// Whether any are.
    pub(crate) fn is_wanted(&self) -> bool {
        !self.begin.is_empty()
    }

    /// Whether these ask for entries that the others do not.
    pub(crate) fn asks_for_more(&self, others: &Self) -> bool {
        !self.begin.is_subset(&others.begin)
    }

    /// Adds them to a process that was there already, as far as it still shows them.
    pub(crate) fn complete(&self, process: &mut ProcessSnapshot) {
        if !self.is_wanted() {
            return;
        }
        let Some((all, is_truncated)) = procfs::environment(&process.task) else { return };
        let image = &mut process.image;
        let flags = image.get().number(field::process::FLAGS).unwrap_or_default();
        let truncated = if is_truncated { u64::from(process_flag::ENVIRONMENT_TRUNCATED) } else { 0 };
        let kept = self.kept(&all);
        let set = image
            .set(field::process::ENVIRONMENT, kept.as_deref().map(Value::Text))
            .and_then(|()| image.set(field::process::FLAGS, Some((flags | truncated).into())));
        debug_assert!(set.is_ok(), "{set:?}");
    }

    /// Those among these entries; nothing where there are none.
    fn kept(&self, all: &[u8]) -> Option<Vec<u8>> {
        let entries = all.split_inclusive(|byte| *byte == 0);
        let kept: Vec<u8> = entries.filter(|entry| self.is_kept(entry)).flatten().copied().collect();
        Some(kept).filter(|kept| !kept.is_empty())
    }

    /// Takes all others out of the image that begins with an event.
    pub(crate) fn reduce(&self, event: &mut RawEvent) {
        let Some(image) = &mut event.image else { return };
        let Some(all) = image.get().bytes(field::process::ENVIRONMENT) else { return };
        let kept = self.kept(all);
        **image = image.rewritten(|at, value| match at {
            at if *at == *field::process::ENVIRONMENT => kept.as_deref().map(Value::Text),
            _ => value,
        });
    }

    fn is_kept(&self, entry: &[u8]) -> bool {
        self.begin.iter().any(|begin| entry.starts_with(begin))
    }
}

#[cfg(test)]
mod tests {
    use lanner_abi::{Kind, OwnedRecord, PROCESS};

    use super::*;

    fn reduced(begin: &[&str], environment: &str) -> Option<String> {
        let image = OwnedRecord::new(&PROCESS).with(field::process::ENVIRONMENT, environment);
        let image = image.with(field::process::EXE, "/bin/x").with(field::process::PID, 7_u32);
        let exec = RawEvent::of_nobody(0, Kind::Exec, OwnedRecord::new(Kind::Exec.record()));
        let mut exec = RawEvent { image: Some(Box::new(image)), ..exec };
        Environment::of(begin.iter().map(|begin| begin.as_bytes().to_vec()).collect()).reduce(&mut exec);
        let image = exec.image.expect("an image");
        assert_eq!(image.get().bytes(field::process::EXE), Some(&b"/bin/x"[..]));
        assert_eq!(image.get().number(field::process::PID), Some(7));
        assert!(!image.parts().1.windows(6).any(|part| part == b"secret"), "{image:?}");
        image.get().bytes(field::process::ENVIRONMENT).map(|text| String::from_utf8(text.to_vec()).expect("UTF-8"))
    }

    #[test]
    fn only_what_is_asked_for_by_name_is_kept() {
        let environment = "TOKEN=secret\0LD_PRELOAD=/tmp/x.so\0XLD_PRELOAD=secret\0LD_AUDIT=\0LD_PRELOAD_X=secret\0";
        assert_eq!(reduced(&["LD_PRELOAD="], environment).as_deref(), Some("LD_PRELOAD=/tmp/x.so\0"));
        let environment = "TOKEN=secret\0LD_PRELOAD=/tmp/x.so\0LD_AUDIT=\0";
        assert_eq!(reduced(&["LD_"], environment).as_deref(), Some("LD_PRELOAD=/tmp/x.so\0LD_AUDIT=\0"));
        assert_eq!(reduced(&["HISTFILE="], environment), None);
        assert_eq!(reduced(&[], environment), None);
    }

    #[test]
    fn who_was_there_already_shows_what_is_asked_for() {
        let mut child = std::process::Command::new("sleep")
            .arg("1000")
            .env("WANTED", "x")
            .env("OTHER", "secret")
            .spawn()
            .expect("there is a sleep");
        let of_child = || {
            let all = procfs::snapshot().expect("the processes").processes;
            all.into_iter().find(|process| process.task.pid == child.id()).expect("it is there")
        };
        let told = |begin: &[&str], process: &mut ProcessSnapshot| {
            Environment::of(begin.iter().map(|begin| begin.as_bytes().to_vec()).collect()).complete(process);
            process.image.get().bytes(field::process::ENVIRONMENT).map(<[u8]>::to_vec)
        };
        // Until its exec it shows the environment of this program.
        let mut process = of_child();
        while told(&["WANTED="], &mut process).is_none() {
            std::thread::yield_now();
            process = of_child();
        }
        assert_eq!(told(&["WANTED="], &mut process).as_deref(), Some(&b"WANTED=x\0"[..]));
        assert_eq!(told(&["ELSE="], &mut of_child()), None);
        assert_eq!(told(&[], &mut of_child()), None);
        // Another process with the same pid is not asked.
        let mut other = of_child();
        other.task.start_boot_ns += 1_000_000_000;
        assert_eq!(told(&["WANTED="], &mut other), None);
        child.kill().expect("it ends");
        child.wait().expect("it ends");
    }
}
