//! Values, as they stand in the golden text.

use std::fmt;

use lanner_abi::Text;

/// A value as it stands in the golden text; `-` where it is not known.
pub(crate) trait Shown {
    fn show(&self) -> String;
}

pub(crate) fn shown(value: &impl Shown) -> String {
    value.show()
}

/// Bytes in quotes; what is not printable ASCII, a quote or a backslash as `\xNN`.
impl Shown for Text<'_> {
    fn show(&self) -> String {
        let Some(bytes) = self.known() else { return "-".to_owned() };
        let byte = |byte: &u8| match byte {
            b'"' | b'\\' | 0..0x20 | 0x7f.. => format!("\\x{byte:02x}"),
            byte => char::from(*byte).to_string(),
        };
        format!("\"{}\"", bytes.iter().map(byte).collect::<String>())
    }
}

/// Bytes in hexadecimal.
impl Shown for [u8; 16] {
    fn show(&self) -> String {
        self.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl<T: Shown> Shown for Option<T> {
    fn show(&self) -> String {
        self.as_ref().map_or("-".to_owned(), Shown::show)
    }
}

macro_rules! as_displayed {
    ($($ty:ty),*) => {$(
        impl Shown for $ty {
            fn show(&self) -> String {
                fmt::format(format_args!("{self}"))
            }
        }
    )*};
}

as_displayed!(u8, u16, u32, u64, usize, i32, i64, bool);
