//! Templates of outputs.

use lanner_abi::Kind;
use lanner_conditions::{Builder, FieldId, Part, Transform};

use super::fields::{self, Answer};
use super::grammar::{self, Problem};
use crate::Difference;

/// Fields of a finding that are kept beside its message; a host takes 64.
const MAX_FACTS: usize = 60;

/// A template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(grammar::Field),
}

/// Reads a template: `%` before a field is its value, `%%` is a `%`.
pub(super) fn read(text: &str) -> Result<Template, Problem> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let after = at + c.len_utf8();
        let rest = text.get(after..).unwrap_or_default();
        match c {
            // Where it stands alone, the output is given as it is even where a value is missing: it always is here.
            '*' if at == 0 && rest.starts_with('%') => at = after,
            '%' if rest.starts_with('%') => {
                plain.push('%');
                at = after + 1;
            }
            '%' if rest.starts_with("container.info") => {
                for (name, field) in [("container_id=", "container.id"), (" container_name=", "container.name")] {
                    plain.push_str(name);
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    let field = grammar::field_at(field)?.map(|(field, _)| field);
                    pieces.extend(field.map(Piece::Field));
                }
                at = after + "container.info".len();
            }
            '%' => match grammar::field_at(rest) {
                Ok(Some((field, length))) => {
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    }
                    pieces.push(Piece::Field(grammar::Field { at: after, ..field }));
                    at = after + length;
                }
                Ok(None) => {
                    let what = "a field should follow this %, such as %proc.name; a % itself is written %%".to_owned();
                    return Err(Problem { at, what });
                }
                Err(problem) => return Err(Problem { at: after + problem.at, ..problem }),
            },
            c => {
                plain.push(c);
                at = after;
            }
        }
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(Template(pieces))
}

/// A message, and the values in it by the names of their fields.
type Made = (Vec<Part>, Vec<(String, FieldId)>);

impl Template {
    /// What a finding about an event of a kind says.
    pub(super) fn of(
        &self,
        kind: Kind,
        builder: &mut Builder,
        differences: &mut Vec<Difference>,
    ) -> Result<Made, Problem> {
        let (mut parts, mut facts): Made = Default::default();
        for piece in &self.0 {
            let field = match piece {
                Piece::Text(text) => {
                    parts.push(Part::Text(text.clone()));
                    continue;
                }
                Piece::Field(field) => field,
            };
            let argument = field.argument.as_ref().map_or(String::new(), |argument| format!("[{argument}]"));
            let mut differs = |what: String| {
                let difference = Difference { matters: false, what };
                if !differences.contains(&difference) {
                    differences.push(difference);
                }
            };
            let mapped = match fields::answer(kind, &field.name, field.argument.as_deref()) {
                Answer::Field(mapped) => mapped,
                Answer::Absent => {
                    parts.push(Part::Text("<NA>".to_owned()));
                    continue;
                }
                Answer::Unseen(why) => {
                    differs(format!("in the output {}{argument} is shown as <NA>: {why}", field.name));
                    parts.push(Part::Text("<NA>".to_owned()));
                    continue;
                }
                Answer::Unknown => {
                    let near = lanner_document::nearest(&field.name, fields::NAMES.iter().copied());
                    let near = near.filter(|near| *near != field.name);
                    let near = near.map_or(String::new(), |near| format!("; did you mean {near:?}?"));
                    let what = format!("there is no field {}{argument}{near}", field.name);
                    return Err(Problem { at: field.at, what });
                }
            };
            if let Some((how, _)) = mapped.differs {
                differs(format!("in the output: {how}"));
            }
            let mut of = mapped.field;
            for transformer in &field.transformers {
                of = of.then(match transformer {
                    grammar::Transformer::Lower => Transform::Lower,
                    grammar::Transformer::Upper => Transform::Upper,
                    grammar::Transformer::Base64 => Transform::Base64,
                    grammar::Transformer::Basename => Transform::FileName,
                    grammar::Transformer::Length => Transform::Length,
                });
            }
            let id = builder.field(of);
            parts.push(Part::Field(id));
            let name = format!("{}{argument}", field.name);
            if facts.len() < MAX_FACTS && !facts.iter().any(|(known, _)| *known == name) {
                facts.push((name, id));
            }
        }
        Ok((parts, facts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let shown = |piece: &Piece| match piece {
            Piece::Text(text) => format!("{text:?}"),
            Piece::Field(field) => format!("{}{}", field.name, field.argument.as_deref().unwrap_or_default()),
        };
        read(text).map_or_else(
            |problem| format!("{}: {problem}", problem.at),
            |template| template.0.iter().map(shown).collect::<Vec<_>>().join(" "),
        )
    }

    #[test]
    fn templates_are_read() {
        assert_eq!(shown("a %proc.name."), "\"a \" proc.name \".\"");
        assert_eq!(shown("*%proc.aname[2] 100%%"), "proc.aname2 \" 100%\"");
        assert_eq!(shown("%tolower(proc.name)x"), "proc.name \"x\"");
        assert_eq!(shown("%container.info"), "\"container_id=\" container.id \" container_name=\" container.name");
        assert!(shown("100% sure").starts_with("3: a field should follow"));
        assert!(shown("%proc.aname[").starts_with("12: "));
        assert_eq!(shown("ü%proc.name"), "\"ü\" proc.name");
    }
}
