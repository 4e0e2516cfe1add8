//! Where programs and people keep passwords: files of applications, browsers, password managers, histories, secret stores.

use std::collections::BTreeSet;
use std::time::Duration;

use common::command::{Command, inline_source, is_installed_tool, script_of};
use common::context::{is_ci, is_configuration_management, is_interactive, is_scheduled};
use common::owners::{is_browser, is_owner, is_password_manager};
use common::programs::{is_installed, is_interpreter, is_package_management, is_shell, is_system, label};
use common::reading::{is_general_tool, is_on_the_way};
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::CredentialAccess;
use crate::keys::HOMES;
use crate::read::{read, read_as};

/// Histories of how many users are more than one's own, and within which time.
const USERS: usize = 3;
/// Applications whose files one script reads that gathers them.
const FILES: usize = 3;
/// Of either so many are remembered.
const MOST: usize = 8;
const TOGETHER: Duration = Duration::from_secs(120);
const SESSIONS: usize = 256;

/// Files in which applications and people leave passwords.
static APPLICATIONS: TextSet = TextSet::new()
    .equals(&[
        "/etc/ipsec.secrets",
        "/etc/ldap.secret",
        "/etc/mysql/debian.cnf",
        "/etc/openvpn/auth.txt",
        "/etc/ppp/chap-secrets",
        "/etc/ppp/pap-secrets",
        "/root/.ansible/vault_pass.txt",
        "/var/lib/jenkins/credentials.xml",
        "/var/lib/jenkins/secrets/master.key",
    ])
    .starts_with(&["/etc/NetworkManager/system-connections/", "/etc/wireguard/", "/etc/wpa_supplicant/", "/etc/cifs"])
    .file_name(&[
        ".boto",
        ".dockercfg",
        ".ftpconfig",
        ".git-credentials",
        ".htpasswd",
        ".my.cnf",
        ".netrc",
        ".npmrc",
        ".pgpass",
        ".pypirc",
        ".s3cfg",
        ".smbcredentials",
        ".vault-token",
        ".vault_pass",
        ".vnc/passwd",
        "LocalSettings.php",
        "credentials.xml",
        "database.yml",
        "filezilla.xml",
        "local.settings.json",
        "sitemanager.xml",
        "terraform.tfstate",
        "tomcat-users.xml",
        "wp-config.php",
    ])
    .ends_with(&[
        "/.config/gh/hosts.yml",
        "/rclone/rclone.conf",
        "/.config/hub",
        "/.vnc/passwd",
        "/.cargo/credentials.toml",
    ]);
/// Of these, those that developers look at.
static DEVELOPERS: TextSet =
    TextSet::new().file_name(&[".npmrc", "database.yml", "local.settings.json", "terraform.tfstate"]);
/// Settings of applications, with and without passwords in them.
static ENVIRONMENTS: TextSet = TextSet::new().file_name(&[".env", ".env.local", ".env.production"]);

/// What browsers keep of passwords.
static BROWSER_PASSWORDS: TextSet = TextSet::new().file_name(&[
    "Login Data",
    "Login Data For Account",
    "key3.db",
    "key4.db",
    "logins.json",
    "signons.sqlite",
    "Web Data",
]);
/// What they keep of sessions.
static COOKIES: TextSet = TextSet::new().file_name(&["Cookies", "cookies.sqlite"]);

/// Password managers' files.
static MANAGERS: TextSet = TextSet::new().contains(&[
    "/.password-store/",
    "/.config/Bitwarden",
    "/.config/1Password/",
    "/.lastpass/",
    "/.config/KeePass/",
]);
static DATABASES: TextSet = TextSet::new().ends_with(&[".agilekeychain", ".kdb", ".kdbx", ".opvault", ".psafe3"]);
/// Keyrings of desktops.
static KEYRINGS: TextSet = TextSet::new().contains(&[
    "/.local/share/keyrings/",
    "/.gnome2/keyrings/",
    "/.local/share/kwalletd/",
    "/.kde/share/apps/kwallet/",
]);
static KEYRING_PROGRAMS: TextSet = TextSet::new().equals(&[
    "gnome-keyring",
    "gnome-keyring-daemon",
    "goa-daemon",
    "kwalletd5",
    "kwalletd6",
    "kwalletmanager5",
    "seahorse",
]);

/// What shells and clients of databases remember of what was typed.
static HISTORIES: TextSet = TextSet::new().ends_with(&[
    "/.ash_history",
    "/.bash_history",
    "/.fish_history",
    "/.histfile",
    "/.history",
    "/.mysql_history",
    "/.node_repl_history",
    "/.psql_history",
    "/.python_history",
    "/.rediscli_history",
    "/.sh_history",
    "/.sqlite_history",
    "/.viminfo",
    "/.zhistory",
    "/.zsh_history",
    "/fish/fish_history",
]);

/// Secrets of second factors.
static SECOND_FACTORS: TextSet = TextSet::new()
    .file_name(&[".google_authenticator", ".totp", "pam_duo.conf", "login_duo.conf"])
    .ends_with(&["/.config/authenticator/", "/.yubico/authorized_yubikeys"]);

