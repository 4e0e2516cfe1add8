//! Records by themselves: of other versions, with fields set and forgotten, shared.

use super::*;

#[test]
fn parts_of_other_versions_give_what_this_one_knows_of_them() {
    for info in RECORDS {
        let whole = full(info, 3);
        let (fixed, texts) = whole.parts();
        for length in 0..=fixed.len() {
            let shorter = OwnedRecord::from_parts(info, &fixed[..length], texts);
            for field in info.fields {
                let within = field.offset() + field.size() <= length;
                assert_eq!(shorter.get().has(field), within, "{} {} of {length}", info.name, field.name);
                assert_eq!(shorter.get().value(field), whole.get().value(field).filter(|_| within), "{}", field.name);
            }
            assert_eq!(shorter.parts().0.len(), info.size);
        }
        let mut longer = fixed.to_vec();
        longer.extend([0xee; 40]);
        with_bits_of_later_fields(&mut longer, info.fields.len());
        let longer = OwnedRecord::from_parts(info, &longer, texts);
        assert!(longer == whole && longer.parts() == whole.parts(), "{}", info.name);
    }
    // Not as many bits as one word has.
    assert!(OwnedRecord::from_parts(&PROCESS, &[0xff; 3], &[]).is_empty());
}

#[test]
fn lists_of_other_versions_are_stepped_over_by_their_size() {
    let (span, row) = (field::container::LABELS.offset(), LABEL.size);
    let container = full(&CONTAINER, 0);
    let (fixed, texts) = container.parts();
    let start = u32::from_le_bytes(fixed[span..span + 4].try_into().expect("four bytes")) as usize;
    let labels = |record: &OwnedRecord| {
        let names = record.get().list(field::container::LABELS)?;
        Some(names.map(|label| label.text(field::label::VALUE).to_string()).collect::<Vec<_>>())
    };
    let of_size = |size: usize| {
        let mut texts = texts[..start].to_vec();
        texts.extend((size as u32).to_le_bytes());
        let rows = container.parts().1[start + 4..].chunks_exact(row);
        texts.extend(rows.flat_map(|label| resized(label, row as u16, size as u16)));
        OwnedRecord::from_parts(&CONTAINER, fixed, &texts)
    };
    assert_eq!(labels(&of_size(row + 16)), Some(vec!["/label/value".to_owned(); 2]));
    assert_eq!(labels(&of_size(row - 1)), Some(vec!["?".to_owned(); 2]), "the value is cut");
    assert_eq!(labels(&of_size(1)), Some(vec!["?".to_owned(); 2]));
    assert_eq!(labels(&of_size(0)), None);
    // More of them than there are.
    let mut more = fixed.to_vec();
    more[span + 4..span + 8].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(labels(&OwnedRecord::from_parts(&CONTAINER, &more, texts)), None);
    let bytes = frame_of(&CONTAINER, OwnedRecord::from_parts(&CONTAINER, &more, texts).get());
    assert!(Frame::parse(&bytes).expect("a frame").container(0).expect("one").labels().is_none());
}

// === what is not there ===

/// Whether a field takes a value.
fn fits(field: &FieldInfo, value: Value<'_>) -> bool {
    let number = match value {
        Value::Unsigned(number) => Some(i128::from(number)),
        Value::Signed(number) => Some(number.into()),
        Value::Bool(yes) if field.reads == Reads::Bool => Some(yes.into()),
        _ => None,
    };
    let within = |least: i128, most: i128| number.is_some_and(|number| (least..=most).contains(&number));
    match field.ty {
        Type::U8 => within(0, u8::MAX.into()),
        Type::U16 => within(0, u16::MAX.into()),
        Type::U32 => within(0, u32::MAX.into()),
        Type::U64 => within(0, u64::MAX.into()),
        Type::I32 => within(i32::MIN.into(), i32::MAX.into()),
        Type::I64 => within(i64::MIN.into(), i64::MAX.into()),
        Type::Text => matches!(value, Value::Text(_)),
        Type::Bytes16 => matches!(value, Value::Bytes16(_)),
        Type::List => false,
    }
}

