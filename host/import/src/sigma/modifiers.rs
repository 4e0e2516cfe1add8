//! Modifiers of fields: `CommandLine|contains|all`.

use std::collections::BTreeSet;

use lanner_document::{Node, Value, suggestion};

use super::value::{Pattern, base64, base64_offsets, dashes};

/// Values of one item at most, those too that modifiers make of them.
const MAX_VALUES: usize = 10_000;

const KNOWN: [&str; 33] = [
    "contains",
    "startswith",
    "endswith",
    "all",
    "cased",
    "re",
    "i",
    "ignorecase",
    "m",
    "multiline",
    "s",
    "dotall",
    "cidr",
    "base64",
    "base64offset",
    "utf16le",
    "wide",
    "utf16be",
    "utf16",
    "windash",
    "exists",
    "gt",
    "gte",
    "lt",
    "lte",
    "neq",
    "fieldref",
    "expand",
    "minute",
    "hour",
    "day",
    "week",
    "month",
];

/// What values of a field have to be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Each what is meant by one value: one of these.
    pub(super) values: Vec<Vec<Want>>,
    /// Whether each of the values has to be met, rather than one.
    pub(super) all: bool,
    /// Whether none may be met.
    pub(super) none: bool,
}

/// What a value has to be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// A text; whether case matters.
    Text(Pattern, bool),
    /// A number.
    Number(i128),
    /// Yes or no.
    Bool(bool),
    /// Nothing.
    Null,
    /// What a regular expression describes, somewhere.
    Regex(String),
    /// An address in a network.
    Network(String),
    /// A number in a range.
    Between(i128, i128),
    /// It is there, or not.
    Exists(bool),
    /// What another field has in it.
    Field(String, Part, bool),
}

/// Which part of a text another one has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    All,
    Begin,
    End,
    Somewhere,
}

/// What stands for placeholders.
pub(super) type Placeholders<'p> = &'p [(String, Vec<String>)];

/// A value while modifiers are applied to it.
#[derive(Clone, Debug)]
enum Raw {
    /// As it is written, with wildcards.
    Written(String),
    Pattern(Pattern),
    /// Bytes without wildcards.
    Bytes(Vec<u8>),
    Number(i128),
    Bool(bool),
    Null,
}

impl Raw {
    fn pattern(&self) -> Option<Pattern> {
        match self {
            Self::Written(text) => Some(Pattern::read(text)),
            Self::Pattern(pattern) => Some(pattern.clone()),
            Self::Bytes(bytes) => Some(Pattern::plain(bytes.clone())),
            Self::Number(number) => Some(Pattern::plain(number.to_string())),
            Self::Bool(yes) => Some(Pattern::plain(yes.to_string())),
            Self::Null => None,
        }
    }

    fn bytes(&self, modifier: &str) -> Result<Vec<u8>, String> {
        let pattern = self.pattern().ok_or_else(|| format!("`{modifier}` takes texts"))?;
        let text = pattern.text().map(<[u8]>::to_vec);
        text.ok_or_else(|| format!("`{modifier}` takes texts without wildcards, and {:?} has some", pattern.shown()))
    }

    fn text(&self, modifier: &str) -> Result<String, String> {
        match self {
            Self::Written(text) => Ok(text.clone()),
            Self::Number(number) => Ok(number.to_string()),
            _ => Err(format!("`{modifier}` takes texts, and as the first modifier")),
        }
    }
}

fn raw(node: &Node) -> Result<Raw, String> {
    Ok(match &node.value {
        Value::Text(text) => Raw::Written(text.clone()),
        Value::Integer(number) => Raw::Number(*number),
        Value::Float(number) => Raw::Written(number.to_string()),
        Value::Bool(yes) => Raw::Bool(*yes),
        Value::Null => Raw::Null,
        Value::List(..) | Value::Map(..) => return Err(format!("a value should stand here, and not {}", node.is())),
    })
}

/// How the values are compared in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum As {
    Values,
    Regex,
    Network,
    Exists,
    Field,
    Compared(i8, bool),
}