/// Whose histories a session has read.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Histories {
    read: Recent<u64, BTreeSet<String>>,
    /// Files with passwords of applications that a script has read, by their names.
    gathered: Recent<u64, BTreeSet<String>>,
}

impl Default for Histories {
    fn default() -> Self {
        Self { read: Recent::new(SESSIONS, TOGETHER), gathered: Recent::new(SESSIONS, TOGETHER) }
    }
}

impl Histories {
    /// With the limits of this version, whichever saved it.
    pub(crate) fn with_limits(self) -> Self {
        Self {
            read: self.read.with_limits(SESSIONS, TOGETHER),
            gathered: self.gathered.with_limits(SESSIONS, TOGETHER),
        }
    }

    /// How many different ones the session has read, this one included.
    fn count(&mut self, now: u64, session: u64, folder: String) -> usize {
        different(&mut self.read, now, session, folder)
    }

    /// How many applications' files a script has read, this one included.
    fn gathered(&mut self, now: u64, image: u64, name: String) -> usize {
        different(&mut self.gathered, now, image, name)
    }
}

fn different(all: &mut Recent<u64, BTreeSet<String>>, now: u64, key: u64, what: String) -> usize {
    let mut known = all.take(now, &key).unwrap_or_default();
    if known.len() < MOST {
        known.insert(what);
    }
    let count = known.len();
    all.insert(now, key, known);
    count
}
/// It keeps a history of what it is told.
static SQLITE: TextSet = TextSet::new().equals(&["sqlite3"]);

pub(crate) fn add(r: &mut Rules<CredentialAccess>) {
    r.rule("credential-access/credential-file-read")
        .summary("A file in which an application keeps a password was read by a tool for whatever file")
        .severity(Medium)
        .attack("T1552.001")
        .property("maturity", "incubating")
        .property("misses", "files of applications that are not known, and programs that are no general tools")
        .only(open::file().matches(&APPLICATIONS).or(open::file().matches(&ENVIRONMENTS)))
        .on_open(|pack, e, out| {
            let process = e.process();
            // A script of the application reads its own file; what matters is a tool, or code that was typed in.
            let by_tool = is_general_tool(&process) && !is_interpreter(&process) && !is_shell(&process);
            // No application has use for those of several others.
            let gathers = is_interpreter(&process)
                && !e.failed()
                && e.is_read()
                && pack.histories.gathered(e.time(), process.image(), e.path().file_name().to_string()) == FILES;
            let typed = is_interpreter(&process) && !inline_source(&process).is_empty();
            // Clients look for passwords by themselves, and what is changed in its place is read by the way.
            let command = Command::of(&process);
            let own = match command.name().as_bytes() {
                b"sed" => command.has('i', ""),
                _ => is_owner(&process, e.path()),
            };
            if own || !(by_tool || typed || gathers) || is_package_management(&process) {
                return;
            }
            let deployed = |path: Text<'_>| ["/var/www", "/srv", "/opt", "/app"].iter().any(|root| path.is_under(root));
            let mild = e.paths().any(|path| {
                DEVELOPERS.matches(path)
                    || (ENVIRONMENTS.matches(path) && (is_interactive(&process) || !deployed(path)))
            });
            read_as(e, mild.then_some(Low), out);
        });

    r.rule("credential-access/browser-password-read")
        .summary("Passwords that a browser keeps were read by another program")
        .severity(High)
        .attack("T1555.003")
        .property("maturity", "stable")
        .property("misses", "browsers that are not known, and programs that are run inside of one")
        .only(open::file().matches(&BROWSER_PASSWORDS))
        .on_open(|_, e, out| {
            if !is_browser(&e.process()) && is_profile(e) {
                read(e, out);
            }
        });

    r.rule("credential-access/browser-cookie-read")
        .summary("Cookies that a browser keeps were read by another program: whoever has them is logged in")
        .severity(High)
        .attack("T1539")
        .property("maturity", "stable")
        .property("misses", "browsers that are not known, and programs that are run inside of one")
        .only(open::file().matches(&COOKIES))
        .on_open(|_, e, out| {
            if !is_browser(&e.process()) && is_profile(e) {
                read(e, out);
            }
        });

    r.rule("credential-access/password-manager-read")
        .summary("The store of a password manager was read by another program")
        .severity(Medium)
        .attack("T1555.005")
        .property("maturity", "incubating")
        .property("misses", "stores under other names, and in /usr/share and /usr/lib")
        .only(open::file().matches(&DATABASES).or(open::file().starts_with(HOMES).and(open::file().matches(&MANAGERS))))
        .only(common::opens::elsewhere())
        .on_open(|_, e, out| {
            if !is_password_manager(&e.process()) && !e.path().ends_with("/.gpg-id") {
                read(e, out);
            }
        });

    r.rule("credential-access/keyring-read")
        .summary("The keyring of a desktop was read by another program")
        .severity(Medium)
        .attack("T1555")
        .property("maturity", "incubating")
        .property("misses", "asking the keyring itself over D-Bus, by a program of one's own")
        .only(open::file().starts_with(HOMES).and(open::file().matches(&KEYRINGS)))
        .on_open(|_, e, out| {
            if !is_installed(&e.process(), &KEYRING_PROGRAMS) {
                read(e, out);
            }
        })
        .unfiltered()
        .only(exec::image::exe().matches(&KEYRING_TOOLS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let asks = match command.name().as_bytes() {
                b"secret-tool" => matches!(command.word(0), b"search" | b"lookup"),
                b"kwallet-query" => true,
                _ => false,
            };
            if asks {
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line()));
            }
        });

    r.rule("credential-access/secret-store-request")
        .summary("A store of secrets was asked for one by hand: of a cloud, a vault or a password manager")
        .severity(Medium)
        .attack("T1555.006")
        .attack("T1552.007")
        .attack("T1555.005")
        .property("maturity", "incubating")
        .property("misses", "requests by a program's own code")
        .on_exec(|_, e, out| {
            let image = e.image();
            if !asks_for_secret(&Command::of(&image)) {
                return;
            }
            // What sets up machines and what deploys asks all the time.
            let expected = is_ci(&image) || is_configuration_management(&image) || is_scheduled(&image);
            out.finding(format!("{} ran {}", label(&e.process()), image.command_line())).severity(if expected {
                Low
            } else {
                Medium
            });
        });

    r.rule("credential-access/shell-history-read")
        .summary("What was typed into shells and databases was read by another program: passwords stand there")
        .severity(Medium)
        .attack("T1552.003")
        .property("maturity", "stable")
        .property("misses", "the builtin `history` of a shell")
        .only(open::file().matches(&HISTORIES))
        .on_open(|pack, e, out| {
            let process = e.process();
            // Shells load their own when they begin; a script does not.
            let typed_into = (is_shell(&process) || is_interpreter(&process))
                && script_of(&process).is_empty()
                && inline_source(&process).is_empty();
            let own = (is_system(&process) && typed_into) || is_installed_tool(&process, &SQLITE);
            if !e.is_read() || e.is_write() || e.failed() || own || !is_general_tool(&process) {
                if e.is_read() && is_general_tool(&process) && !own {
                    read(e, out);
                }
                return;
            }
            let session = process.parent().map_or(process.id(), |parent| parent.id());
            let count = if e.paths().any(|path| is_on_the_way(&process, path)) {
                0
            } else {
                pack.histories.count(e.time(), session, e.path().directory().to_string())
            };
            read_as(e, (count >= USERS).then_some(High), out);
        });

    r.rule("credential-access/second-factor-read")
        .summary("The secret of a second factor was read by a tool for whatever file")
        .severity(High)
        .attack("T1111")
        .property("maturity", "sandbox")
        .property("misses", "second factors in databases")
        .only(open::file().matches(&SECOND_FACTORS))
        .on_open(|_, e, out| {
            if is_general_tool(&e.process()) {
                read(e, out);
            }
        });
}