#[test]
fn a_field_takes_values_of_its_type_and_range_only() {
    let unsigned = [0, 255, 256, 65_535, 65_536, u64::from(u32::MAX), 1 << 32, 1 << 63, u64::MAX].map(Value::Unsigned);
    let signed = [0, -1, 255, i64::from(i32::MIN), i64::from(i32::MIN) - 1, 1 << 31, i64::MIN].map(Value::Signed);
    let others = [Value::Bool(true), Value::Text(b"a"), Value::Text(b""), Value::Bytes16([7; 16])];
    for info in RECORDS {
        for field in info.fields {
            for value in unsigned.iter().chain(&signed).chain(&others) {
                let mut record = full(info, 1);
                let before = record.clone();
                let set = record.set(field, *value);
                assert_eq!(set.is_ok(), fits(field, *value), "{} {} {value:?}", info.name, field.name);
                match set {
                    Ok(()) => assert!(record.get().value(field).is_some()),
                    Err(wrong) => {
                        assert!(record == before, "it stays as it was");
                        assert_eq!(wrong.to_string(), format!("the field {} does not take such a value", field.name));
                    }
                }
            }
        }
    }
}

#[test]
fn a_record_takes_fields_of_its_own_only() {
    let mut process = OwnedRecord::new(&PROCESS);
    assert!(
        process.set(field::open::INODE, Value::from(1_u64)).is_err() && process.set(field::open::INODE, None).is_err()
    );
    assert!(process.set_list(field::container::LABELS, &[]).is_err());
    assert!(process.is_empty() && process == OwnedRecord::new(&PROCESS));
}

#[test]
fn a_list_takes_its_records_only() {
    let mut container = OwnedRecord::new(&CONTAINER);
    let labels = field::container::LABELS;
    assert!(container.set_list(field::container::NAME, &[]).is_err());
    assert!(container.set_list(labels, &[full(&LABEL, 0), full(&PROCESS, 0)]).is_err());
    assert!(container.set(labels, Value::Unsigned(0)).is_err() && container.is_empty());
    container.set_list(labels, &[]).expect("an empty list");
    assert_eq!(container.get().list(labels).expect("it is known").len(), 0);
    container.set_list(labels, &[full(&LABEL, 0)]).expect("a list of labels");
    let bytes = frame_of(&CONTAINER, container.get());
    let frame = Frame::parse(&bytes).expect("a frame");
    assert_eq!(frame.container(0).expect("there").labels().expect("they are there").len(), 1);
    container.set(labels, None).expect("it is forgotten");
    assert!(container.get().list(labels).is_none() && container == OwnedRecord::new(&CONTAINER));
}

#[test]
#[should_panic(expected = "the field pid does not take such a value")]
fn a_value_that_was_said_to_fit_and_does_not_is_a_mistake() {
    let _ = OwnedRecord::new(&PROCESS).with(field::process::PID, "seven");
}

#[test]
fn what_is_forgotten_was_never_there() {
    for info in RECORDS {
        let mut record = full(info, 1);
        for field in info.fields {
            record.set(field, None).expect("anything can be forgotten");
        }
        assert!(record.is_empty() && record == OwnedRecord::new(info));
        assert!(record.parts().0.iter().all(|byte| *byte == 0), "{}", info.name);
    }
}

// === texts that records share ===

#[test]
fn clones_share_texts_and_have_some_of_their_own() {
    let mut first = full(&CONTAINER, 0);
    first.share();
    let mut second = first.clone();
    second.set(field::container::NAME, Value::from("other")).expect("a text");
    assert!(first == full(&CONTAINER, 0) && first != second);
    assert_eq!(second.get().text(field::container::NAME), "other");
    assert_eq!(second.get().text(field::container::ID), "/container/id");
    let bytes = frame_of(&CONTAINER, second.get());
    let read = Frame::parse(&bytes).expect("a frame");
    assert!(is_same(second.get(), read.record(&CONTAINER, 0).expect("there")));
    // Without what is its own.
    let third = second.with_shared_texts();
    assert!(!third.get().has(field::container::NAME) && third.get().list(field::container::LABELS).is_some());
    assert_eq!(third.get().text(field::container::ID), "/container/id");
    // Records of a list may share theirs too.
    let mut label = full(&LABEL, 0);
    label.share();
    label.set(field::label::VALUE, Value::from("own")).expect("a text");
    let mut container = OwnedRecord::new(&CONTAINER);
    container.set_list(field::container::LABELS, &[label.clone()]).expect("a list");
    let listed = container.get().list(field::container::LABELS).expect("it is there").next().expect("one");
    assert!(is_same(listed, label.get()));
}
