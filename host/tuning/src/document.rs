//! The files: found, read, and checked as a whole.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lanner_finding::Severity;
use lanner_json::nearest;
use lanner_watch::Facts;
use serde::Deserialize;
use toml::value::{Date, Datetime, Offset, Time};

use crate::exception::{Condition, Exception, Selector};
use crate::field::Field;
use crate::pattern::{Pattern, WAYS};
use crate::tuning::{RuleTuning, Tuning};

/// Bytes of a file.
const MAX_BYTES: u64 = 1 << 20;
/// Files in a folder.
const MAX_FILES: usize = 256;
/// Exceptions and entries about rules in all.
const MAX_ENTRIES: usize = 4096;
/// Conditions of one exception, and values of one condition.
const MAX_CONDITIONS: usize = 64;
const MAX_VALUES: usize = 1024;

/// A file, or a folder of files that end with `.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    path: PathBuf,
    /// Where nothing is there, nothing is said.
    optional: bool,
}

/// What is wrong with the tuning. None of it holds then.
#[derive(Debug, thiserror::Error)]
pub enum TuningError {
    /// A file or folder cannot be read, or others may write to it.
    #[error("{} cannot be used as tuning: {error}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What it says is wrong.
    #[error("{}: {problem}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What, and where.
        problem: String,
    },
    /// There is too much of it.
    #[error("there are {count} {what} in the tuning, and {most} at most")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
}

/// Which files there are, and as of when: another where one of them changed.
pub type Stamp = Vec<(PathBuf, Option<Facts>)>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    rule: Vec<toml::Spanned<RuleEntry>>,
    #[serde(default)]
    exception: Vec<toml::Spanned<ExceptionEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleEntry {
    id: OneOrMore,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    severity: Option<String>,
    /// For people.
    #[serde(default, rename = "reason")]
    _reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionEntry {
    rule: OneOrMore,
    #[serde(default)]
    name: Option<String>,
    reason: String,
    #[serde(default)]
    owner: Option<String>,
    #[serde(default)]
    expires: Option<Datetime>,
    #[serde(rename = "where")]
    conditions: toml::Table,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl Source {
    /// Of this path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), optional: false }
    }

    /// Of this path, where something is there.
    pub fn optional(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), optional: true }
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// Something of it cannot be read, is wrong, or may be written by others than its owner and root.
    pub fn read(&self) -> Result<Tuning, TuningError> {
        let mut tuning = Tuning::default();
        tuning.from.clone_from(&self.path);
        let mut names = HashSet::new();
        for path in self.files()? {
            let bytes = lanner_trust::read_guarded(&path, MAX_BYTES);
            let bytes = bytes.map_err(|error| TuningError::Read { path: path.clone(), error })?;
            let wrong = |problem: String| TuningError::Wrong { path: path.clone(), problem };
            let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
            let (rules, exceptions) = parse(&text, &path).map_err(wrong)?;
            for exception in &exceptions {
                if !names.insert(exception.name.clone()) {
                    return Err(wrong(format!("there is another exception called {:?}", exception.name)));
                }
            }
            tuning.rules.extend(rules);
            tuning.exceptions.extend(exceptions);
            tuning.files.push(path);
        }
        let count = tuning.rules.len() + tuning.exceptions.len();
        if count > MAX_ENTRIES {
            return Err(TuningError::TooMuch { what: "entries", count, most: MAX_ENTRIES });
        }
        tuning.index();
        Ok(tuning)
    }

    /// The files, in the order of their names.
    fn files(&self) -> Result<Vec<PathBuf>, TuningError> {
        let failed = |error| TuningError::Read { path: self.path.clone(), error };
        let facts = match fs::metadata(&self.path) {
            Err(error) if self.optional && error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            facts => facts.map_err(failed)?,
        };
        if !facts.is_dir() {
            return Ok(vec![self.path.clone()]);
        }
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            if !hidden && path.extension().is_some_and(|extension| extension == "toml") {
                files.push(path);
            }
        }
        if files.len() > MAX_FILES {
            return Err(TuningError::TooMuch { what: "files", count: files.len(), most: MAX_FILES });
        }
        files.sort();
        Ok(files)
    }

    /// As of when it is.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        let stamp = |path: PathBuf| {
            let facts = Facts::of(&path);
            (path, facts)
        };
        self.files().unwrap_or_default().into_iter().chain([self.path.clone()]).map(stamp).collect()
    }
}

