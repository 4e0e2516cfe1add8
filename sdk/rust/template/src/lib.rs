//! Who reads secrets that is not trusted to.

use lanner_sdk::matching::Comparison;
use lanner_sdk::prelude::*;

/// What only few programs have to read.
static SECRETS: TextSet = TextSet::new().equals(&["/etc/shadow", "/etc/gshadow"]).starts_with(&["/root/.ssh/"]);

/// The pack. Its fields are its state.
#[derive(Default)]
pub struct Secrets {
    /// Programs that may read them, by the names of their files.
    trusted: TextSet,
}

impl Pack for Secrets {
    const INFO: PackInfo = pack_info!("{{name}}", "Who reads secrets that is not trusted to");

    fn rules(r: &mut Rules<Self>) {
        r.setting("trusted")
            .summary("Programs that may read secrets, by the names of their files")
            .texts(["sshd", "passwd", "login", "su", "sudo", "unix_chkpwd", "systemd"]);

        r.rule("{{name}}/secret-read")
            .summary("A program read a secret that it has no business with")
            .severity(High)
            .attack("T1003.008")
            // The host compares, and hands over nothing else.
            .only(open::path().matches(&SECRETS))
            .on_open(|pack, e, out| {
                let exe = e.process().exe();
                if e.is_read() && !pack.trusted.matches(exe) {
                    out.finding(format!("{exe} read {}", e.path())).fact("path", e.path()).key(exe.to_string());
                }
            });
    }

    fn configure(&mut self, settings: &Settings) -> Result<(), String> {
        let trusted = TextSet::new().with(Comparison::FileName, settings.texts("trusted"));
        self.trusted = trusted.map_err(|wrong| wrong.to_string())?;
        Ok(())
    }
}

export_pack!(Secrets);

#[cfg(test)]
mod tests {
    use lanner_sdk::testing::{PackTest, open, process};

    use super::*;

    #[test]
    fn who_is_not_trusted_is_found() {
        let mut test = PackTest::<Secrets>::new();
        let found = test.feed([open("/etc/shadow").read().by(process("/usr/bin/cat"))]);
        assert_eq!(found[0].message, "/usr/bin/cat read /etc/shadow");
        assert!(test.feed([open("/etc/shadow").read().by(process("/usr/bin/passwd"))]).is_empty());
        assert!(test.feed([open("/etc/passwd").read().by(process("/usr/bin/cat"))]).is_empty());
    }

    #[test]
    fn who_is_trusted_can_be_set() {
        let mut test = PackTest::<Secrets>::with_settings([("trusted", "backup")]);
        assert!(test.feed([open("/root/.ssh/id").read().by(process("/usr/bin/backup"))]).is_empty());
        assert_eq!(test.feed([open("/root/.ssh/id").read().by(process("/usr/bin/passwd"))]).len(), 1);
    }
}