/// What a field with these modifiers and values has to be like.
///
/// # Errors
/// The modifiers make no sense, or are not known: a sentence.
pub(super) fn wanted(modifiers: &[&str], values: &Node, placeholders: Placeholders<'_>) -> Result<Wanted, String> {
    let one = std::slice::from_ref(values);
    let nodes = if let Value::List(items, _) = &values.value { items.as_slice() } else { one };
    let mut groups = nodes.iter().map(|node| Ok(vec![raw(node)?])).collect::<Result<Vec<Vec<Raw>>, String>>()?;
    let (mut compared, mut all, mut none, mut cased, mut part) = (As::Values, false, false, false, Part::All);
    let mut flags = String::new();
    for (place, modifier) in modifiers.iter().enumerate() {
        let known = modifier.to_ascii_lowercase();
        match known.as_str() {
            "all" => all = true,
            "cased" => cased = true,
            "neq" => none = true,
            "contains" | "startswith" | "endswith" => {
                let of = match known.as_str() {
                    "contains" => Part::Somewhere,
                    "startswith" => Part::Begin,
                    _ => Part::End,
                };
                match compared {
                    As::Field => part = of,
                    As::Values if modifiers.contains(&"fieldref") => part = of,
                    As::Values => groups.iter_mut().flatten().try_for_each(|raw| surrounded(raw, of))?,
                    _ => return Err(format!("`{known}` has no meaning behind `{}`", modifiers[place - 1])),
                }
            }
            "re" | "cidr" | "exists" | "fieldref" | "gt" | "gte" | "lt" | "lte" if compared != As::Values => {
                return Err(format!("`{known}` has no meaning behind another way to compare"));
            }
            "re" => compared = As::Regex,
            "cidr" => compared = As::Network,
            "exists" => compared = As::Exists,
            "fieldref" => compared = As::Field,
            "gt" => compared = As::Compared(1, false),
            "gte" => compared = As::Compared(1, true),
            "lt" => compared = As::Compared(-1, false),
            "lte" => compared = As::Compared(-1, true),
            "i" | "ignorecase" | "m" | "multiline" | "s" | "dotall" => {
                if compared != As::Regex {
                    return Err(format!("`{known}` stands behind `re`"));
                }
                flags.push_str(&known[..1].replace('d', "s"));
            }
            "expand" => each(&mut groups, |raw| expanded(&raw.text("expand")?, placeholders))?,
            "windash" => each(&mut groups, |raw| {
                let all = dashes(&raw.text("windash")?)
                    .ok_or("it has too many signs that `windash` stands for others with")?;
                Ok(all.into_iter().map(Raw::Written).collect())
            })?,
            "base64" => each(&mut groups, |raw| Ok(vec![Raw::Bytes(base64(&raw.bytes("base64")?))]))?,
            "base64offset" => each(&mut groups, |raw| {
                Ok(base64_offsets(&raw.bytes("base64offset")?).into_iter().map(Raw::Bytes).collect())
            })?,
            "utf16le" | "wide" | "utf16be" | "utf16" => {
                each(&mut groups, |raw| Ok(vec![Raw::Bytes(utf16(&raw.bytes(&known)?, &known)?)]))?;
            }
            "minute" | "hour" | "day" | "week" | "month" | "year" => {
                return Err(format!("`{known}` is of times, and no field here is one"));
            }
            _ => return Err(format!("there is no modifier {modifier:?}{}", suggestion(modifier, &KNOWN))),
        }
        if groups.iter().map(Vec::len).sum::<usize>() > MAX_VALUES {
            return Err(format!("it has more than {MAX_VALUES} values"));
        }
    }
    if all && nodes.len() < 2 && !matches!(values.value, Value::List(..)) && modifiers == ["all"] {
        return Err("`all` is of several values, and here is one".to_owned());
    }
    let flags: String = flags.chars().collect::<BTreeSet<char>>().into_iter().collect();
    let want = |raw: &Raw| want(raw, compared, cased, part, &flags);
    let values = groups.iter().map(|group| group.iter().map(want).collect()).collect::<Result<_, String>>()?;
    Ok(Wanted { values, all, none })
}

