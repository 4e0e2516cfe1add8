//! What people keep: mail, money, databases; on disks, on the network, on what is plugged in.

use common::command::{Command, Syntax, called, line};
use common::context::{is_backup, is_build, is_ci, is_scanner};
use common::outcome::Outcome;
use common::programs::{is_installed, is_package_management, is_shell, label};
use common::reading::is_on_the_way;
use lanner_sdk::prelude::*;

use crate::Impact;
use crate::valuables::{absolute, is_drop};

/// Programs that bring mail, keep it and show it.
static MAILERS: TextSet = TextSet::new().equals(&[
    "aerc",
    "alpine",
    "anacron",
    "biff",
    "bsd-mailx",
    "claws-mail",
    "courier",
    "cron",
    "crond",
    "dma",
    "dovecot",
    "evolution",
    "exim4",
    "fetchmail",
    "geary",
    "getmail",
    "imap",
    "lmtp",
    "local",
    "login",
    "mail",
    "mail.local",
    "mailx",
    "maildrop",
    "mbsync",
    "msmtp",
    "mutt",
    "neomutt",
    "notmuch",
    "offlineimap",
    "pine",
    "pop3",
    "postdrop",
    "procmail",
    "s-nail",
    "sendmail",
    "sshd",
    "sshd-session",
    "su",
    "thunderbird",
    "thunderbird-bin",
    "virtual",
    "useradd",
    "userdel",
    "usermod",
]);
/// Folders of mail in homes.
static MAIL_FOLDERS: TextSet = TextSet::new()
    .contains(&["/.evolution/mail/", "/.local/share/evolution/mail/", "/.thunderbird/", "/Maildir/"])
    .ends_with(&["/mbox"]);
/// Wallets of money.
static WALLETS: TextSet = TextSet::new()
    .contains(&[
        "/.bitcoin/wallet",
        "/.electrum/wallets/",
        "/.ethereum/keystore/",
        "/.litecoin/wallet",
        "/.dogecoin/wallet",
        "/.config/Exodus/",
        "/.config/Ledger Live/",
        "/.config/atomic/",
        "/.config/solana/id.json",
        "/.monero/",
        "nkbihfbeogaeaoehlefnkodbefgpgknn",
        "bfnaelmomeimhlpmgjnjophhpkkoljpa",
        "hnfanknocfeofbddgcijnmhnfnkdnaad",
    ])
    .ends_with(&["/wallet.dat"]);
/// Programs that keep them.
static WALLET_PROGRAMS: TextSet = TextSet::new().equals(&[
    "bitcoin-qt",
    "bitcoind",
    "chrome",
    "chromium",
    "electrum",
    "exodus",
    "geth",
    "litecoind",
    "monero-wallet-cli",
    "monero-wallet-gui",
    "solana",
    "dogecoind",
    "brave",
]);
/// Tools that copy.
const COPIERS: [&str; 12] = ["cp", "mv", "rsync", "tar", "zip", "7z", "7za", "dd", "cat", "find", "install", "cpio"];
const DUMPERS: [&str; 9] = [
    "mysqldump",
    "mariadb-dump",
    "pg_dump",
    "pg_dumpall",
    "mongodump",
    "redis-cli",
    "sqlite3",
    "ldapsearch",
    "slapcat",
];
/// File systems on other machines, as they are mounted or lie in well-known places.
static SHARES: TextSet = TextSet::new().starts_with(&[
    "/mnt/nfs",
    "/mnt/share",
    "/mnt/smb",
    "/mnt/cifs",
    "/net/",
    "/mnt/net",
    "/srv/nfs",
    "/media/share",
]);
/// What is plugged in.
static REMOVABLE: TextSet =
    TextSet::new().starts_with(&["/media/", "/run/media/", "/mnt/usb", "/mnt/removable", "/mnt/flash"]);

/// What sends files over Bluetooth.
const SENDERS: [&str; 5] = ["obexftp", "bluetooth-sendto", "obexctl", "ussp-push", "bt-obex"];

