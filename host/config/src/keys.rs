//! All keys: what each takes, what it means, and which option of `lanner run` says the same. The checks, the schema, what is
//! shown and what a reload does go by these tables alone.

use std::time::Duration;

/// A key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name, its tables before it with dots between; `*` stands for any name.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What it means, in a sentence without an end.
    pub about: &'static str,
    /// The option that says the same, and how.
    pub puts: Puts,
    /// The variable in the environment that says the same, and counts for more than a file.
    pub variable: Option<&'static str>,
    /// What holds where nobody says anything; nothing for what the option says by itself.
    pub default: Option<&'static str>,
    /// When a change of it counts.
    pub change: Change,
}

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A text.
    Text,
    /// A text, or several.
    Texts,
    /// Packs, folders of them, or names in registries.
    Locators,
    /// A path.
    Path,
    /// A file of a list, perhaps with `#` and a column, or a list in a registry.
    ListFile,
    /// Yes or no.
    Switch,
    /// A time such as `250ms`, at least so long.
    Time(Duration),
    /// A whole number from one to another.
    Number(u32, u32),
    /// One of these.
    OneOf(&'static [&'static str]),
    /// An address with a port.
    Address,
    /// The value of a label.
    Label,
    /// What a pack lets be set: a text, a number, yes or no, or several texts.
    Setting,
    /// Where a secret lies.
    Secret,
}

