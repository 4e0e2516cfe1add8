//! Rules of auditd's own: what a key in a record stands for, as a Sigma rule's `definition` has them.

use lanner_abi::{Kind, field};
use lanner_conditions::{Builder, Condition, Field, Get, How, Op, Owner};

use crate::falco::{EVENTS, Is};

/// What a public set of auditd's rules says that Sigma's rules name without repeating it (Neo23x0/auditd).
const KNOWN: &str = "-a always,exit -F arch=b64 -S connect -F family=2 -F success=1 -F key=network_connect_4";
/// Rules of one definition.
const MAX_RULES: usize = 1000;

/// What is recorded under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Watch {
    key: String,
    /// Calls by their names; nothing where it is about a path alone.
    calls: Vec<String>,
    fields: Vec<(String, String)>,
    /// Why it cannot be told.
    wrong: Option<String>,
}

/// The rules in a text: lines that begin with `-w` or `-a`.
pub(super) fn watches(definition: Option<&str>) -> Vec<Watch> {
    let lines = definition.unwrap_or_default().lines().chain([KNOWN]);
    lines.filter_map(|line| watch(line.trim())).take(MAX_RULES).collect()
}

fn watch(line: &str) -> Option<Watch> {
    if !line.starts_with("-w ") && !line.starts_with("-a ") {
        return None;
    }
    let mut watch = Watch { key: String::new(), calls: Vec::new(), fields: Vec::new(), wrong: None };
    let mut words = line.split_whitespace();
    while let Some(option) = words.next() {
        let Some(value) = words.next() else { break };
        match option {
            "-w" => watch.fields.push(("path".to_owned(), value.to_owned())),
            "-p" => watch.fields.push(("perm".to_owned(), value.to_owned())),
            "-k" => value.clone_into(&mut watch.key),
            "-a" => {}
            "-S" => watch.calls.extend(value.split(',').map(str::to_owned)),
            "-F" => match value.split_once('=') {
                Some(("key", key)) => key.clone_into(&mut watch.key),
                Some((name, value)) if !name.ends_with(['!', '<', '>', '&']) => {
                    watch.fields.push((name.to_owned(), value.trim_matches('"').to_owned()));
                }
                _ => watch.wrong = Some(format!("`-F {value}`")),
            },
            other => watch.wrong = Some(format!("`{other}`")),
        }
    }
    (!watch.key.is_empty()).then_some(watch)
}

/// Which events of a kind are recorded under keys of which `is` holds.
///
/// # Errors
/// It cannot be told: a sentence.
pub(super) fn recorded(
    watches: &[Watch],
    kind: Kind,
    is: impl Fn(&str) -> bool,
    builder: &mut Builder,
) -> Result<Condition, String> {
    let mut any = Vec::new();
    for watch in watches.iter().filter(|watch| is(&watch.key)) {
        any.push(
            watch.recorded(kind, builder).map_err(|what| {
                format!("what auditd records under the key {:?} cannot be told, for {what}", watch.key)
            })?,
        );
    }
    Ok(Condition::any(any))
}

/// Whether some rule has a key of which `is` holds.
pub(super) fn is_known(watches: &[Watch], is: impl Fn(&str) -> bool) -> bool {
    watches.iter().any(|watch| is(&watch.key))
}