fn parse(text: &str, path: &Path) -> Result<(Vec<RuleTuning>, Vec<Exception>), String> {
    let document: Document = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
    let line = |at: usize| 1 + text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count();
    let file = path.file_stem().unwrap_or_default().to_string_lossy();
    let mut rules = Vec::new();
    for entry in document.rule {
        let at = line(entry.span().start);
        rules.push(of_rule(entry.get_ref()).map_err(|problem| format!("line {at}: {problem}"))?);
    }
    let mut exceptions = Vec::new();
    for (number, entry) in document.exception.into_iter().enumerate() {
        let at = line(entry.span().start);
        let name = format!("{file}-{}", number + 1);
        exceptions.push(of_exception(entry.into_inner(), name).map_err(|problem| format!("line {at}: {problem}"))?);
    }
    Ok((rules, exceptions))
}

fn of_rule(entry: &RuleEntry) -> Result<RuleTuning, String> {
    let severity = entry.severity.as_deref().map(|name| {
        Severity::from_name(name).ok_or_else(|| {
            let names: Vec<&str> = Severity::ALL.iter().map(|severity| severity.name()).collect();
            format!("there is no severity {name:?}; there are {}", names.join(", "))
        })
    });
    let severity = severity.transpose()?;
    if entry.enabled.is_none() && severity.is_none() {
        return Err("it says nothing of the rule: `enabled = false`, or a `severity`".to_owned());
    }
    Ok(RuleTuning { rules: entry.id.selectors()?, enabled: entry.enabled, severity })
}

fn of_exception(entry: ExceptionEntry, name: String) -> Result<Exception, String> {
    if entry.reason.trim().is_empty() {
        return Err("the reason is empty: who reads this in a year wants to know why".to_owned());
    }
    let mut conditions = Vec::new();
    flatten(&entry.conditions, "", &mut conditions)?;
    if conditions.is_empty() {
        return Err("`where` has no condition; `[[rule]]` with `enabled = false` switches a rule off".to_owned());
    }
    if conditions.len() > MAX_CONDITIONS {
        return Err(format!("`where` has {} conditions, and {MAX_CONDITIONS} at most", conditions.len()));
    }
    Ok(Exception {
        name: entry.name.filter(|name| !name.trim().is_empty()).unwrap_or(name),
        rules: entry.rule.selectors()?,
        reason: entry.reason,
        owner: entry.owner,
        expires_ns: entry.expires.map(expiry).transpose()?,
        conditions,
    })
}

impl OneOrMore {
    fn selectors(&self) -> Result<Vec<Selector>, String> {
        let ids = match self {
            Self::One(id) => std::slice::from_ref(id),
            Self::More(ids) => ids,
        };
        if ids.is_empty() {
            return Err("it names no rule".to_owned());
        }
        ids.iter().map(|id| Selector::new(id)).collect()
    }
}

/// Conditions, from tables in tables: `process.exe = "/usr/bin/tar"`, `event.path.prefix = "/etc/"`.
pub(crate) fn flatten(table: &toml::Table, head: &str, conditions: &mut Vec<Condition>) -> Result<(), String> {
    for (name, value) in table {
        let name = if head.is_empty() { name.clone() } else { format!("{head}.{name}") };
        match value {
            toml::Value::Table(inner) if !is_pattern(inner) => {
                if inner.is_empty() {
                    return Err(format!("{name} is compared with nothing"));
                }
                flatten(inner, &name, conditions)?;
            }
            value => {
                let field = Field::new(&name).map_err(|problem| misread(&name, problem))?;
                let any = patterns(value).map_err(|problem| format!("{name}: {problem}"))?;
                conditions.push(Condition { field, any });
            }
        }
    }
    Ok(())
}

