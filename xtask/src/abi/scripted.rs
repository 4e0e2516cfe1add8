//! What the readers of Python and JavaScript have in common: frames are read as words of 32 bits there, and lines of documentation
//! end somewhere.

use super::schema::{Field, Record};

/// Characters of a line.
const LINE: usize = 110;

/// Where a field stands, in words of 32 bits, and by how much its word is to be shifted.
pub(super) struct Place {
    pub(super) word: usize,
    pub(super) mask: u32,
    pub(super) at: usize,
    pub(super) shift: usize,
}

impl Place {
    pub(super) fn of(record: &Record, field: &Field) -> Self {
        Self {
            word: field.word(record) / 4 + field.bit() / 32,
            mask: 1 << (field.bit() % 32),
            at: field.offset / 4,
            shift: field.offset % 4 * 8,
        }
    }
}

/// A text in lines that are not too long with `around` characters beside it.
pub(super) fn lines(text: &str, around: usize) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split(' ') {
        if !line.is_empty() && around + line.len() + word.len() > LINE {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// Those of `names` that the code calls or is made of.
pub(super) fn used<'a>(code: &str, names: &[&'a str]) -> Vec<&'a str> {
    let is = |form: &str| code.contains(form);
    let of_it = |name: &&&str| {
        ["(", ")", " {"].iter().any(|after| is(&format!(" {name}{after}")) || is(&format!("({name}{after}")))
    };
    names.iter().filter(of_it).copied().collect()
}
