//! A command line, completed by a configuration: each key that no option and no variable in the environment says something of
//! becomes its option. So both mean the same, and are checked by the same.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory as _, FromArgMatches as _};
use lanner_config::{Config, Entry, Key, Place, Puts, Stamp};
use lanner_pack::credentials::Credential;

use crate::{Arguments, Failure, Verb, run};

/// The verb that a configuration is for.
const RUN: &str = "run";

/// A command line, and the configuration that completes it.
#[derive(Clone, Debug)]
pub(crate) struct Configured {
    line: Arc<Line>,
    pub(super) place: Place,
    /// How the files were just before they were read.
    pub(super) stamp: Stamp,
    pub(super) config: Config,
}

/// A command line of `lanner run` as it was given.
#[derive(Debug)]
struct Line {
    words: Vec<OsString>,
    /// What it says.
    matches: ArgMatches,
    /// The verb, as the parser knows it.
    run: Command,
}

/// Parses the command line of this process. Where it is wrong, that ends the process.
pub(crate) fn parse() -> Result<Arguments, Failure> {
    let words: Vec<OsString> = std::env::args_os().collect();
    let matches = Arguments::command().try_get_matches_from(&words).unwrap_or_else(|error| error.exit());
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let place = match &arguments.verb {
        Verb::Run(run) => run.place(),
        _ => None,
    };
    match place {
        Some(place) => Configured::read(Arc::new(Line::new(words, &matches)), place)?.complete(),
        None => Ok(arguments),
    }
}

impl Configured {
    fn read(line: Arc<Line>, place: Place) -> Result<Self, Failure> {
        let stamp = place.stamp();
        let config = place.read()?;
        Ok(Self { line, place, stamp, config })
    }

    /// As if the command line said nothing.
    pub(super) fn alone(place: Place) -> Result<Self, Failure> {
        let words: Vec<OsString> = vec!["lanner".into(), RUN.into()];
        let matches = Arguments::command().try_get_matches_from(&words)?;
        Self::read(Arc::new(Line::new(words, &matches)), place)
    }

    /// The files that it is from, for people.
    pub(crate) fn named(&self) -> String {
        let files: Vec<String> = self.config.files.iter().map(|file| file.display().to_string()).collect();
        files.join(", ")
    }

    /// The same command line with what the files say now.
    pub(super) fn again(&self) -> Result<Self, Failure> {
        Self::read(self.line.clone(), self.place.clone())
    }

    /// What `run` is told, by the command line and the configuration.
    pub(crate) fn run(self) -> Result<run::Arguments, Failure> {
        match self.complete()?.verb {
            Verb::Run(run) => Ok(*run),
            _ => Err("the command line is none of `lanner run`".into()),
        }
    }

    fn complete(self) -> Result<Arguments, Failure> {
        let mut arguments = self.parse().map_err(|error| first_line(&error))?;
        if let Verb::Run(run) = &mut arguments.verb {
            if !self.says_output() {
                run.output.configured.clone_from(&self.config.outputs);
            }
            run.rules.get.reach.logins = logins(&self.config)?;
            run.configured = Some(self);
        }
        Ok(arguments)
    }

    fn parse(&self) -> Result<Arguments, clap::Error> {
        let mut words = self.line.words.clone();
        // What stands first counts less, where an option may be given several times.
        let place = words.iter().skip(1).position(|word| word == RUN).map_or(words.len(), |at| at + 2);
        let entries = self.config.entries().filter(|entry| !self.is_said_otherwise(entry.key));
        let options = entries.flat_map(options).filter(|option| !self.line.names(option)).map(Put::into_word);
        words.splice(place..place, options);
        Arguments::from_arg_matches(&Arguments::command().try_get_matches_from(words)?)
    }

    /// Whether the command line or the environment says what a key says, so that files say nothing of it.
    pub(super) fn is_said_otherwise(&self, key: &Key) -> bool {
        let said = match key.puts {
            Puts::Value(option) | Puts::IfTrue(option) | Puts::IfFalse(option) => self.line.says(option),
            // Of these each name is said on its own.
            Puts::Named(_) | Puts::Setting | Puts::Nothing => false,
        };
        said || is_set(key)
    }

    /// Whether the command line says where findings go, or how they are written.
    pub(super) fn says_output(&self) -> bool {
        ["--output", "--output-file"].iter().any(|option| self.line.says(option))
    }