/// What is wrong with a name that may end with a way to compare.
fn misread(name: &str, problem: String) -> String {
    let last = name.rsplit('.').next().unwrap_or_default();
    let head = name.strip_suffix(last).and_then(|head| head.strip_suffix('.'));
    match (head.map(Field::new), nearest(last, WAYS)) {
        (Some(Ok(field)), Some(way)) => {
            format!("{field} is compared by {last:?}; is {way:?} meant? There are {}", WAYS.join(", "))
        }
        (Some(Ok(field)), None) => {
            format!("{field} cannot be compared by {last:?}; there are {}", WAYS.join(", "))
        }
        _ => problem,
    }
}

/// Whether it says how to compare, and is no field with parts.
fn is_pattern(table: &toml::Table) -> bool {
    !table.is_empty() && table.keys().all(|key| WAYS.contains(&key.as_str()))
}

/// A value, a way to compare, or a list of them, of which one has to hold.
fn patterns(value: &toml::Value) -> Result<Vec<Pattern>, String> {
    let one = |value: &toml::Value| -> Result<Vec<Pattern>, String> {
        let toml::Value::Table(table) = value else { return Ok(vec![Pattern::is(value)?]) };
        let mut patterns = Vec::new();
        for (way, with) in table {
            match with {
                toml::Value::Array(values) => {
                    for with in values {
                        patterns.push(Pattern::of(way, with)?);
                    }
                }
                with => patterns.push(Pattern::of(way, with)?),
            }
        }
        Ok(patterns)
    };
    let patterns = match value {
        toml::Value::Array(values) => values.iter().map(one).collect::<Result<Vec<_>, _>>()?.concat(),
        value => one(value)?,
    };
    match patterns.len() {
        0 => Err("it is compared with nothing".to_owned()),
        count if count > MAX_VALUES => Err(format!("it is compared with {count} values, and {MAX_VALUES} at most")),
        _ => Ok(patterns),
    }
}

