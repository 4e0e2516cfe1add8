//! Whether a value is what its key takes, and how an option takes it.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use lanner_document::{Node, Problem, Value, suggestion};

use crate::keys::{Key, Takes};
use lanner_trust::Secret;

/// Characters of a label's name, and of its value, at most.
const MAX_LABEL_NAME: usize = 63;
const MAX_LABEL: usize = 256;
/// Characters of any other text at most: longer than any path.
const MAX_TEXT: usize = 4096;

/// What a node says.
pub(crate) enum Read {
    Texts(Vec<(String, Node)>),
    Secret(Secret),
}

/// Reads what a key is said to be; `folder` is that of the file, from where paths go.
pub(crate) fn read(key: &Key, name: &str, node: &Node, folder: &Path) -> Result<Read, Problem> {
    if key.takes == Takes::Secret {
        return crate::secret::of(node, name, folder).map(Read::Secret);
    }
    let list = matches!(key.takes, Takes::Locators | Takes::Setting);
    match &node.value {
        Value::List(items, _) if key.is_list() => {
            let items = items.iter().map(|item| Ok((text(key, name, item, folder)?, item.clone())));
            Ok(Read::Texts(items.collect::<Result<_, _>>()?))
        }
        Value::List(items, _) if list => Ok(Read::Texts(vec![(several(name, items)?, node.clone())])),
        _ => Ok(Read::Texts(vec![(text(key, name, node, folder)?, node.clone())])),
    }
}

/// Several texts that are one setting, as an option has them.
fn several(name: &str, items: &[Node]) -> Result<String, Problem> {
    let texts = items.iter().map(|item| match plain(item, name)? {
        text if text.contains(',') => {
            Err(item.problem("a text of a setting that takes several cannot have a comma in it"))
        }
        text => Ok(text.to_owned()),
    });
    Ok(texts.collect::<Result<Vec<_>, _>>()?.join(","))
}

fn plain<'n>(node: &'n Node, name: &str) -> Result<&'n str, Problem> {
    let text = node.text(name)?;
    match text.chars().count() > MAX_TEXT || text.contains('\0') {
        true => Err(node.problem(format!("`{name}` takes at most {MAX_TEXT} characters, without a zero among them"))),
        false => Ok(text),
    }
}

fn text(key: &Key, name: &str, node: &Node, folder: &Path) -> Result<String, Problem> {
    match key.takes {
        Takes::Texts => match plain_for(node, name, "a text, or a list of texts")? {
            "" => Err(node.problem(format!("`{name}` is empty"))),
            text => Ok(text.to_owned()),
        },
        Takes::Text => match plain(node, name)? {
            "" => Err(node.problem(format!("`{name}` is empty"))),
            text => Ok(text.to_owned()),
        },
        Takes::Locators => locator(plain_for(node, name, "a text, or a list of texts")?, name, node, folder),
        Takes::Path | Takes::ListFile => locator(plain(node, name)?, name, node, folder),
        Takes::Switch => match node.value {
            Value::Bool(yes) => Ok(yes.to_string()),
            _ => Err(node.unexpected(name, "true or false")),
        },
        Takes::Number(from, to) => match node.value {
            Value::Integer(number) if (i128::from(from)..=i128::from(to)).contains(&number) => Ok(number.to_string()),
            _ => Err(node.unexpected(name, &format!("a whole number from {from} to {to}"))),
        },
        Takes::Time(least) => {
            let text = plain_for(node, name, "a time such as 250ms, 5m or 1h30m")?;
            let time = humantime::parse_duration(text)
                .map_err(|error| node.problem(format!("`{name}` takes a time such as 250ms, 5m or 1h30m: {error}")))?;
            match time < least || time == Duration::ZERO {
                true => {
                    Err(node
                        .problem(format!("`{name}` takes a time of at least {:?}", least.max(Duration::from_nanos(1)))))
                }
                false => Ok(text.to_owned()),
            }
        }
        Takes::OneOf(known) => {
            let text = plain_for(node, name, &format!("one of {}", known.join(", ")))?;
            match known.contains(&text) {
                true => Ok(text.to_owned()),
                false => Err(node.problem(format!("`{name}` cannot be {text:?}{}", suggestion(text, known)))),
            }
        }
        Takes::Address => {
            let text = plain(node, name)?;
            let address = text.parse::<SocketAddr>();
            address.map(|address| address.to_string()).map_err(|_| {
                node.problem(format!(
                    "`{name}` takes an address with a port, such as 127.0.0.1:8790 or [::1]:8790, and not {text:?}"
                ))
            })
        }
        Takes::Label => {
            let text = plain(node, name)?;
            check_label(text).map_err(|problem| node.problem(problem))?;
            Ok(text.to_owned())
        }
        Takes::Setting => match &node.value {
            Value::Text(_) => plain(node, name).map(str::to_owned),
            Value::Integer(number) => Ok(number.to_string()),
            Value::Bool(yes) => Ok(yes.to_string()),
            _ => Err(node.unexpected(name, "a text, a whole number, true or false, or a list of texts")),
        },
        Takes::Secret => Err(node.unexpected(name, "where a secret lies")),
    }
}

fn plain_for<'n>(node: &'n Node, name: &str, takes: &str) -> Result<&'n str, Problem> {
    match node.value {
        Value::Text(_) => plain(node, name),
        _ => Err(node.unexpected(name, takes)),
    }
}

/// A path from the folder of its file; a name in a registry as it is.
fn locator(text: &str, name: &str, node: &Node, folder: &Path) -> Result<String, Problem> {
    if text.is_empty() {
        return Err(node.problem(format!("`{name}` is empty")));
    }
    if let Some((_, rest)) = text.split_once("://") {
        let authority = rest.split('/').next().unwrap_or_default();
        // It may be a password: it is not shown either.
        return match authority.contains('@') {
            true => Err(node.problem(format!(
                "`{name}` has a user or a password in an address: who we are to a registry stands in \
                 [registry.login.\"host\"], where its password is a secret"
            ))),
            false => Ok(text.to_owned()),
        };
    }
    // Both are UTF-8 or were refused.
    Ok(folder.join(text).to_string_lossy().into_owned())
}

/// Whether something can be the value of a label.
///
/// # Errors
/// It cannot; a sentence.
pub fn check_label(value: &str) -> Result<(), String> {
    match value.is_empty() || value.chars().count() > MAX_LABEL || value.chars().any(char::is_control) {
        true => Err(format!("a label's value has 1 to {MAX_LABEL} characters, all of which can be seen")),
        false => Ok(()),
    }
}

/// Whether a label may be called so: as all that reads findings and metrics can call it.
#[must_use]
pub fn is_label_name(name: &str) -> bool {
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(begins) && name.len() <= MAX_LABEL_NAME && name.chars().all(|c| begins(c) || c.is_ascii_digit())
}
