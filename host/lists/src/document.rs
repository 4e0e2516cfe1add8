//! Files of entries: text, CSV and JSON.

use serde::de::{Deserializer as _, Error as _, SeqAccess, Visitor};
use serde_json::Value;

use lanner_contract::ListType;

use crate::members::{Builder, Members};

/// Bytes of a file at most.
pub const MAX_BYTES: u64 = 128 << 20;
/// What a column or a field is called where it has no other name.
const VALUE: &str = "value";

/// How entries are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One a line; what follows a `#` at the beginning of a line, or after a space, is a comment.
    Text,
    /// A column of a table, whose first line names the columns.
    Csv,
    /// An array of texts and numbers, or of objects that have one of these in a field.
    Json,
}

/// A file has something that is no entry, or cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Wrong {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub what: String,
}

impl Form {
    /// As the end of a file's name says.
    #[must_use]
    pub fn of(name: &str) -> Self {
        match name.rsplit_once('.') {
            Some((_, end)) if end.eq_ignore_ascii_case("csv") => Self::Csv,
            Some((_, end)) if end.eq_ignore_ascii_case("json") => Self::Json,
            _ => Self::Text,
        }
    }

    /// Reads entries of a type for the list of a name. Of a table that is the column of that name, of the name that is given,
    /// or `value`, or the only one.
    ///
    /// # Errors
    /// Something is no entry: none is taken.
    pub fn read(self, bytes: &[u8], holds: &ListType, list: &str, column: Option<&str>) -> Result<Members, Wrong> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut builder = Builder::new(holds);
        match self {
            Self::Text => text(bytes, &mut builder)?,
            Self::Csv => csv(bytes, &mut builder, list, column)?,
            Self::Json => json(bytes, &mut builder, list, column)?,
        }
        Ok(builder.end())
    }
}

fn text(bytes: &[u8], builder: &mut Builder) -> Result<(), Wrong> {
    for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let wrong = |what| Wrong { line, what };
        let text = std::str::from_utf8(text).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
        let entry = without_comment(text).trim();
        if !entry.is_empty() {
            builder.add(entry).map_err(wrong)?;
        }
    }
    Ok(())
}

fn without_comment(line: &str) -> &str {
    let begins = |at: &usize| {
        let before = line.get(..*at).unwrap_or_default();
        before.is_empty() || before.ends_with(char::is_whitespace)
    };
    line.match_indices('#').map(|(at, _)| at).find(begins).and_then(|at| line.get(..at)).unwrap_or(line)
}

fn csv(bytes: &[u8], builder: &mut Builder, list: &str, column: Option<&str>) -> Result<(), Wrong> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).comment(Some(b'#')).from_reader(bytes);
    let names: Vec<String> = reader.headers().map_err(|error| of_csv(&error))?.iter().map(str::to_owned).collect();
    let place = match (column, names.len()) {
        (None, 1) => Some(0),
        _ => [column.unwrap_or(list), if column.is_none() { VALUE } else { "" }]
            .iter()
            .find_map(|wanted| names.iter().position(|name| name == wanted)),
    };
    let Some(place) = place else {
        let said = column.unwrap_or(list);
        let names = names.join(", ");
        let what = format!(
            "there is no column {said:?}, nor one that is called {VALUE}; there are {names}: name one with #COLUMN after the file"
        );
        return Err(Wrong { line: 1, what });
    };
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| of_csv(&error))? {
        let line = record.position().map_or(0, csv::Position::line);
        builder.add(record.get(place).unwrap_or_default()).map_err(|what| Wrong { line, what })?;
    }
    Ok(())
}

fn of_csv(error: &csv::Error) -> Wrong {
    let line = error.position().map_or(1, csv::Position::line);
    let what = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} columns, and the first line {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
        _ => format!("it cannot be read as CSV: {error}"),
    };
    Wrong { line, what }
}

fn json(bytes: &[u8], builder: &mut Builder, list: &str, column: Option<&str>) -> Result<(), Wrong> {
    let wrong = |error: serde_json::Error| {
        let said = error.to_string();
        // It says where, too.
        let what = said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what).to_owned();
        Wrong { line: error.line() as u64, what }
    };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    reader.deserialize_seq(Elements { builder, list, column }).map_err(wrong)?;
    reader.end().map_err(wrong)
}

