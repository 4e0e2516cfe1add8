//! Reads conditions, from left to right.

use super::{Check, Condition, Field, MAX_DEPTH, Modifier, Operand, Operator, Problem, Transformer, Value};

pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) depth: usize,
}

impl<'t> Parser<'t> {
    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn problem(&self, what: impl Into<String>) -> Problem {
        Problem { at: self.at, what: what.into() }
    }

    pub(super) fn expected(&self, what: &str) -> Problem {
        let rest = self.rest();
        let end = rest.char_indices().nth(20).map_or(rest.len(), |(end, _)| end);
        let found = rest.get(..end).unwrap_or_default();
        match found.split([' ', '\n', '\t']).next() {
            None | Some("") => self.problem(format!("{what} should stand here, where the condition ends")),
            Some(found) => self.problem(format!("{what} should stand here, and not {found:?}")),
        }
    }

    pub(super) fn blank(&mut self) -> bool {
        let rest = self.rest();
        let after = rest.trim_start_matches([' ', '\t', '\r', '\n', '\u{8}']);
        self.at += rest.len() - after.len();
        rest.len() != after.len()
    }

    fn takes(&mut self, token: &str) -> bool {
        let is_there = self.rest().starts_with(token);
        if is_there {
            self.at += token.len();
        }
        is_there
    }

    /// A word that ends here: a blank or a bracket follows.
    fn word(&mut self, word: &str) -> bool {
        let ends = |rest: &str| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n', '(', ')']);
        let is_there = self.rest().strip_prefix(word).is_some_and(ends);
        if is_there {
            self.at += word.len();
        }
        is_there
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Problem>) -> Result<T, Problem> {
        if self.depth >= MAX_DEPTH {
            return Err(self.problem(format!("conditions lie deeper than {MAX_DEPTH} in one another here")));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    pub(super) fn or(&mut self) -> Result<Condition, Problem> {
        let mut conditions = vec![self.and()?];
        loop {
            self.blank();
            if !self.word("or") {
                break;
            }
            conditions.push(self.and()?);
        }
        Ok(if conditions.len() == 1 { conditions.remove(0) } else { Condition::Or(conditions) })
    }

    fn and(&mut self) -> Result<Condition, Problem> {
        let mut conditions = vec![self.not()?];
        loop {
            self.blank();
            if !self.word("and") {
                break;
            }
            conditions.push(self.not()?);
        }
        Ok(if conditions.len() == 1 { conditions.remove(0) } else { Condition::And(conditions) })
    }

    fn not(&mut self) -> Result<Condition, Problem> {
        let mut negated = false;
        loop {
            self.blank();
            if !self.word("not") {
                break;
            }
            negated = !negated;
        }
        let condition = self.check()?;
        Ok(if negated { Condition::Not(Box::new(condition)) } else { condition })
    }

    fn check(&mut self) -> Result<Condition, Problem> {
        self.blank();
        let at = self.at;
        if self.takes("(") {
            let condition = self.deeper(Self::or)?;
            self.blank();
            return match self.takes(")") {
                true => Ok(condition),
                false => Err(self.expected("`)`, or `and` or `or` and more,")),
            };
        }
        if let Some(field) = self.field_or_transformer()? {
            return self.condition(at, field);
        }
        match self.identifier() {
            Some("and" | "or" | "in") => {
                self.at = at;
                Err(self.expected("a field with a test, a macro, `not` or `(`"))
            }
            Some(name) => Ok(Condition::Macro(name.to_owned(), at)),
            None => Err(self.expected("a field with a test, a macro, `not` or `(`")),
        }
    }

    /// Letters, digits and `_`, a letter first.
    fn identifier(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
        let name = rest.get(..length).filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))?;
        self.at += length;
        Some(name)
    }

