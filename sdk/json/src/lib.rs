//! Records as JSON that people read and write: by the tables of the schema, so that no kind has to be known here.
//!
//! A field that is not known is left out. Numbers and yes or no are what JSON has for them, kinds and flags have their
//! names, addresses are written as usual, a text that is not UTF-8 is `{"hex": "2fff"}`. What points at another record is
//! the caller's affair.

#![forbid(unsafe_code)]

mod near;
mod read;
mod write;

pub use near::nearest;
pub use read::{ReadError, read};
pub use write::{shown, write};

/// A JSON object, its members in order.
pub type Object = serde_json::Map<String, serde_json::Value>;

/// The key of a text's bytes where they are not UTF-8.
const HEX: &str = "hex";

#[cfg(test)]
mod tests {
    use lanner_abi::{FieldInfo, Kind, OwnedRecord, Reads, Type, field};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn object(value: serde_json::Value) -> Object {
        match value {
            serde_json::Value::Object(object) => object,
            other => panic!("not an object: {other}"),
        }
    }

    #[test]
    fn an_open_reads_as_a_person_writes_it() {
        let open = OwnedRecord::new(Kind::Open.record()).with(field::open::PATH, "/etc/shadow");
        let open = open.with(field::open::FLAGS, 0o2000_u32).with(field::open::CREATED, true);
        let expected = json!({"path": "/etc/shadow", "flags": 1024, "created": true});
        assert_eq!(serde_json::Value::Object(write(open.get(), &mut |_, _| None)), expected);
        assert_eq!(read(Kind::Open.record(), &object(expected)).expect("an open"), open);
    }

    #[test]
    fn addresses_flags_kinds_and_bytes() {
        let connect = json!({"address": "192.0.2.1", "port": 443, "family": 2, "fd": -1, "unix_path": {"hex": "40ff"}});
        let record = read(Kind::Connect.record(), &object(connect.clone())).expect("a connect");
        assert_eq!(record.get().bytes(field::connect::UNIX_PATH), Some(&b"@\xff"[..]));
        assert_eq!(serde_json::Value::Object(write(record.get(), &mut |_, _| None)), connect);
        let exec = json!({"stdio": ["stdout_socket", "stdin_pipe", 31], "filename": "x"});
        let record = read(Kind::Exec.record(), &object(exec.clone())).expect("an exec");
        assert_eq!(serde_json::Value::Object(write(record.get(), &mut |_, _| None)), exec);
        let loss = json!({"lost_kind": "open", "count": 3});
        let record = read(Kind::Loss.record(), &object(loss.clone())).expect("a loss");
        assert_eq!(serde_json::Value::Object(write(record.get(), &mut |_, _| None)), loss);
    }

    #[test]
    fn what_findings_show_is_short() {
        let exec = OwnedRecord::new(Kind::Exec.record()).with(field::exec::FILENAME, "/bin/sh");
        let address: std::net::IpAddr = "2001:db8::1".parse().expect("an address");
        let exec = exec.with(field::exec::PEER_ADDRESS, address).with(field::exec::PEER_PORT, 4444_u16);
        let expected = json!({"filename": "/bin/sh", "stdin_peer": "[2001:db8::1]:4444"});
        assert_eq!(serde_json::Value::Object(shown(exec.get(), &mut |_, _| None)), expected);
    }

    #[test]
    fn what_is_wrong_is_said_with_the_field() {
        for (wrong, says) in [
            (json!({"paht": "/x"}), "there is no field \"paht\""),
            (json!({"flags": "read"}), "flags"),
            (json!({"flags": -1}), "flags"),
            (json!({"created": 1}), "created"),
            (json!({"path": {"hex": "f"}}), "path"),
            (json!({"path": 3}), "path"),
        ] {
            let error = read(Kind::Open.record(), &object(wrong)).expect_err("it is wrong").to_string();
            assert!(error.contains(says), "{error}");
        }
        let error = read(Kind::Exec.record(), &object(json!({"image": 3}))).expect_err("it is a row").to_string();
        assert!(error.contains("image"), "{error}");
    }

    /// Any value that a field can have.
    fn value<'a>(field: &FieldInfo, number: u64, text: &'a [u8]) -> lanner_abi::Value<'a> {
        match field.ty {
            Type::Text => lanner_abi::Value::Text(text),
            Type::Bytes16 => lanner_abi::Value::Bytes16(u128::from(number).to_be_bytes()),
            Type::U8 if field.reads == Reads::Bool => lanner_abi::Value::Bool(number.is_multiple_of(2)),
            Type::U8 => (number as u8).into(),
            Type::U16 => (number as u16).into(),
            Type::U32 => (number as u32).into(),
            Type::I32 => (number as i32).into(),
            Type::I64 => (number as i64).into(),
            Type::U64 | Type::List => number.into(),
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(seeds in proptest::collection::vec((any::<bool>(), any::<u64>(), any::<Vec<u8>>()), 64)) {
            for kind in Kind::ALL {
                let mut record = OwnedRecord::new(kind.record());
                for (field, (there, number, text)) in kind.record().fields.iter().zip(&seeds) {
                    if *there && field.reads != Reads::Row && field.ty != Type::List {
                        record.set(field, Some(value(field, *number, text))).expect("a value of its type");
                    }
                }
                let written = write(record.get(), &mut |_, _| None);
                let again = read(kind.record(), &written).expect("what was written");
                for field in kind.record().fields {
                    prop_assert_eq!(again.get().value(field), record.get().value(field), "{:?}", field.name);
                }
            }
        }
    }
}