/// Takes elements as they come: only one stands in memory at a time.
struct Elements<'a> {
    builder: &'a mut Builder,
    list: &'a str,
    column: Option<&'a str>,
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let Self { builder, list, column } = self;
        while let Some(element) = elements.next_element::<Value>()? {
            let field = |object: &'_ Value| -> Option<Value> {
                let names = [column.unwrap_or(list), if column.is_none() { VALUE } else { "" }];
                names.iter().find_map(|name| object.get(*name)).cloned()
            };
            let value = match &element {
                Value::Object(_) => field(&element).ok_or_else(|| {
                    let said = column.unwrap_or(list);
                    A::Error::custom(format!("an object has no field {said:?}, nor one that is called {VALUE}"))
                })?,
                _ => element,
            };
            let added = match &value {
                Value::String(text) => builder.add(text),
                Value::Number(number) => builder.add(&number.to_string()),
                _ => Err("an entry is a text or a number, or an object that has one".to_owned()),
            };
            added.map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: Form, text: &str, holds: &ListType, column: Option<&str>) -> Result<Vec<String>, String> {
        let read = form.read(text.as_bytes(), holds, "programs", column);
        read.map(|members| members.entries().collect()).map_err(|wrong| wrong.to_string())
    }

    #[test]
    fn the_end_of_a_name_says_how_it_is_written() {
        for (name, form) in [("a.csv", Form::Csv), ("a.JSON", Form::Json), ("a.txt", Form::Text), ("csv", Form::Text)] {
            assert_eq!(Form::of(name), form, "{name}");
        }
    }

    #[test]
    fn each_form_is_read() {
        let expected = Ok(vec!["/a b".to_owned(), "/c#d".to_owned()]);
        let text = "\u{feff}# what is trusted\n/a b\r\n\n  /c#d   # as of today\n\t# and nothing else";
        assert_eq!(read(Form::Text, text, &ListType::Path, None), expected);
        for csv in ["programs\n/a b\n\"/c#d\"\n", "id,programs\n1,/a b\n2, /c#d\n", "value,n\n/a b,1\n#x\n/c#d,2"] {
            assert_eq!(read(Form::Csv, csv, &ListType::Path, None), expected, "{csv}");
        }
        assert_eq!(read(Form::Csv, "value,path\nx,/a b\ny,/c#d\n", &ListType::Path, Some("path")), expected);
        for json in [r#"["/a b", "/c#d"]"#, r#"[{"programs": "/a b"}, {"value": "/c#d", "more": [{}]}, "/a b"]"#] {
            assert_eq!(read(Form::Json, json, &ListType::Path, None), expected, "{json}");
        }
        let numbers = r#"[{"port": 443}, "8000-8100", 8100]"#;
        assert_eq!(
            read(Form::Json, numbers, &ListType::Number, Some("port")),
            Ok(vec!["443".into(), "8000-8100".into()])
        );
        assert_eq!(read(Form::Text, "", &ListType::Path, None), Ok(vec![]));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (form, text, why) in [
            (Form::Text, "/a\nb\n", "line 2: \"b\" is no path"),
            (
                Form::Csv,
                "a,b\n/x,/y\n",
                "line 1: there is no column \"programs\", nor one that is called value; there are a, b",
            ),
            (Form::Csv, "a,value\n1,/x\n2,y\n", "line 3: \"y\" is no path"),
            (Form::Csv, "a,value\n1\n", "line 2: it has 1 columns, and the first line 2"),
            (Form::Csv, "value\n\"\"\n", "line 2: \"\" is empty"),
            (Form::Json, "[\"/a\",\n\"b\"]", "line 2: \"b\" is no path"),
            (Form::Json, "[\n{\"path\": \"/a\"}]", "line 2: an object has no field \"programs\", nor one"),
            (Form::Json, "[\n\n[]]", "line 3: an entry is a text or a number"),
            (Form::Json, "{}", "line 1: invalid type: map, expected an array of entries"),
            (Form::Json, "[\"/a\"", "line 1: EOF while parsing a list"),
            (Form::Json, "[\"/a\"]\n]", "line 2: trailing characters"),
        ] {
            let error = read(form, text, &ListType::Path, None).expect_err(text);
            assert!(error.starts_with(why), "{text}: {error}");
        }
        let not_utf8 = Form::Text.read(b"/a\n/\xff\n", &ListType::Path, "x", None).expect_err("refused");
        assert_eq!(not_utf8.to_string(), "line 2: it is not UTF-8");
        let not_utf8 = Form::Csv.read(b"value\n/\xff\n", &ListType::Path, "x", None).expect_err("refused");
        assert_eq!(not_utf8.to_string(), "line 2: it is not UTF-8");
    }
}