fn each(groups: &mut [Vec<Raw>], change: impl Fn(&Raw) -> Result<Vec<Raw>, String>) -> Result<(), String> {
    for group in groups {
        let mut changed = Vec::new();
        for raw in group.iter() {
            changed.extend(change(raw)?);
            if changed.len() > MAX_VALUES {
                return Err(format!("it has more than {MAX_VALUES} values"));
            }
        }
        *group = changed;
    }
    Ok(())
}

fn surrounded(raw: &mut Raw, part: Part) -> Result<(), String> {
    let mut pattern = raw.pattern().ok_or("parts of texts are texts, and here is nothing")?;
    if matches!(part, Part::Somewhere | Part::End) {
        pattern.any_before();
    }
    if matches!(part, Part::Somewhere | Part::Begin) {
        pattern.any_behind();
    }
    *raw = Raw::Pattern(pattern);
    Ok(())
}

fn utf16(text: &[u8], how: &str) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(text).map_err(|_| format!("`{how}` takes texts"))?;
    let units = text.encode_utf16();
    Ok(match how {
        "utf16be" => units.flat_map(u16::to_be_bytes).collect(),
        "utf16" => [0xff, 0xfe].into_iter().chain(units.flat_map(u16::to_le_bytes)).collect(),
        _ => units.flat_map(u16::to_le_bytes).collect(),
    })
}

/// With what is given for each `%name%`.
fn expanded(text: &str, placeholders: Placeholders<'_>) -> Result<Vec<Raw>, String> {
    let mut all = vec![String::new()];
    let mut rest = text;
    while let Some((before, name, after)) = placeholder(rest) {
        let given = placeholders.iter().find(|(known, _)| known == name);
        let Some((_, values)) = given else {
            return Err(format!(
                "nothing is given for the placeholder %{name}%: `--placeholder {name}=VALUE` does, several with commas between them"
            ));
        };
        all = all.iter().flat_map(|text| values.iter().map(move |value| format!("{text}{before}{value}"))).collect();
        if all.len() > MAX_VALUES {
            return Err(format!("its placeholders stand for more than {MAX_VALUES} values"));
        }
        rest = after;
    }
    Ok(all.into_iter().map(|text| Raw::Written(text + rest)).collect())
}

fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('%')?;
    let (name, after) = rest.split_once('%')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    is_name.then_some((before, name, after))
}