    /// What holds of an option where nobody says anything, as the parser knows it.
    pub(super) fn default_of(&self, option: &str) -> Option<String> {
        let values = self.line.option(option)?.get_default_values();
        values.first().map(|value| value.to_string_lossy().into_owned())
    }
}

impl Line {
    fn new(words: Vec<OsString>, matches: &ArgMatches) -> Self {
        let mut command = Arguments::command();
        // So that it has the options that all verbs have.
        command.build();
        let run = command.find_subcommand(RUN).cloned().unwrap_or_default();
        let matches = matches.subcommand_matches(RUN).cloned().unwrap_or_default();
        Self { words, matches, run }
    }

    fn option(&self, option: &str) -> Option<&Arg> {
        let long = option.trim_start_matches('-');
        self.run.get_arguments().find(|argument| argument.get_long() == Some(long))
    }

    /// Whether it has the option, or the variable of that in the environment is set.
    fn says(&self, option: &str) -> bool {
        let source = self.option(option).and_then(|argument| self.matches.value_source(argument.get_id().as_str()));
        matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable))
    }

    /// Whether it has an option of the same name, where a name is given once.
    fn names(&self, put: &Put) -> bool {
        let (Some(name), Some(argument)) = (&put.name, self.option(put.option)) else { return false };
        let said = self.matches.get_raw(argument.get_id().as_str()).into_iter().flatten();
        said.map(|value| value.to_string_lossy()).any(|value| value.split('=').next() == Some(name))
    }
}

/// An option, as a key puts it.
struct Put {
    option: &'static str,
    value: Option<String>,
    /// The name that it is for, where that is given once.
    name: Option<String>,
}

impl Put {
    /// In one word, so that a value is never taken for an option.
    fn into_word(self) -> OsString {
        let Self { option, value, name } = self;
        match (name, value) {
            (Some(name), Some(value)) => format!("{option}={name}={value}").into(),
            (None, Some(value)) => format!("{option}={value}").into(),
            (_, None) => option.into(),
        }
    }
}

/// The options that say what an entry says.
fn options(entry: &Entry) -> Vec<Put> {
    let values = entry.values.iter().map(|said| said.text.clone());
    let alone = |option| vec![Put { option, value: None, name: None }];
    match entry.key.puts {
        Puts::Value(option) => values.map(|value| Put { option, value: Some(value), name: None }).collect(),
        Puts::Named(option) => {
            let name = || Some(entry.name.last().to_owned());
            values.map(|value| Put { option, value: Some(value), name: name() }).collect()
        }
        Puts::Setting => {
            let [_, pack, _, name] = entry.name.parts() else { return Vec::new() };
            let value = |value| Some(format!("{pack}.{name}={value}"));
            values.map(|text| Put { option: "--set", value: value(text), name: None }).collect()
        }
        Puts::IfTrue(option) if entry.is_true() => alone(option),
        Puts::IfFalse(option) if !entry.is_true() => alone(option),
        Puts::IfTrue(_) | Puts::IfFalse(_) | Puts::Nothing => Vec::new(),
    }
}

/// Whether the variable of a key in the environment says something.
pub(super) fn is_set(key: &Key) -> bool {
    key.variable.is_some_and(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// What the parser says, without how the command is used.
fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    let line = line.strip_prefix("error: ").unwrap_or(line);
    format!("what the configuration says cannot be taken: {line}")
}

/// Who we are to registries.
fn logins(config: &Config) -> Result<BTreeMap<String, Credential>, Failure> {
    let mut logins = BTreeMap::new();
    for entry in config.entries_of("registry.login.*.password") {
        let [_, _, registry, _] = entry.name.parts() else { continue };
        let mut users = config.entries_of("registry.login.*.user");
        let user = users.find(|user| user.name.parts().get(2) == Some(registry)).and_then(|user| user.values.last());
        let (Some(user), Some(secret)) = (user, &entry.secret) else { continue };
        let place = entry.values.last().map(ToString::to_string).unwrap_or_default();
        let password = secret.read().map_err(|error| format!("{place}: {error}"))?;
        let (user, password) = (user.text.clone(), password.reveal().to_owned());
        logins.insert(registry.clone(), Credential::Password { user, password });
    }
    Ok(logins)
}
