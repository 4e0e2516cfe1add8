//! Conditions as Falco writes them (`userspace/libsinsp/filter/parser.h` has the grammar).

mod parser;

use std::fmt;

use parser::Parser;

/// How deep conditions may lie in one another, with the macros that they name.
pub const MAX_DEPTH: usize = 100;
/// Bytes of a condition.
pub const MAX_LENGTH: usize = 256 << 10;

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// All of these.
    And(Vec<Condition>),
    /// At least one of these.
    Or(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
    /// What a macro of this name says.
    Macro(String, usize),
    /// A test of a field.
    Check(Check),
}

/// A test of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Where it begins, in bytes.
    pub at: usize,
    /// The field.
    pub field: Field,
    /// What is asked.
    pub operator: Operator,
    /// With how many of several values it has to be so.
    pub modifier: Option<Modifier>,
    /// What it is compared with.
    pub with: Operand,
}

/// A field, and what is made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Where it begins, in bytes.
    pub at: usize,
    /// What is made of it, the innermost first.
    pub transformers: Vec<Transformer>,
    /// Its name.
    pub name: String,
    /// What stands in brackets behind it.
    pub argument: Option<String>,
}

/// What is made of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transformer {
    /// In lower case.
    Lower,
    /// In upper case.
    Upper,
    /// What it stands for in base64.
    Base64,
    /// What follows its last `/`.
    Basename,
    /// How long it is.
    Length,
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// Nothing.
    None,
    /// A value.
    Value(Value),
    /// One of several.
    List(Vec<Value>),
    /// Another field.
    Field(Field),
}

/// A value as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// Where it begins, in bytes.
    pub at: usize,
    /// It, without quotes.
    pub text: String,
    /// Whether it had some: then it is no list's name.
    pub quoted: bool,
}

/// With how many of several values something has to be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modifier {
    /// With one of them, at least.
    Any,
    /// With each.
    All,
}

macro_rules! operators {
    ($($(#[$doc:meta])* $name:ident $written:literal $word:literal;)*) => {
        /// What is asked of a field.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Operator {
            $($(#[$doc])* $name,)*
        }

        impl Operator {
            /// All of them, as they are written, and whether they are words.
            const ALL: &'static [(&'static str, Self, bool)] = &[$(($written, Self::$name, $word)),*];

            /// As it is written.
            #[must_use]
            pub fn name(self) -> &'static str {
                Self::ALL.iter().find(|(_, operator, _)| *operator == self).map_or("", |(written, ..)| written)
            }
        }
    };
}

// Of those that begin alike the longest first.
operators! {
    /// It is there.
    Exists "exists" true;
    /// Less, or the same.
    LessOrEqual "<=" false;
    /// Less.
    Less "<" false;
    /// More, or the same.
    MoreOrEqual ">=" false;
    /// More.
    More ">" false;
    /// The same.
    Equal "==" false;
    /// The same.
    Equals "=" false;
    /// It is there, and another.
    NotEqual "!=" false;
    /// A glob.
    Glob "glob" true;
    /// A glob; case does not matter.
    IGlob "iglob" true;
    /// Has it in it.
    Contains "contains" true;
    /// Likewise; case does not matter.
    IContains "icontains" true;
    /// Has bytes in it, which are written in hex.
    BContains "bcontains" true;
    /// Begins with it.
    StartsWith "startswith" true;
    /// Begins with bytes, which are written in hex.
    BStartsWith "bstartswith" true;
    /// Ends with it.
    EndsWith "endswith" true;
    /// A regular expression describes all of it.
    Regex "regex" true;
    /// Of several values one is among these.
    Intersects "intersects" true;
    /// Is among these.
    In "in" true;
    /// Is one of these paths, or lies below one.
    PMatch "pmatch" true;
}

/// A condition is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, in bytes.
    pub at: usize,
    /// A sentence.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// Reads a condition.
///
/// # Errors
/// It is none: where, and what should stand there.
pub fn parse(text: &str) -> Result<Condition, Problem> {
    if text.len() > MAX_LENGTH {
        let what = format!("this condition has {} bytes; {MAX_LENGTH} are allowed", text.len());
        return Err(Problem { at: 0, what });
    }
    let mut parser = Parser { text, at: 0, depth: 0 };
    parser.blank();
    if parser.rest().is_empty() {
        return Err(parser.problem("there is no condition here"));
    }
    let condition = parser.or()?;
    parser.blank();
    match parser.rest().is_empty() {
        true => Ok(condition),
        false => Err(parser.expected("`and`, `or` or the end of the condition")),
    }
}

/// The field at the beginning of a text, and how long it is written; nothing where there is none.
///
/// # Errors
/// It is cut.
pub fn field_at(text: &str) -> Result<Option<(Field, usize)>, Problem> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    Ok(parser.field_or_transformer()?.map(|field| (field, parser.at)))
}

#[cfg(test)]
mod tests;