/// Programs that ask keyrings.
static KEYRING_TOOLS: TextSet = TextSet::new().file_name(&["kwallet-query", "secret-tool"]);

/// Whether the file lies in a browser's profile: others call files so, too.
fn is_profile(e: &OpenEvent<'_>) -> bool {
    static PROFILES: TextSet = TextSet::new().contains(&[
        "/.mozilla/",
        "/.librewolf/",
        "/.thunderbird/",
        "/.config/",
        "/snap/",
        "/.var/app/",
        "/firefox",
        "/chrom",
        "/google-chrome",
        "/BraveSoftware/",
    ]);
    e.paths().any(|path| PROFILES.matches(path))
}

/// Whether it asks a store of secrets for what is in it.
fn asks_for_secret(command: &Command<'_>) -> bool {
    let is = |place: usize, words: &[&[u8]]| words.contains(&command.word(place));
    let has = |word: &str| command.words().any(|it| it == word);
    match command.name().as_bytes() {
        b"aws" => {
            (has("secretsmanager") && (has("get-secret-value") || has("batch-get-secret-value") || has("list-secrets")))
                || (has("ssm") && command.mentions("get-parameter") && command.says(&["--with-decryption"]))
        }
        b"gcloud" => has("secrets") && (has("access") || has("list")),
        b"az" => has("keyvault") && has("secret") && (has("show") || has("list") || has("download")),
        b"vault" | b"bao" => (is(0, &[b"kv"]) && is(1, &[b"get", b"list"])) || is(0, &[b"read", b"list"]),
        b"docker" | b"podman" => is(0, &[b"secret"]) && is(1, &[b"inspect"]),
        b"etcdctl" => is(0, &[b"get"]),
        b"bw" => is(0, &[b"list", b"get", b"export"]),
        b"op" => is(0, &[b"item", b"read"]),
        b"lpass" => is(0, &[b"show", b"export", b"ls"]),
        b"keepassxc-cli" => is(0, &[b"show", b"export", b"ls", b"extract"]),
        _ => false,
    }
}