impl Watch {
    fn recorded(&self, kind: Kind, builder: &mut Builder) -> Result<Condition, String> {
        if let Some(wrong) = &self.wrong {
            return Err(wrong.clone());
        }
        let Some(called) = EVENTS.iter().find(|called| called.kind == kind) else {
            return Ok(Condition::Always(false));
        };
        let mut all = Vec::new();
        if !self.calls.is_empty() {
            let names: Vec<&str> = self.calls.iter().map(String::as_str).collect();
            if called.is(&names) == Is::None && names != ["all"] {
                return Ok(Condition::Always(false));
            }
        }
        let get = |name: &str| self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let perm = get("perm");
        if self.calls.is_empty() && perm.is_none() && get("path").or(get("dir")).is_none() {
            return Err("a rule without a path and a call".to_owned());
        }
        let process = |info| Field::raw(Owner::Process, info);
        for (name, value) in &self.fields {
            let number = || value.parse::<i128>().map_err(|_| format!("`{name}={value}`"));
            let mut id = |info| {
                let number = number()?;
                Ok::<_, String>(builder.test(process(info), Op::Numbers(vec![(number, number)])))
            };
            all.push(match name.as_str() {
                "arch" | "perm" => continue,
                "uid" => id(field::process::UID)?,
                "euid" => id(field::process::EUID)?,
                "suid" => id(field::process::SUID)?,
                "gid" => id(field::process::GID)?,
                "egid" => id(field::process::EGID)?,
                "auid" => id(field::process::LOGIN_UID)?,
                "success" if kind.info().has_result => {
                    builder.test(super::logsource::failed(), Op::Is(matches!(value.as_str(), "0" | "no")))
                }
                "success" => Condition::Always(matches!(value.as_str(), "1" | "yes")),
                "exe" => builder.test(process(field::process::EXE), texts(How::Equals, value)),
                "family" => match kind.record().fields.iter().find(|field| field.name == "family") {
                    Some(info) => {
                        let number = number()?;
                        builder.test(Field::raw(Owner::Payload, info), Op::Numbers(vec![(number, number)]))
                    }
                    None => Condition::Always(false),
                },
                "path" | "dir" => path(kind, value, perm, builder),
                other => return Err(format!("`{other}={value}`")),
            });
        }
        Ok(Condition::all(all))
    }
}

fn texts(how: How, value: &str) -> Op {
    Op::Texts { how, values: vec![value.as_bytes().to_vec()], fold: false }
}

/// Whether something is done with a path, or what lies below it, that one of the letters stands for.
fn path(kind: Kind, path: &str, perm: Option<&str>, builder: &mut Builder) -> Condition {
    let has = |letter| perm.is_none_or(|perm| perm.contains(letter));
    let below = || Op::Below(vec![path.as_bytes().to_vec()]);
    let of = |name: &str| kind.record().fields.iter().find(|field| field.name == name);
    let is_change = matches!(
        kind,
        Kind::Unlink | Kind::Rename | Kind::Link | Kind::Symlink | Kind::Mkdir | Kind::Mknod | Kind::Truncate
    );
    let is_attribute = matches!(kind, Kind::Chmod | Kind::Chown | Kind::Xattr | Kind::Utimes);
    let wanted = match kind {
        Kind::Exec => has('x'),
        Kind::Open => has('r') || has('w'),
        _ => is_change && has('w') || is_attribute && has('a'),
    };
    if !wanted {
        return Condition::Always(false);
    }
    let mut any = Vec::new();
    if kind == Kind::Exec {
        any.push(builder.test(Field::raw(Owner::Process, field::process::EXE), below()));
    }
    for info in ["path", "old_path", "new_path"].into_iter().filter_map(of) {
        any.push(builder.test(Field::raw(Owner::Payload, info), below()));
    }
    let is = Condition::any(any);
    if kind != Kind::Open || has('r') && has('w') {
        return is;
    }
    let bits = if has('w') { 2 } else { 1 };
    let access = builder.test(Field::get(Owner::Payload, Get::OpenAccess), Op::AnyBits(bits));
    Condition::all([is, access])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_auditd_are_read() {
        let text = "Required:\n -w /usr/bin/wget -p x -k net\n-a always,exit -F arch=b64 -S execve -F euid=33 -k www\n-a x -F uid>=5 -S open -k odd";
        let all = watches(Some(text));
        let keys: Vec<&str> = all.iter().map(|watch| watch.key.as_str()).collect();
        assert_eq!(keys, ["net", "www", "odd", "network_connect_4"]);
        assert_eq!(all[1].calls, ["execve"]);
        assert!(all[1].fields.contains(&("euid".to_owned(), "33".to_owned())) && all[2].wrong.is_some());
        let mut builder = Builder::default();
        let mut of = |kind, key: &str| recorded(&all, kind, |known| known == key, &mut builder);
        assert!(matches!(of(Kind::Exec, "net"), Ok(Condition::Any(_))));
        assert_eq!(of(Kind::Open, "net"), Ok(Condition::Always(false)));
        assert!(matches!(of(Kind::Exec, "www"), Ok(Condition::Test(_))));
        assert!(of(Kind::Open, "odd").is_err_and(|what| what.contains("uid>=5")));
    }
}