    /// At least two of these, with dots between them.
    fn field_name(&mut self) -> Option<&'t str> {
        let from = self.at;
        let mut parts = 0;
        while self.identifier().is_some() {
            parts += 1;
            let dot =
                self.rest().strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
            if !dot {
                break;
            }
            self.at += 1;
        }
        if parts < 2 {
            self.at = from;
            return None;
        }
        self.text.get(from..self.at)
    }

    fn field(&mut self) -> Result<Option<Field>, Problem> {
        let at = self.at;
        let Some(name) = self.field_name() else { return Ok(None) };
        let mut field = Field { at, transformers: Vec::new(), name: name.to_owned(), argument: None };
        if self.takes("[") {
            let argument = match self.quoted()? {
                Some(quoted) => quoted,
                None => {
                    let rest = self.rest();
                    let is_part = |c: &char| !matches!(c, '[' | ']' | '"' | '\'') && !c.is_whitespace();
                    let length = rest.chars().take_while(is_part).map(char::len_utf8).sum();
                    self.at += length;
                    rest.get(..length).unwrap_or_default().to_owned()
                }
            };
            if argument.is_empty() {
                return Err(self.expected("what is asked of the field, such as the number of an ancestor,"));
            }
            if !self.takes("]") {
                return Err(self.expected("`]`"));
            }
            field.argument = Some(argument);
        }
        Ok(Some(field))
    }

    fn transformer(&mut self) -> Option<Transformer> {
        const ALL: [(&str, Transformer); 5] = [
            ("tolower(", Transformer::Lower),
            ("toupper(", Transformer::Upper),
            ("b64(", Transformer::Base64),
            ("basename(", Transformer::Basename),
            ("len(", Transformer::Length),
        ];
        ALL.into_iter().find(|(written, _)| self.takes(written)).map(|(_, transformer)| transformer)
    }

    pub(super) fn field_or_transformer(&mut self) -> Result<Option<Field>, Problem> {
        let at = self.at;
        let Some(transformer) = self.transformer() else { return self.field() };
        self.blank();
        let Some(mut field) = self.deeper(Self::field_or_transformer)? else {
            return Err(self.expected("a field"));
        };
        self.blank();
        if !self.takes(")") {
            return Err(self.expected("`)`"));
        }
        field.transformers.push(transformer);
        field.at = at;
        Ok(Some(field))
    }

    fn condition(&mut self, at: usize, field: Field) -> Result<Condition, Problem> {
        self.blank();
        let Some(operator) = self.operator() else {
            let known =
                || Operator::ALL.iter().map(|(written, ..)| format!("`{written}`")).collect::<Vec<_>>().join(" ");
            return Err(self.expected(&format!("an operator ({})", known())));
        };
        self.blank();
        let modifier = match operator {
            Operator::Exists | Operator::In | Operator::Intersects | Operator::PMatch => None,
            _ => self.modifier(),
        };
        self.blank();
        let with = match operator {
            Operator::Exists => Operand::None,
            _ if modifier.is_some() => self.list()?,
            Operator::In | Operator::Intersects | Operator::PMatch => self.list()?,
            _ => self.value_or_field()?,
        };
        Ok(Condition::Check(Check { at, field, operator, modifier, with }))
    }

    fn operator(&mut self) -> Option<Operator> {
        for (written, operator, is_word) in Operator::ALL {
            let takes = match is_word {
                true => self.word(written),
                false => self.takes(written),
            };
            if takes {
                return Some(*operator);
            }
        }
        None
    }

    fn modifier(&mut self) -> Option<Modifier> {
        [("oneof", Modifier::Any), ("anyof", Modifier::Any), ("allof", Modifier::All)]
            .into_iter()
            .find(|(written, _)| self.word(written))
            .map(|(_, modifier)| modifier)
    }

    /// A field that is compared with: `val(…)`, or something made of one.
    fn other_field(&mut self) -> Result<Option<Field>, Problem> {
        if !self.takes("val(") {
            let from = self.at;
            if self.transformer().is_none() {
                return Ok(None);
            }
            self.at = from;
            return self.field_or_transformer();
        }
        self.blank();
        let Some(field) = self.field()? else { return Err(self.expected("a field")) };
        self.blank();
        match self.takes(")") {
            true => Ok(Some(field)),
            false => Err(self.expected("`)`")),
        }
    }

    fn value_or_field(&mut self) -> Result<Operand, Problem> {
        if let Some(field) = self.other_field()? {
            return Ok(Operand::Field(field));
        }
        match self.value()? {
            Some(value) => Ok(Operand::Value(value)),
            None => Err(self.expected("a value, in quotes where it has blanks or one of ()=,\"' in it,")),
        }
    }

    fn list(&mut self) -> Result<Operand, Problem> {
        if !self.takes("(") {
            if let Some(field) = self.other_field()? {
                return Ok(Operand::Field(field));
            }
            return Err(self.expected("`(` and values with `,` between them"));
        }
        let mut values = Vec::new();
        self.blank();
        if self.takes(")") {
            return Ok(Operand::List(values));
        }
        loop {
            self.blank();
            match self.value()? {
                Some(value) => values.push(value),
                None => return Err(self.expected("a value, in quotes where it has blanks or one of ()=,\"' in it,")),
            }
            self.blank();
            if self.takes(")") {
                return Ok(Operand::List(values));
            }
            if !self.takes(",") {
                return Err(self.expected("`,` or `)`"));
            }
        }
    }

    fn value(&mut self) -> Result<Option<Value>, Problem> {
        let at = self.at;
        if let Some(text) = self.quoted()? {
            return Ok(Some(Value { at, text, quoted: true }));
        }
        let rest = self.rest();
        let is_part = |c: &char| !matches!(c, '(' | ')' | '"' | '\'' | '=' | ',') && !c.is_whitespace();
        let length: usize = rest.chars().take_while(is_part).map(char::len_utf8).sum();
        self.at += length;
        let text = rest.get(..length).filter(|text| !text.is_empty());
        Ok(text.map(|text| Value { at, text: text.to_owned(), quoted: false }))
    }

    /// In `"` or `'`; `\` before a quote or a `\` makes it part of the text, before others it stands for itself.
    fn quoted(&mut self) -> Result<Option<String>, Problem> {
        let Some(quote) = self.rest().chars().next().filter(|c| matches!(c, '"' | '\'')) else { return Ok(None) };
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some((_, escaped @ ('"' | '\'' | '\\'))) => text.push(escaped),
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, 'r')) => text.push('\r'),
                    Some((_, 'b')) => text.push('\u{8}'),
                    Some((_, other)) => text.extend(['\\', other]),
                    None => break,
                },
                c if c == quote => {
                    self.at += at + c.len_utf8();
                    return Ok(Some(text));
                }
                c => text.push(c),
            }
        }
        Err(self.problem(format!("this text has no {quote} at its end")))
    }
}
