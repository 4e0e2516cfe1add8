//! Conditions of Sigma's rules: names of searches with `and`, `or`, `not`, parentheses and `1 of …`.

/// Tokens of a condition at most.
const MAX_TOKENS: usize = 4096;
/// Parentheses and `not` in one another at most.
const MAX_DEPTH: usize = 64;

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// All of these.
    And(Vec<Expression>),
    /// At least one of these.
    Or(Vec<Expression>),
    /// Not this.
    Not(Box<Expression>),
    /// The search of this name.
    Named(String),
    /// Of the searches whose names are of this form (`*` stands for anything) all, or so many at least.
    Of(Quantity, String),
}

/// How many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// All.
    All,
    /// So many at least.
    AtLeast(usize),
}

/// Reads a condition.
///
/// # Errors
/// It is none: a sentence.
pub fn parse(text: &str) -> Result<Expression, String> {
    let tokens = tokens(text)?;
    let mut reader = Reader { tokens: &tokens, at: 0 };
    let expression = reader.or(0)?;
    match reader.peek() {
        None => Ok(expression),
        Some(")") => Err("a `)` closes what no `(` has opened".to_owned()),
        Some(token) => Err(format!("`and` or `or` should stand before {token:?}")),
    }
}

fn tokens(text: &str) -> Result<Vec<&str>, String> {
    let mut tokens = Vec::new();
    for word in text.split_whitespace() {
        let mut rest = word;
        while !rest.is_empty() {
            let end = match rest.find(['(', ')', '|']) {
                Some(0) => 1,
                Some(end) => end,
                None => rest.len(),
            };
            let (token, after) = rest.split_at(end);
            rest = after;
            if token == "|" {
                return Err("counts behind a `|` belong to old versions of Sigma; a correlation rule (event_count, value_count) says the same".to_owned());
            }
            let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '*' | '?' | '-' | '.');
            if !matches!(token, "(" | ")") && !token.chars().all(is_name) {
                return Err(format!("{token:?} is no name of a search"));
            }
            tokens.push(token);
        }
    }
    if tokens.len() > MAX_TOKENS {
        return Err(format!("it has {} words; {MAX_TOKENS} are allowed", tokens.len()));
    }
    Ok(tokens)
}

struct Reader<'t> {
    tokens: &'t [&'t str],
    at: usize,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<&'t str> {
        self.tokens.get(self.at).copied()
    }

    fn next(&mut self) -> Option<&'t str> {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn takes(&mut self, word: &str) -> bool {
        let is = self.peek().is_some_and(|token| token.eq_ignore_ascii_case(word));
        self.at += usize::from(is);
        is
    }

    fn or(&mut self, depth: usize) -> Result<Expression, String> {
        let mut any = vec![self.and(depth)?];
        while self.takes("or") {
            any.push(self.and(depth)?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Expression::Or(any) })
    }

    fn and(&mut self, depth: usize) -> Result<Expression, String> {
        let mut all = vec![self.not(depth)?];
        while self.takes("and") {
            all.push(self.not(depth)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expression::And(all) })
    }

    fn not(&mut self, depth: usize) -> Result<Expression, String> {
        if depth > MAX_DEPTH {
            return Err(format!("it lies deeper than {MAX_DEPTH} parentheses and `not` in one another"));
        }
        if self.takes("not") {
            return Ok(Expression::Not(Box::new(self.not(depth + 1)?)));
        }
        match self.next() {
            None => Err("it ends where the name of a search should stand".to_owned()),
            Some("(") => {
                let inner = self.or(depth + 1)?;
                match self.next() {
                    Some(")") => Ok(inner),
                    _ => Err("a `(` is not closed".to_owned()),
                }
            }
            Some(token) if [")", "and", "or", "of"].iter().any(|word| token.eq_ignore_ascii_case(word)) => {
                Err(format!("the name of a search should stand where {token:?} does"))
            }
            Some(token) if self.takes("of") => {
                let quantity = match token.to_ascii_lowercase().as_str() {
                    "all" => Quantity::All,
                    "any" => Quantity::AtLeast(1),
                    number => match number.parse() {
                        Ok(0) | Err(_) => return Err(format!("{token:?} is not how many: 1, any, all, or a number")),
                        Ok(number) => Quantity::AtLeast(number),
                    },
                };
                match self.next() {
                    Some(token) if token != "(" && token != ")" => Ok(Expression::Of(quantity, token.to_owned())),
                    _ => Err("the names of searches should follow `of`, such as `selection_*` or `them`".to_owned()),
                }
            }
            Some(token) => Ok(Expression::Named(token.to_owned())),
        }
    }
}

/// Whether a search's name is of a form: `*` stands for anything, and `them` for all that do not begin with `_`.
#[must_use]
pub fn is_meant(name: &str, form: &str) -> bool {
    if form.eq_ignore_ascii_case("them") {
        return !name.starts_with('_');
    }
    let mut parts = form.split('*');
    let Some(mut rest) = parts.next().and_then(|begin| name.strip_prefix(begin)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(end) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(expression: &Expression) -> String {
        let all =
            |all: &[Expression], word: &str| format!("({})", all.iter().map(shown).collect::<Vec<_>>().join(word));
        match expression {
            Expression::And(of) => all(of, " & "),
            Expression::Or(of) => all(of, " | "),
            Expression::Not(of) => format!("!{}", shown(of)),
            Expression::Named(name) => name.clone(),
            Expression::Of(Quantity::All, form) => format!("all:{form}"),
            Expression::Of(Quantity::AtLeast(number), form) => format!("{number}:{form}"),
        }
    }

    #[test]
    fn conditions_are_read() {
        for (text, read) in [
            ("selection", "selection"),
            ("a and not b or c", "((a & !b) | c)"),
            ("a AND (b OR c)", "(a & (b | c))"),
            ("not(a and b)", "!(a & b)"),
            ("not not a", "!!a"),
            ("1 of selection_* and not 1 of filter_*", "(1:selection_* & !1:filter_*)"),
            ("all of them or any of x*", "(all:them | 1:x*)"),
            ("2 of a*", "2:a*"),
            ("(a and b) or 1 of them", "((a & b) | 1:them)"),
        ] {
            assert_eq!(parse(text).map(|read| shown(&read)).as_deref(), Ok(read), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, wrong) in [
            ("", "it ends"),
            ("a and", "it ends"),
            ("a b", "should stand before"),
            ("(a", "not closed"),
            ("a)", "no `(`"),
            ("a | count() by b > 3", "correlation rule"),
            ("0 of them", "how many"),
            ("most of them", "how many"),
            ("1 of", "should follow"),
            ("and a", "name of a search"),
            ("a and b!", "no name"),
            (&"(".repeat(100), "deeper"),
            (&"not ".repeat(100), "deeper"),
        ] {
            let said = parse(text).expect_err(text);
            assert!(said.contains(wrong), "{text}: {said}");
        }
    }

    #[test]
    fn names_have_forms() {
        assert!(
            is_meant("selection_a", "selection_*")
                && is_meant("a", "*")
                && is_meant("a_b_c", "a*c")
                && is_meant("a", "a")
        );
        assert!(!is_meant("a", "b") && !is_meant("ab", "a") && !is_meant("_a", "them") && is_meant("a", "them"));
        assert!(is_meant("x_1_y", "x_*_y") && !is_meant("x_y", "x_*_y"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(text in "[a-c()|* ]{0,40}|.{0,40}|(1 of |all of |not |and |or |them|x\\*|\\(|\\) ?){0,20}") {
            let _ = parse(&text);
        }
    }
}