pub(crate) fn add(r: &mut Rules<Impact>) {
    r.rule("collection/mail-read")
        .summary("Somebody's mail was read by a program that is none for mail")
        .severity(Medium)
        .attack("T1114.001")
        .property("maturity", "stable")
        .property("misses", "mail that is fetched from a server")
        .only(
            open::file().starts_with(["/var/mail/", "/var/spool/mail/"]).or(open::file()
                .starts_with(["/home/", "/root/", "/srv/", "/var/", "/mnt/"])
                .and(open::file().matches(&MAIL_FOLDERS))),
        )
        .on_open(|_, e, out| {
            let process = e.process();
            let outcome = Outcome::of(e);
            let Some(verb) = outcome.verb("read", "tried to read").filter(|_| e.is_read()) else { return };
            let is_folder = e.file_mode().is_some_and(|mode| mode & 0o170_000 == 0o040_000);
            // A shell that begins looks whether there is new mail.
            let is_expected = is_installed(&process, &MAILERS)
                || is_backup(&process)
                || is_scanner(&process)
                || is_package_management(&process)
                || (is_shell(&process) && !e.is_read());
            if is_folder || is_expected {
                return;
            }
            let finding = out.finding(format!("{} {verb} {}", label(&process), e.path()));
            // Homes are copied as a whole, with the mail that lies in them.
            let by_the_way = e.paths().any(|path| is_on_the_way(&process, path));
            if let Some(severity) = by_the_way.then_some(Low).or(outcome.severity()) {
                finding.severity(severity);
            }
        });

    r.rule("collection/wallet-read")
        .summary("A wallet was read by a program that does not keep it")
        .severity(High)
        .attack("T1005")
        .attack("T1657")
        .property("maturity", "incubating")
        .property("misses", "wallets at places of their own")
        .only(open::file().starts_with(["/home/", "/root/", "/srv/", "/var/", "/mnt/", "/opt/", "/tmp/"]))
        .only(open::file().matches(&WALLETS))
        .on_open(|_, e, out| {
            let process = e.process();
            let is_expected = WALLET_PROGRAMS.matches(process.name()) && common::programs::is_system(&process);
            if !e.is_read() || e.failed() || is_expected || is_backup(&process) {
                return;
            }
            out.finding(format!("{} read {}", label(&process), e.path()));
        });

    r.rule("collection/database-dump")
        .summary("A database was written out as a whole, to where everybody may write or by a server's child")
        .severity(Low)
        .attack("T1005")
        .attack("T1213.006")
        .property("maturity", "incubating")
        .property("misses", "programs that ask the database themselves")
        .only(called(&DUMPERS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let says = |words: &[&str]| args.iter().any(|arg| arg.one_of(words));
            let dumps = match () {
                () if name == "sqlite3" => {
                    args.iter().any(|arg| arg.starts_with(".dump") || arg.starts_with(".backup"))
                }
                () if name == "redis-cli" => says(&["--rdb", "SAVE", "BGSAVE"]),
                () if name == "ldapsearch" => says(&["(objectClass=*)", "(objectclass=*)"]),
                () => name.one_of(&DUMPERS) && !says(&["--version", "--help"]),
            };
            if !dumps {
                return;
            }
            // A host may be a folder as well: only what is written counts.
            let call = Command::of(&image)
                .options(&Syntax::new("frhpUudoPF", &["file", "result-file", "out", "host", "port", "rdb"]));
            let outputs = call.values(&["f", "r", "o", "file", "result-file", "out", "rdb"]);
            let to_drop = outputs.into_iter().any(|path| is_drop(&absolute(path, image.cwd())));
            let whole = says(&["--all-databases", "-A"]) || name == "pg_dumpall";
            let is_expected = is_ci(&image) || is_build(&image) || is_backup(&image);
            let finding = out.finding(format!("{} writes out a database", line(&image)));
            if (to_drop || (whole && image.tty().is_none() && !common::context::is_scheduled(&image))) && !is_expected {
                finding.severity(Medium);
            }
        });

    r.rule("collection/copied-from-share")
        .summary("Files were copied from a folder of another machine, or from what is plugged in")
        .severity(Medium)
        .attack("T1039")
        .attack("T1025")
        .property("maturity", "sandbox")
        .property("misses", "shares that are mounted elsewhere")
        .only(called(&COPIERS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let name = command.name();
            let call = command.options(&Syntax::new("tCfT", &["directory", "file"]));
            if !name.one_of(&COPIERS) || is_backup(&image) && name != "rsync" {
                return;
            }
            let operands: Vec<Vec<u8>> = call.operands().iter().map(|path| absolute(*path, image.cwd())).collect();
            let is_read = |path: &Vec<u8>| SHARES.matches(path.as_slice()) || REMOVABLE.matches(path.as_slice());
            let (last, sources) = match operands.split_last() {
                Some((last, sources)) if !sources.is_empty() && !name.one_of(&["cat", "find", "tar", "zip"]) => {
                    (Some(last), sources)
                }
                _ => (None, operands.as_slice()),
            };
            let Some(source) = sources.iter().find(|path| is_read(path)) else { return };
            let finding = out.finding(format!("{} copies from {}", line(&image), Text::new(source)));
            let to_drop = last.is_some_and(|path| is_drop(path))
                || call.values(&["f", "C", "t"]).any(|path| is_drop(path.as_bytes()));
            // People do that at their desks.
            if image.tty().is_some() || !to_drop {
                finding.severity(Low);
            }
        });

    r.rule("exfiltration/copied-to-removable")
        .summary("Files were copied to what is plugged in")
        .severity(Medium)
        .attack("T1052.001")
        .property("maturity", "sandbox")
        .property("misses", "disks that are mounted elsewhere")
        .only(called(&COPIERS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let name = command.name();
            let call = command.options(&Syntax::new("tCfT", &["directory", "file", "target-directory"]));
            if !name.one_of(&["cp", "mv", "rsync", "tar", "zip", "dd", "install", "7z"]) {
                return;
            }
            let last = call.operands().last().copied().filter(|_| call.operands().len() > 1);
            let named = call.values(&["f", "t", "C", "target-directory"]);
            let output = image.args().find(|arg| arg.starts_with("of=")).map(|arg| Text::new(&arg.as_bytes()[3..]));
            let target = last
                .into_iter()
                .chain(named)
                .chain(output)
                .find(|path| REMOVABLE.matches(absolute(*path, image.cwd()).as_slice()));
            if let Some(target) = target {
                let finding = out.finding(format!("{} copies to {target}", line(&image)));
                if image.tty().is_some() || common::context::is_scheduled(&image) {
                    finding.severity(Low);
                }
            }
        });

    r.rule("exfiltration/over-bluetooth")
        .summary("Files were sent over the air to whatever is near")
        .severity(Medium)
        .attack("T1011.001")
        .property("maturity", "sandbox")
        .property("misses", "programs that speak to the Bluetooth service themselves")
        .only(called(&SENDERS))
        .on_exec(|_, e, out| {
            // The filter takes what is many programs in one, too.
            if Command::of(&e.image()).name().one_of(&SENDERS) {
                out.finding(format!("{} sends files over Bluetooth", line(&e.image())));
            }
        });
}