/// When it ends, ns since 1970: a day at its beginning, a time without a zone in UTC.
fn expiry(at: Datetime) -> Result<u64, String> {
    let wrong = || format!("expires is {at}, and has to be a day, or a day and a time: 2027-06-01T12:00:00Z");
    let Datetime { date: Some(Date { year, month, day }), time, offset } = at else { return Err(wrong()) };
    let Time { hour, minute, second, nanosecond } =
        time.unwrap_or(Time { hour: 0, minute: 0, second: 0, nanosecond: 0 });
    let minutes = match offset {
        Some(Offset::Custom { minutes }) => i64::from(minutes),
        Some(Offset::Z) | None => 0,
    };
    let part = |number: u8| i8::try_from(number).unwrap_or(i8::MAX);
    let subsecond = i32::try_from(nanosecond).unwrap_or(0);
    let civil = jiff::civil::DateTime::new(
        i16::try_from(year).unwrap_or(i16::MAX),
        part(month),
        part(day),
        part(hour),
        part(minute),
        part(second),
        subsecond,
    );
    let time = civil.and_then(|civil| civil.to_zoned(jiff::tz::TimeZone::UTC)).map_err(|_| wrong())?.timestamp();
    let ns = time.as_nanosecond() - i128::from(minutes) * 60_000_000_000;
    u64::try_from(ns).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exceptions(text: &str) -> Result<Vec<Exception>, String> {
        parse(text, Path::new("/x/site.toml")).map(|(_, exceptions)| exceptions)
    }

    /// An exception with these lines beside what each has to have.
    fn with(lines: &str) -> String {
        format!("[[exception]]\nrule = \"a/b\"\nreason = \"why\"\n{lines}\n")
    }

    #[test]
    fn all_that_can_be_said_is_read() {
        let text = r#"
            [[rule]]
            id = ["discovery/*", "a/b"]
            enabled = false
            severity = "low"
            reason = "noise"

            [[exception]]
            name = "backup"
            rule = "credential-access/shadow-read"
            reason = "the nightly backup reads everything"
            owner = "storage"
            expires = 2027-06-01
            where.process.exe = ["/usr/bin/restic", { prefix = "/opt/backup/" }]
            where.event.path.prefix = ["/etc/", "/root/"]
            where."container.labels".app = "backup"
            where.process.uid = 0
            where.fields = { peer = { cidr = "10.0.0.0/8" }, "odd name" = "x" }
        "#;
        let (rules, exceptions) = parse(text, Path::new("site.toml")).expect("it is right");
        assert_eq!((rules.len(), exceptions.len()), (1, 1));
        let exception = &exceptions[0];
        assert_eq!((exception.name.as_str(), exception.owner.as_deref()), ("backup", Some("storage")));
        assert_eq!(exception.expires_ns, Some(1_811_808_000_000_000_000));
        let said: Vec<String> = exception.conditions.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                r#"container.labels.app is "backup""#,
                r#"event.path is prefix "/etc/" or prefix "/root/""#,
                r#"fields.odd name is "x""#,
                "fields.peer is cidr 10.0.0.0/8",
                r#"process.exe is "/usr/bin/restic" or prefix "/opt/backup/""#,
                r#"process.uid is "0""#,
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, why) in [
            (
                with("where.proces.exe = \"/a\""),
                "line 1: findings have no field \"proces.exe\"; is \"process.exe\" meant?",
            ),
            (with("where.process.exe.prefx = \"/a\""), "process.exe is compared by \"prefx\"; is \"prefix\" meant?"),
            (with("where.process.exe.like = \"/a\""), "process.exe cannot be compared by \"like\"; there are prefix"),
            (with("where = {}"), "`where` has no condition"),
            (with("where.process.exe = []"), "process.exe: it is compared with nothing"),
            (with("where.process.exe = {}"), "process.exe is compared with nothing"),
            (with("where.process.uid = 1.5"), "process.uid: 1.5 is no text"),
            (with("where.event.path = { glob = \"[\" }"), "event.path: error parsing glob"),
            (with("expires = 12:00:00\nwhere.process.uid = 1"), "expires is 12:00:00, and has to be a day"),
            (with(""), "missing field `where`"),
            (with("until = 1\nwhere.process.uid = 1"), "unknown field `until`"),
            ("[[exception]]\nrule = \"a/b\"\nwhere.process.uid = 1\n".into(), "missing field `reason`"),
            ("[[exception]]\nrule = []\nreason = \"x\"\nwhere.process.uid = 1\n".into(), "it names no rule"),
            ("[[exception]]\nrule = \"a/b\"\nreason = \" \"\nwhere.process.uid = 1\n".into(), "the reason is empty"),
            ("\n\n[[rule]]\nid = \"a/b\"\n".into(), "line 3: it says nothing of the rule"),
            (
                "[[rule]]\nid = \"a/b\"\nseverity = \"hihg\"\n".into(),
                "there is no severity \"hihg\"; there are info, low",
            ),
            ("[rules]\n".into(), "unknown field `rules`"),
        ] {
            let error = exceptions(&text).expect_err(&text);
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn files_others_may_write_are_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.toml");
        fs::write(&file, "[[rule]]\nid = \"a/b\"\nenabled = false\n").expect("written");
        fs::write(folder.path().join(".a.toml.swp"), "half").expect("written");
        fs::write(folder.path().join("README"), "half").expect("written");
        let source = Source::new(folder.path());
        assert_eq!(source.read().expect("it is right").files, std::slice::from_ref(&file));
        let before = source.stamp();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).expect("set");
        assert_ne!(source.stamp(), before);
        let error = source.read().expect_err("refused").to_string();
        assert!(error.contains("others may write to"), "{error}");
        fs::remove_file(&file).expect("removed");
        assert!(source.read().expect("nothing").is_empty());
        assert!(Source::new(&file).read().expect_err("refused").to_string().contains("cannot be used as tuning"));
    }

    #[test]
    fn no_two_are_called_alike() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = with("name = \"x\"\nwhere.process.uid = 1");
        for name in ["a.toml", "b.toml"] {
            fs::write(folder.path().join(name), &text).expect("written");
        }
        let error = Source::new(folder.path()).read().expect_err("refused").to_string();
        assert!(error.contains("b.toml: there is another exception called \"x\""), "{error}");
    }
}
