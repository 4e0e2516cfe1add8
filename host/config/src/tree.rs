//! TOML as a tree whose every part knows where it stands.

use lanner_document::{Key, Layout, Node, Place, Problem, Value};
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

/// How deep parts may lie in one another: deeper than any key.
const MAX_DEPTH: usize = 16;

/// Reads a text.
pub(crate) fn parse(text: &str) -> Result<Node, Problem> {
    let places = Places(text);
    let table = DeTable::parse(text).map_err(|error| {
        let at = places.of(error.span().map_or(0, |span| span.start));
        Problem::at(at, error.message().replace('\n', "; "))
    })?;
    places.map(table.get_ref(), table.span().start, 0)
}

/// Knows lines and columns of a text.
struct Places<'t>(&'t str);

impl Places<'_> {
    fn of(&self, byte: usize) -> Place {
        let before = self.0.get(..byte).unwrap_or(self.0);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Place { line: 1 + before.matches('\n').count(), column: 1 + line.chars().count() }
    }

    fn node(&self, value: &Spanned<DeValue<'_>>, depth: usize) -> Result<Node, Problem> {
        let (at, span) = (self.of(value.span().start), value.span());
        if depth > MAX_DEPTH {
            return Err(Problem::at(at, format!("this lies deeper than {MAX_DEPTH} parts in one another")));
        }
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.clone().into_owned()),
            DeValue::Boolean(yes) => Value::Bool(*yes),
            DeValue::Integer(number) => Value::Integer(
                integer(number)
                    .ok_or_else(|| Problem::at(at, format!("{number} is larger than any number that is taken")))?,
            ),
            DeValue::Float(number) => {
                Value::Float(number.as_str().parse().map_err(|_| Problem::at(at, format!("{number} is no number")))?)
            }
            DeValue::Datetime(time) => {
                return Err(Problem::at(
                    at,
                    format!("no key takes a date or a time of day, such as {time}; write a text"),
                ));
            }
            DeValue::Array(items) => {
                let items = items.iter().map(|item| self.node(item, depth + 1)).collect::<Result<_, _>>()?;
                Value::List(items, Layout::Flow)
            }
            DeValue::Table(table) => return self.map(table, span.start, depth),
        };
        Ok(Node { at, span, value })
    }

    fn map(&self, table: &DeTable<'_>, start: usize, depth: usize) -> Result<Node, Problem> {
        let mut members = Vec::new();
        for (key, value) in table {
            let name = key.get_ref().clone().into_owned();
            members.push((Key { at: self.of(key.span().start), name }, self.node(value, depth + 1)?));
        }
        // As they stand in the file, so that the first that is wrong is said first.
        members.sort_by_key(|(key, _)| key.at);
        Ok(Node { at: self.of(start), span: start..start, value: Value::Map(members, Layout::Block) })
    }
}

fn integer(number: &DeInteger<'_>) -> Option<i128> {
    i128::from_str_radix(number.as_str(), number.radix()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_knows_where_it_stands() {
        let node =
            parse("a = 1\n[b]\n\"ü\" = 2 # x\nc = [true, \"t\"]\n[[d]]\ne = 0x1F\n[[d]]\nf = 1.5\n").expect("TOML");
        let members = node.map("it").expect("a map");
        let at = |line, column| Place { line, column };
        assert_eq!(members.iter().map(|(key, _)| &*key.name).collect::<Vec<_>>(), ["a", "b", "d"]);
        let b = node.get("b").expect("b");
        assert_eq!(b.get("c").expect("c").list("c").expect("a list")[1].at, at(4, 12));
        let (key, value) = &b.map("b").expect("a map")[0];
        assert_eq!((key.name.as_str(), key.at, value.at), ("ü", at(3, 1), at(3, 7)));
        let d = node.get("d").expect("d").list("d").expect("a list");
        assert_eq!(d[0].get("e").expect("e").value, Value::Integer(31));
        assert_eq!(d[1].get("f").expect("f").value, Value::Float(1.5));
    }

    #[test]
    fn what_is_no_toml_is_said_with_its_place() {
        let problem = parse("a = 1\nb = = 2\n").expect_err("no TOML");
        assert_eq!(problem.at.line, 2);
        assert!(!problem.what.contains('\n'), "{}", problem.what);
        assert!(parse("a = 2027-01-01\n").expect_err("no key takes it").what.contains("2027-01-01"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*", lines in proptest::collection::vec("[a-z.\\[\\]\"]{1,8} ?=? ?\\PC{0,12}", 0..6)) {
            for text in [text, lines.join("\n")] {
                if let Err(problem) = parse(&text) {
                    proptest::prop_assert!(problem.at.line >= 1);
                }
            }
        }
    }
}
