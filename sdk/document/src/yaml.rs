//! From YAML to a tree.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::{Key, Layout, Node, Place, Problem, Value};

/// Parts of a document at most, those that aliases stand for counted each time.
const MAX_NODES: usize = 1_000_000;
/// How deep they may lie in one another.
const MAX_DEPTH: usize = 64;

/// The document of a text; nothing where there is none.
pub(super) fn parse(text: &str) -> Result<Node, Problem> {
    let mut roots = all(text, Some("one file holds one document, and here a second one begins"))?;
    let empty = Node { at: Place { line: 1, column: 1 }, span: 0..0, value: Value::Null };
    Ok(roots.pop().unwrap_or(empty))
}

/// All documents of a text, or no more than one, where it is said what is wrong with a second.
pub(super) fn all(text: &str, one: Option<&str>) -> Result<Vec<Node>, Problem> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        text,
        starts: text.char_indices().map(|(at, _)| at).chain([text.len()]).collect(),
        anchors: HashMap::new(),
        nodes: 0,
    };
    let mut roots = Vec::new();
    loop {
        let (event, span) = reader.next()?;
        match (event, one) {
            (Event::StreamEnd, _) => return Ok(roots),
            (Event::DocumentStart(_), Some(wrong)) if !roots.is_empty() => {
                return Err(Problem::at(reader.place(span), wrong));
            }
            (Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing, _) => {}
            (event, _) => roots.push(reader.node(event, span, 0)?),
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    text: &'a str,
    /// Where each character begins.
    starts: Vec<usize>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Problem> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => {
                let mark = error.marker();
                let at = Place { line: mark.line(), column: mark.col() + 1 };
                Err(Problem::at(at, format!("this is no YAML: {}", error.info())))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn place(&self, span: Span) -> Place {
        Place { line: span.start.line(), column: span.start.col() + 1 }
    }

    fn byte(&self, character: usize) -> usize {
        self.starts.get(character).copied().unwrap_or(self.text.len())
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Problem> {
        let at = self.place(span);
        self.count(1, at)?;
        if depth > MAX_DEPTH {
            return Err(Problem::at(at, format!("this lies deeper than {MAX_DEPTH} parts in one another")));
        }
        let start = self.byte(span.start.index());
        let mut end = self.byte(span.end.index()).max(start);
        let flow = self.text.get(start..).is_some_and(|rest| rest.starts_with(['[', '{']));
        let layout = if flow { Layout::Flow } else { Layout::Block };
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                if tag.is_some() {
                    return Err(Problem::at(at, "tags (`!…`) have no meaning here"));
                }
                let value = match style {
                    ScalarStyle::Plain => plain(&text),
                    _ => Value::Text(text.into_owned()),
                };
                (value, anchor)
            }
            Event::SequenceStart(anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, span) => {
                            end = self.end(flow, span, items.last(), end);
                            break;
                        }
                        (event, span) => items.push(self.node(event, span, depth + 1)?),
                    }
                }
                (Value::List(items, layout), anchor)
            }
            Event::MappingStart(anchor, _) => {
                let mut members: Vec<(Key, Node)> = Vec::new();
                loop {
                    match self.next()? {
                        (Event::MappingEnd, span) => {
                            end = self.end(flow, span, members.last().map(|(_, node)| node), end);
                            break;
                        }
                        (Event::Scalar(name, ..), span) => {
                            let key = Key { at: self.place(span), name: name.into_owned() };
                            if members.iter().any(|(known, _)| known.name == key.name) {
                                return Err(Problem::at(key.at, format!("`{}` stands here twice", key.name)));
                            }
                            let (event, span) = self.next()?;
                            members.push((key, self.node(event, span, depth + 1)?));
                        }
                        (_, span) => return Err(Problem::at(self.place(span), "a name is a text")),
                    }
                }
                (Value::Map(members, layout), anchor)
            }
            Event::Alias(anchor) => {
                let Some(known) = self.anchors.get(&anchor).cloned() else {
                    return Err(Problem::at(at, "this alias stands within what it is of"));
                };
                self.count(size(&known), at)?;
                // It is the same thing, and so has the same place.
                return Ok(Node { span: start..end, ..known });
            }
            _ => return Err(Problem::at(at, "something has to stand here")),
        };
        let node = Node { at, span: start..end, value };
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    /// Where something ends that has parts: what is in brackets behind the bracket, what stands on lines with its last part, as
    /// the parser notices its end only at what follows.
    fn end(&self, flow: bool, span: Span, last: Option<&Node>, start: usize) -> usize {
        match flow {
            // Its end may lie behind what follows the bracket.
            true => self.byte(span.start.index()) + 1,
            false => last.map_or(start, |last| last.span.end),
        }
    }

    fn count(&mut self, nodes: usize, at: Place) -> Result<(), Problem> {
        self.nodes = self.nodes.saturating_add(nodes);
        match self.nodes <= MAX_NODES {
            true => Ok(()),
            false => Err(Problem::at(
                at,
                format!("there are more than {MAX_NODES} parts up to here, with what aliases stand for"),
            )),
        }
    }
}

fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::List(items, _) => items.iter().map(size).sum(),
        Value::Map(members, _) => members.iter().map(|(_, node)| size(node)).sum(),
        _ => 0,
    }
}

/// What a scalar without quotes is, by the core schema of YAML 1.2 (section 10.3).
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let digits = |digits: &str, radix| {
        digits.bytes().all(|c| c.is_ascii_alphanumeric()).then(|| i128::from_str_radix(digits, radix).ok())?
    };
    let integer = match (text.strip_prefix("0o"), text.strip_prefix("0x")) {
        (Some(octal), _) => digits(octal, 8),
        (_, Some(hex)) => digits(hex, 16),
        _ => text.parse().ok(),
    };
    if let Some(integer) = integer {
        return Value::Integer(integer);
    }
    let numeric = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
        && text.bytes().all(|c| c.is_ascii_digit() || matches!(c, b'+' | b'-' | b'.' | b'e' | b'E'));
    match text.parse() {
        Ok(number) if numeric => Value::Float(number),
        _ => Value::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice<'a>(text: &'a str, node: &Node) -> &'a str {
        &text[node.span.clone()]
    }

    #[test]
    fn every_part_knows_where_it_stands() {
        let text = "# ü\ntests:\n  - name: 'a'\n    expect:\n      - rule: x/y  # why\n        message: ü z\n\n  - name: b\n    expect: [1, {a: 2}]\n";
        let root = parse(text).expect("YAML");
        let tests = root.get("tests").expect("tests").list("tests").expect("a list");
        let first = tests[0].get("expect").expect("it");
        assert_eq!(
            (first.at, slice(text, first)),
            (Place { line: 5, column: 7 }, "- rule: x/y  # why\n        message: ü z")
        );
        assert_eq!(slice(text, &first.list("").expect("a list")[0]), "rule: x/y  # why\n        message: ü z");
        let second = tests[1].get("expect").expect("it");
        assert_eq!(slice(text, second), "[1, {a: 2}]");
        assert_eq!(slice(text, tests[0].get("name").expect("a name")), "'a'");
    }

    #[test]
    fn scalars_are_what_the_core_schema_says() {
        for (text, value) in [
            ("0o644", Value::Integer(0o644)),
            ("-12", Value::Integer(-12)),
            ("0x1F", Value::Integer(31)),
            ("1.5", Value::Float(1.5)),
            ("1.2.3.4", Value::Text("1.2.3.4".into())),
            ("yes", Value::Text("yes".into())),
            ("inf", Value::Text("inf".into())),
            ("10s", Value::Text("10s".into())),
            ("~", Value::Null),
            ("true", Value::Bool(true)),
            ("'true'", Value::Text("true".into())),
        ] {
            assert_eq!(parse(text).expect("YAML").value, value, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, at, says) in [
            ("a: 1\na: 2", (2, 1), "stands here twice"),
            ("a: [1", (2, 1), "no YAML"),
            ("a: 1\n---\nb: 2", (2, 1), "second one"),
            ("a: !x 1", (1, 7), "tags"),
            ("{a: 1}: 2", (1, 1), "a name is a text"),
        ] {
            let problem = parse(text).expect_err(text);
            assert!(problem.what.contains(says), "{text:?}: {problem:?}");
            assert_eq!(problem.at.line, at.0, "{text:?}: {problem:?}");
        }
    }

    #[test]
    fn bombs_are_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..9 {
            text.push_str(&format!("a{n}: &a{n} [{}]\n", format!("*a{}, ", n - 1).repeat(10)));
        }
        assert!(parse(&text).expect_err("a bomb").what.contains("parts up to here"));
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(parse(&"- ".repeat(10_000)).is_err());
        assert!(parse("").expect("nothing").value == Value::Null);
    }
}
