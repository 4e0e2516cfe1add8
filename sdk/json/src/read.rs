//! From JSON to records.

use std::net::IpAddr;

use lanner_abi::{FieldInfo, Kind, OwnedRecord, Reads, RecordInfo, Type, Value};
use serde_json::Value as Json;

use crate::{HEX, Object};

/// JSON does not describe a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No field of the record has this name.
    #[error("there is no field {name:?} in {record:?}; there are {known}")]
    NoField {
        /// The name.
        name: String,
        /// The record.
        record: &'static str,
        /// Those that there are.
        known: String,
    },
    /// The value is not one of the field's.
    #[error("the field {record}.{field} takes {takes}, and not {value}")]
    Value {
        /// The record.
        record: &'static str,
        /// The field.
        field: &'static str,
        /// What it takes.
        takes: String,
        /// What was there.
        value: String,
    },
}

/// A record, of what JSON says of it. What it does not say is not known.
///
/// # Errors
/// It has a name that the record does not have, or a value that the field does not take.
pub fn read(info: &'static RecordInfo, object: &Object) -> Result<OwnedRecord, ReadError> {
    let mut record = OwnedRecord::new(info);
    for (name, json) in object {
        let no_field = || {
            let known = info.fields.iter().filter(|field| !points(field)).map(|field| field.name);
            let known = known.collect::<Vec<_>>().join(", ");
            ReadError::NoField { name: name.clone(), record: info.name, known }
        };
        let field = info.field(name).ok_or_else(no_field)?;
        let wrong =
            || ReadError::Value { record: info.name, field: field.name, takes: takes(field), value: json.to_string() };
        if let (Type::List, Some(of)) = (field.ty, field.of) {
            let items = json.as_array().ok_or_else(wrong)?;
            let items = items.iter().map(|item| read(of, item.as_object().ok_or_else(wrong)?));
            record.set_list(field, &items.collect::<Result<Vec<_>, _>>()?).map_err(|_| wrong())?;
            continue;
        }
        let mut bytes = Vec::new();
        let value = value(field, json, &mut bytes).ok_or_else(wrong)?;
        record.set(field, Some(value)).map_err(|_| wrong())?;
    }
    Ok(record)
}

/// What points at another record cannot be written down.
fn points(field: &FieldInfo) -> bool {
    matches!(field.reads, Reads::Row | Reads::Payload)
}

fn value<'a>(field: &FieldInfo, json: &'a Json, bytes: &'a mut Vec<u8>) -> Option<Value<'a>> {
    if points(field) {
        return None;
    }
    Some(match (field.reads, field.flags, field.ty, json) {
        (.., Type::Text, Json::String(text)) => Value::Text(text.as_bytes()),
        (.., Type::Text, Json::Object(object)) => {
            *bytes = unhex(object.get(HEX).filter(|_| object.len() == 1)?.as_str()?)?;
            Value::Text(bytes)
        }
        (.., Type::Text, _) => return None,
        (.., Type::Bytes16, Json::String(text)) => text.parse::<IpAddr>().ok()?.into(),
        (Reads::Kind, .., Json::String(name)) => Kind::from_name(name)?.number().into(),
        (Reads::Bool, .., Json::Bool(yes)) => Value::Bool(*yes),
        (Reads::Bool, ..) => return None,
        (_, Some(set), _, Json::Array(names)) => {
            let mut bits = 0_u64;
            for name in names {
                let bit = match name {
                    Json::String(name) => set.bits.iter().find(|(known, _)| known == name).map(|(_, bit)| *bit)?,
                    other => u8::try_from(other.as_u64()?).ok().filter(|bit| *bit < 64)?,
                };
                bits |= 1 << bit;
            }
            bits.into()
        }
        (.., Json::Number(number)) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => number.into(),
            (None, Some(number)) => number.into(),
            (None, None) => return None,
        },
        _ => return None,
    })
}

fn takes(field: &FieldInfo) -> String {
    match (field.reads, field.flags, field.ty) {
        (Reads::Row | Reads::Payload, ..) => "nothing that can be written down".to_owned(),
        (Reads::Bool, ..) => "true or false".to_owned(),
        (Reads::Kind, ..) => "the name of a kind".to_owned(),
        (_, Some(set), _) => {
            let names: Vec<&str> = set.bits.iter().map(|(name, _)| *name).collect();
            format!("a list of {}, or numbers of bits", names.join(", "))
        }
        (.., Type::Text) => "a text, or {\"hex\": \"…\"}".to_owned(),
        (.., Type::Bytes16) => "an address".to_owned(),
        (.., Type::List) => "a list of objects".to_owned(),
        (.., Type::I32 | Type::I64) => format!("a whole number of {} bits", 8 * field.size()),
        _ => format!("a whole number of {} bits that is not negative", 8 * field.size()),
    }
}

fn unhex(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        hex.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