fn want(raw: &Raw, compared: As, cased: bool, part: Part, flags: &str) -> Result<Want, String> {
    Ok(match compared {
        As::Values => match raw {
            Raw::Number(number) => Want::Number(*number),
            Raw::Bool(yes) => Want::Bool(*yes),
            Raw::Null => Want::Null,
            other => Want::Text(other.pattern().unwrap_or_default(), cased),
        },
        As::Regex => {
            let text = raw.text("re")?;
            Want::Regex(if flags.is_empty() { text } else { format!("(?{flags}){text}") })
        }
        As::Network => Want::Network(raw.text("cidr")?),
        As::Exists => match raw {
            Raw::Bool(yes) => Want::Exists(*yes),
            Raw::Written(text) if text.eq_ignore_ascii_case("true") => Want::Exists(true),
            Raw::Written(text) if text.eq_ignore_ascii_case("false") => Want::Exists(false),
            _ => return Err("`exists` takes true or false".to_owned()),
        },
        As::Field => Want::Field(raw.text("fieldref")?, part, cased),
        As::Compared(direction, or_same) => {
            let number = match raw {
                Raw::Number(number) => Some(*number),
                Raw::Written(text) => text.trim().parse().ok(),
                _ => None,
            };
            let Some(number) = number.filter(|number| (i64::MIN.into()..=u64::MAX.into()).contains(number)) else {
                return Err("numbers that are compared are whole numbers".to_owned());
            };
            let away = i128::from(!or_same);
            match direction > 0 {
                true => Want::Between(number + away, u64::MAX.into()),
                false => Want::Between(i64::MIN.into(), number - away),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use lanner_document::Document;

    use super::*;

    fn of(modifiers: &str, values: &str) -> Result<Wanted, String> {
        let document = Document::parse(Path::new("x"), values.to_owned()).expect("YAML");
        let modifiers: Vec<&str> = modifiers.split('|').filter(|modifier| !modifier.is_empty()).collect();
        wanted(&modifiers, &document.root, &[("users".to_owned(), vec!["a".to_owned(), "b*".to_owned()])])
    }

    /// As globs, `|` between those of one value, `,` between values.
    fn globs(modifiers: &str, values: &str) -> String {
        let shown = |want: &Want| match want {
            Want::Text(pattern, cased) => {
                format!("{}{}", String::from_utf8_lossy(&pattern.glob()), if *cased { "!" } else { "" })
            }
            other => format!("{other:?}"),
        };
        let group = |group: &Vec<Want>| group.iter().map(shown).collect::<Vec<_>>().join("|");
        of(modifiers, values).map_or_else(|what| what, |of| of.values.iter().map(group).collect::<Vec<_>>().join(","))
    }

    #[test]
    fn modifiers_change_values() {
        for (modifiers, values, made) in [
            ("", "[a, 1, true, null]", "a,Number(1),Bool(true),Null"),
            ("contains", "[a, '*b*', 1]", "*a*,*b*,*1*"),
            ("startswith", "a", "a*"),
            ("endswith|cased", "a", "*a!"),
            ("base64offset|contains", "/bin/bash", "*L2Jpbi9iYXNo*|*9iaW4vYmFza*|*vYmluL2Jhc2*"),
            ("wide|base64", "a", "YQA="),
            ("utf16le|base64offset|contains", "ab", "*YQBiA*|*EAYg*|*hAGIA*"),
            ("utf16be|base64", "a", "AGE="),
            ("utf16|base64", "a", "//5hAA=="),
            ("windash|contains", "'-f'", "*-f*|*/f*|*–f*|*—f*|*―f*"),
            ("re", "'a.*'", "Regex(\"a.*\")"),
            ("re|i|s", "a", "Regex(\"(?is)a\")"),
            ("re|ignorecase|dotall|multiline", "a", "Regex(\"(?ims)a\")"),
            ("gt", "5", "Between(6, 18446744073709551615)"),
            ("lte", "'5'", "Between(-9223372036854775808, 5)"),
            ("exists", "true", "Exists(true)"),
            ("fieldref|endswith", "b", "Field(\"b\", End, false)"),
            ("cidr", "10.0.0.0/8", "Network(\"10.0.0.0/8\")"),
            ("expand", "'%users%'", "a|b*"),
            ("expand|contains", "'/home/%users%/x'", "*/home/a/x*|*/home/b*/x*"),
            ("", "'%users%'", "%users%"),
        ] {
            assert_eq!(globs(modifiers, values), made, "{modifiers}: {values}");
        }
        assert!(of("contains|all", "[a, b]").expect("known").all && of("neq", "a").expect("known").none);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (modifiers, values, wrong) in [
            ("contians", "a", "did you mean \"contains\"?"),
            ("re|contains", "a", "no meaning"),
            ("i", "a", "behind `re`"),
            ("re|cidr", "a", "no meaning"),
            ("base64", "'a*'", "wildcards"),
            ("gt", "a", "whole numbers"),
            ("exists", "x", "true or false"),
            ("expand", "'%nobody%'", "--placeholder nobody="),
            ("hour", "5", "times"),
            ("contains", "null", "nothing"),
            ("", "[[a]]", "a value should stand here"),
            ("windash", "' -a -b -c -d -e -f'", "too many"),
        ] {
            assert!(
                of(modifiers, values).is_err_and(|what| what.contains(wrong)),
                "{modifiers}: {:?}",
                of(modifiers, values)
            );
        }
    }
}
