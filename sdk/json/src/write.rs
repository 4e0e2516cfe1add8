//! From records to JSON.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use lanner_abi::{FieldInfo, Kind, Reads, RecordRef, Value};
use serde_json::Value as Json;

use crate::{HEX, Object};

/// Gives what stands for the record that a field points at, by the number that is in the field.
type Pointed<'a> = dyn FnMut(&'static FieldInfo, u64) -> Option<Json> + 'a;

/// All that is known in a record.
pub fn write(record: RecordRef<'_>, pointed: &mut Pointed<'_>) -> Object {
    let mut object = Object::new();
    for field in record.info().fields {
        let json = match (field.reads, record.value(field)) {
            (Reads::Row, Some(Value::Unsigned(number))) => pointed(field, number),
            (Reads::Payload, _) => None,
            (_, value) => value.map(|value| of(field, value)),
        };
        if let Some(json) = json {
            object.insert(field.name.to_owned(), json);
        }
        if let Some(list) = record.list(field) {
            let list = list.map(|item| Json::Object(write(item, pointed))).collect();
            object.insert(field.name.to_owned(), Json::Array(list));
        }
    }
    object
}

/// What findings show of a record: short, under the names that they have in JSON.
pub fn shown(record: RecordRef<'_>, pointed: &mut Pointed<'_>) -> Object {
    let mut object = Object::new();
    for field in record.info().fields.iter().filter(|field| field.shown) {
        let port = field.port.and_then(|port| record.number(port)).and_then(|port| u16::try_from(port).ok());
        let json = match (field.reads, record.value(field), port) {
            (Reads::Row, Some(Value::Unsigned(number)), _) => pointed(field, number),
            (Reads::Address, Some(Value::Bytes16(bytes)), Some(port)) => {
                Some(SocketAddr::new(address(bytes), port).to_string().into())
            }
            (_, Some(Value::Text(text)), _) => Some(String::from_utf8_lossy(text).into()),
            (Reads::Kind, Some(value), _) => Some(of(field, value)),
            (_, value, _) => value.map(plain),
        };
        if let Some(json) = json {
            object.insert(field.json.to_owned(), json);
        }
    }
    object
}

/// A value as a person would write it.
fn of(field: &FieldInfo, value: Value<'_>) -> Json {
    match (field.reads, field.flags, value) {
        (Reads::Kind, _, Value::Unsigned(number)) => {
            let kind = u16::try_from(number).ok().and_then(Kind::from_number);
            kind.map_or(number.into(), |kind| kind.name().into())
        }
        (_, Some(set), Value::Unsigned(mut bits)) => {
            let mut names: Vec<Json> = Vec::new();
            for (name, bit) in set.bits.iter().filter(|(_, bit)| bits >> bit & 1 != 0).collect::<Vec<_>>() {
                names.push((*name).into());
                bits &= !(1 << bit);
            }
            // Those without a name by their number.
            names.extend((0..64).filter(|bit| bits >> bit & 1 != 0).map(Json::from));
            Json::Array(names)
        }
        (.., value) => plain(value),
    }
}

fn plain(value: Value<'_>) -> Json {
    match value {
        Value::Unsigned(number) => number.into(),
        Value::Signed(number) => number.into(),
        Value::Bool(yes) => yes.into(),
        Value::Bytes16(bytes) => written_address(bytes),
        Value::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => text.into(),
            Err(_) => {
                let hex: String = text.iter().map(|byte| format!("{byte:02x}")).collect();
                Json::Object([(HEX.to_owned(), hex.into())].into_iter().collect())
            }
        },
    }
}

fn written_address(bytes: [u8; 16]) -> Json {
    address(bytes).to_string().into()
}

fn address(bytes: [u8; 16]) -> IpAddr {
    Ipv6Addr::from(bytes).to_canonical()
}