/// How an option says what a key says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Puts {
    /// `--option VALUE`, again for each value.
    Value(&'static str),
    /// `--option` where it is true.
    IfTrue(&'static str),
    /// `--option` where it is false.
    IfFalse(&'static str),
    /// `--option NAME=VALUE`, with the last part of the key's name.
    Named(&'static str),
    /// `--set PACK.NAME=VALUE`.
    Setting,
    /// None says it.
    Nothing,
}

/// When a change of a key counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// In a host that runs.
    Live,
    /// When the host is started.
    Restart,
}

impl Puts {
    /// The option.
    #[must_use]
    pub fn option(self) -> Option<&'static str> {
        match self {
            Self::Value(option) | Self::IfTrue(option) | Self::IfFalse(option) | Self::Named(option) => Some(option),
            Self::Setting => Some("--set"),
            Self::Nothing => None,
        }
    }
}

/// Log levels, as `--log` has them.
const LEVELS: &[&str] = &["error", "warn", "info", "debug"];
/// Any time.
const ANY: Takes = Takes::Time(Duration::ZERO);

/// All keys but those of `[[output]]`, in the order in which they are shown.
pub const KEYS: &[Key] = &[
    Key::restarts("wait_for_rules", Takes::Switch, Puts::IfTrue("--wait-for-rules"))
        .about("Start also where rules are missing or refused, and wait for them")
        .by_default("false"),
    Key::live("rules", Takes::Locators, Puts::Value("--rules"))
        .about("Packs, folders of packs, and packs in registries (oci://host/name:tag)")
        .by_default("all that the lock file has, where one is named; else /etc/lanner/rules"),
    Key::restarts("lock", Takes::Path, Puts::Value("--lock"))
        .about("The file that says which digests names in registries stand for")
        .by_default("none"),
    Key::restarts("pinned", Takes::Switch, Puts::IfTrue("--pinned"))
        .about("Run all that the lock file pins, beside the rules that are named")
        .by_default("false"),
    Key::restarts("archive", Takes::Path, Puts::Value("--archive"))
        .about("Packs from registries in a file, as `lanner pack save` writes it: of what is pinned, what the local store lacks is taken from there")
        .by_default("none"),
    Key::restarts("locked", Takes::Switch, Puts::IfTrue("--locked"))
        .about("Take from registries only what the lock file has")
        .by_default("false"),
    Key::restarts("trust", Takes::Path, Puts::Value("--trust"))
        .about("Whom to trust: a policy file")
        .by_default("/etc/lanner/trust.toml"),
    Key::restarts("follow", Takes::Time(Duration::from_secs(1)), Puts::Value("--follow"))
        .about("Look in the registries about this often whether names lead to other packs by now")
        .by_default("never, but once after the start"),
    Key::restarts("reload", Takes::Switch, Puts::IfFalse("--no-reload"))
        .about("Look for changed packs, and for a changed configuration; SIGHUP does in any case")
        .by_default("true"),
    Key::live("tuning", Takes::Path, Puts::Value("--tuning"))
        .about("What is said of rules from outside the packs: a file, or a folder of .toml files")
        .by_default("/etc/lanner/tuning"),
    Key::restarts("excepted_file", Takes::Path, Puts::Value("--excepted-file"))
        .about("Append findings that are excepted to this file")
        .by_default("none"),
    Key::restarts("self_test", Takes::Switch, Puts::IfTrue("--self-test"))
        .about("Begin by doing a few harmless things that the rules must see, and say whether they did")
        .by_default("false"),
    Key::restarts("sinks", Takes::Path, Puts::Value("--sinks"))
        .about("Send findings also to the sinks that this file says")
        .of_variable("LANNER_SINKS")
        .by_default("none"),
    Key::restarts("keep.file", Takes::Path, Puts::Value("--keep"))
        .about("Keep findings in this database, for `lanner findings` to look through")
        .by_default("nowhere"),
    Key::restarts("keep.age", ANY, Puts::Value("--keep-for")).about("How long findings are kept").by_default("90days"),
    Key::restarts("keep.size", Takes::Number(16, 1 << 24), Puts::Value("--keep-size"))
        .about("How large the database may become, MiB; the oldest findings go first")
        .by_default("2048"),
    Key::restarts("capture.findings", Takes::Text, Puts::Value("--capture"))
        .about(
            "Write down what happened before and shortly after findings that are at least this bad, or of these rules",
        )
        .by_default("none"),
    Key::restarts("capture.folder", Takes::Path, Puts::Value("--captures"))
        .about("The folder for these captures")
        .by_default("/var/lib/lanner/captures"),
    Key::restarts("capture.before", ANY, Puts::Value("--capture-before"))
        .about("How long before a finding")
        .by_default("10s"),
    Key::restarts("capture.after", ANY, Puts::Value("--capture-after")).about("How long after it").by_default("2s"),
    Key::restarts("capture.memory", Takes::Number(1, 1024), Puts::Value("--capture-memory"))
        .about("Room for events that may have to be written, MiB")
        .by_default("16"),
    Key::restarts("capture.size", Takes::Number(1, 1 << 24), Puts::Value("--capture-size"))
        .about("How much all captures take at most, MiB; the oldest go first")
        .by_default("256"),
    Key::restarts("buffer", Takes::Number(1, 1024), Puts::Value("--buffer"))
        .about("Room for events that nobody has taken in yet, MiB, made a power of two"),
    Key::restarts("store", Takes::Path, Puts::Value("--store"))
        .about("Where packs from registries are kept")
        .of_variable("LANNER_STORE")
        .by_default("/var/lib/lanner/store for root, else in the user's cache folder"),
    Key::restarts("cache", Takes::Path, Puts::Value("--cache"))
        .about("Where compiled packs are kept")
        .by_default("/var/cache/lanner for root, else the user's cache folder"),
    Key::live("labels.*", Takes::Label, Puts::Named("--label"))
        .about("What is said of this host in each finding, in its status and in its metrics"),
    Key::restarts("limits.deadline", ANY, Puts::Value("--pack-deadline"))
        .about("How much processor time one call into a pack may take"),
    Key::restarts("limits.memory", Takes::Number(1, 4096), Puts::Value("--pack-memory"))
        .about("How much memory a pack may have, MiB"),
    Key::live("lists.folder", Takes::Path, Puts::Value("--lists"))
        .about("A folder of lists")
        .by_default("/etc/lanner/lists"),
    Key::live("lists.replace.*", Takes::ListFile, Puts::Named("--list"))
        .about("Have a list (NAME, or \"PACK/NAME\") be what is in this file, or in a registry"),
    Key::live("lists.add.*", Takes::ListFile, Puts::Named("--list-add"))
        .about("Add what is in this file, or in a registry, to a list (NAME, or \"PACK/NAME\")"),
    Key::live("pack.*.settings.*", Takes::Setting, Puts::Setting)
        .about("What is set in a pack; `lanner pack show` says what can be"),
    Key::restarts("control.enabled", Takes::Switch, Puts::IfFalse("--no-control"))
        .about("Make a control socket")
        .by_default("true"),
    Key::restarts("control.socket", Takes::Path, Puts::Value("--control"))
        .about("Where `lanner status` and others ask the host")
        .of_variable("LANNER_CONTROL")
        .by_default("/run/lanner/lanner.sock"),
    Key::restarts("metrics.listen", Takes::Address, Puts::Value("--metrics"))
        .about("Serve metrics and health there over HTTP, to anybody who reaches it")
        .by_default("nowhere"),
    Key::restarts("console.listen", Takes::Address, Puts::Value("--console"))
        .about("Serve a console for browsers there: findings, packs, figures")
        .by_default("nowhere"),
    Key::restarts("console.certificate", Takes::Path, Puts::Value("--console-certificate"))
        .about("Serve the console over TLS, by this certificate (PEM)")
        .by_default("none"),
    Key::restarts("console.key", Takes::Path, Puts::Value("--console-key"))
        .about("The private key of that certificate (PEM)")
        .by_default("none"),
    Key::restarts("console.users", Takes::Path, Puts::Value("--console-users"))
        .about("Have people sign in to the console: a file of names and hashes of passwords, as htpasswd writes it")
        .by_default("none: this machine only, and to look only"),
    Key::restarts("console.operators", Takes::Texts, Puts::Value("--console-operator"))
        .about("Who of them may change something, and not only look")
        .by_default("nobody"),
    Key::restarts("console.names", Takes::Texts, Puts::Value("--console-name"))
        .about("By which names browsers may ask for the console, besides addresses and localhost")
        .by_default("none"),
    Key::restarts("console.anybody_operates", Takes::Switch, Puts::IfTrue("--console-anybody-operates"))
        .about("Let everybody on this machine change something, where nobody signs in")
        .by_default("false"),
    Key::restarts("log.level", Takes::OneOf(LEVELS), Puts::Value("--log"))
        .about("What is said on stderr")
        .of_variable("LANNER_LOG")
        .by_default("info"),
    Key::restarts("process.drop_capabilities", Takes::Switch, Puts::IfTrue("--drop-capabilities"))
        .about("Give up, at the start, all capabilities that watching does not need")
        .by_default("false"),
    Key::restarts("registry.plain_http", Takes::Switch, Puts::IfTrue("--plain-http"))
        .about("Reach registries without TLS (those on a loopback address are, in any case)")
        .by_default("false"),
    Key::restarts("registry.ca_file", Takes::Path, Puts::Value("--ca-file"))
        .about("Trust the authorities in this file (PEM) too when reaching registries")
        .by_default("none"),
    Key::restarts("registry.login.*.user", Takes::Text, Puts::Nothing)
        .about("Who we are to the registry at this host and port"),
    Key::restarts("registry.login.*.password", Takes::Secret, Puts::Nothing)
        .about("What proves it; without, docker's or podman's configuration is asked"),
];

/// The keys of `[[output]]`. Without any output, findings go to stdout as text.
pub const OUTPUT: &[Key] = &[
    Key::restarts("type", Takes::OneOf(&["stdout", "file"]), Puts::Nothing).about("Where findings go"),
    Key::restarts("path", Takes::Path, Puts::Nothing).about("The file that they are appended to; of type file"),
    Key::restarts("format", Takes::OneOf(&["text", "json", "falco", "ecs", "ocsf", "cef"]), Puts::Nothing)
        .about("For people, as one JSON object a line, or in a format of others")
        .by_default("json"),
];

impl Key {
    const fn new(name: &'static str, takes: Takes, puts: Puts, change: Change) -> Self {
        Self { name, takes, about: "", puts, variable: None, default: None, change }
    }

    const fn live(name: &'static str, takes: Takes, puts: Puts) -> Self {
        Self::new(name, takes, puts, Change::Live)
    }

    const fn restarts(name: &'static str, takes: Takes, puts: Puts) -> Self {
        Self::new(name, takes, puts, Change::Restart)
    }

    const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    const fn of_variable(self, variable: &'static str) -> Self {
        Self { variable: Some(variable), ..self }
    }

    const fn by_default(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    /// The parts of its name.
    pub fn parts(&self) -> impl Iterator<Item = &'static str> + Clone + use<> {
        self.name.split('.')
    }

    /// Whether it takes several values, of which those of later files come behind those of earlier ones.
    #[must_use]
    pub fn is_list(&self) -> bool {
        matches!(self.takes, Takes::Locators | Takes::Texts)
    }

    /// Whether names in it are chosen by whoever writes the file.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.parts().any(|part| part == "*")
    }

    /// Whether its name, or the first parts of it, are these.
    pub(crate) fn begins_with(&self, parts: &[String]) -> bool {
        let mut own = self.parts();
        parts.iter().all(|part| own.next().is_some_and(|own| own == "*" || own == part))
    }

    /// Whether these are all the parts of its name.
    pub(crate) fn is_called(&self, parts: &[String]) -> bool {
        self.parts().count() == parts.len() && self.begins_with(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_apart_and_explained() {
        let mut names: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KEYS.len(), "each is there once");
        for key in KEYS.iter().chain(OUTPUT) {
            assert!(!key.about.is_empty() && !key.about.ends_with('.'), "{}", key.name);
        }
        // No key is a table of another one.
        for key in KEYS {
            let parts: Vec<String> = key.parts().map(str::to_owned).collect();
            let below = KEYS.iter().filter(|other| other.begins_with(&parts) && !other.is_called(&parts));
            assert_eq!(below.count(), 0, "{}", key.name);
        }
    }

    #[test]
    fn names_that_people_choose_fit_anywhere() {
        let parts = |name: &str| name.split('.').map(str::to_owned).collect::<Vec<_>>();
        let setting = KEYS.iter().find(|key| key.puts == Puts::Setting).expect("it is there");
        assert!(setting.is_called(&parts("pack.starter.settings.quiet")));
        assert!(setting.begins_with(&parts("pack.starter")) && !setting.is_called(&parts("pack.starter")));
        assert!(!setting.begins_with(&parts("pack.starter.setings")));
    }
}
