//! Whatever can be written is read as it was written, and bytes that are no frame are no trouble.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// A value of a field, with its own text.
#[derive(Clone, Debug)]
enum Any {
    Value(Value<'static>),
    Text(Vec<u8>),
    List(Vec<OwnedRecord>),
}

fn any_value(field: &'static FieldInfo) -> BoxedStrategy<Any> {
    let unsigned = |most: u64| (0..=most).prop_map(|number| Any::Value(Value::Unsigned(number))).boxed();
    match (field.ty, field.of) {
        _ if field.reads == Reads::Bool => any::<bool>().prop_map(|yes| Any::Value(Value::Bool(yes))).boxed(),
        (Type::U8, _) => unsigned(u8::MAX.into()),
        (Type::U16, _) => unsigned(u16::MAX.into()),
        (Type::U32, _) => unsigned(u32::MAX.into()),
        (Type::U64, _) => unsigned(u64::MAX),
        (Type::I32, _) => any::<i32>().prop_map(|number| Any::Value(number.into())).boxed(),
        (Type::I64, _) => any::<i64>().prop_map(|number| Any::Value(number.into())).boxed(),
        (Type::Bytes16, _) => any::<[u8; 16]>().prop_map(|bytes| Any::Value(Value::Bytes16(bytes))).boxed(),
        (Type::List, Some(of)) => vec(any_record(of), 0..4).prop_map(Any::List).boxed(),
        _ => vec(any::<u8>(), 0..40).prop_map(Any::Text).boxed(),
    }
}

/// A record of which anything may be known.
fn any_record(info: &'static RecordInfo) -> BoxedStrategy<OwnedRecord> {
    let fields: Vec<_> = info.fields.iter().map(|field| prop::option::of(any_value(field))).collect();
    let make = move |values: Vec<Option<Any>>| {
        let mut record = OwnedRecord::new(info);
        for (field, value) in info.fields.iter().zip(values) {
            match value {
                None => {}
                Some(Any::Value(value)) => record.set(field, value).expect("it fits"),
                Some(Any::Text(text)) => record.set(field, Value::Text(&text)).expect("a text"),
                Some(Any::List(records)) => record.set_list(field, &records).expect("a list"),
            }
        }
        record
    };
    fields.prop_map(make).boxed()
}

fn any_event() -> impl Strategy<Value = (EventHeader, Kind, OwnedRecord)> {
    let of = |kind: Kind| any_record(kind.record()).prop_map(move |record| (kind, record));
    let payloads = prop::sample::select(Kind::ALL.to_vec()).prop_flat_map(of);
    type Numbers = (u64, u64, u16, Option<u32>, Option<u32>, Option<i64>);
    (any::<Numbers>(), payloads).prop_map(|((seq, time, flags, process, tid, result), (kind, record))| {
        (EventHeader { seq, time, flags, process, tid, result }, kind, record)
    })
}

fn read_as_written(event: &Event<'_>, (header, kind, payload): &(EventHeader, Kind, OwnedRecord)) -> bool {
    let read = event.payload_record().expect("a known kind");
    event.header() == *header && event.kind() == Some(*kind) && is_same(read, payload.get())
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        processes in vec(any_record(&PROCESS), 0..5),
        containers in vec(any_record(&CONTAINER), 0..5),
        events in vec(any_event(), 0..12),
    ) {
        let mut writer = FrameWriter::new();
        // A second frame of the same writer holds nothing of the first.
        for round in 0..2 {
            writer.clear();
            for (row, process) in processes.iter().enumerate().skip(round) {
                prop_assert_eq!(add(&mut writer, process.get()) as usize, row - round);
            }
            for (row, container) in containers.iter().enumerate().skip(round) {
                prop_assert_eq!(add(&mut writer, container.get()) as usize, row - round);
            }
            for (header, kind, payload) in events.iter().skip(round) {
                let row = add(&mut writer, payload.get());
                writer.event(header, *kind, row);
            }
            let size = writer.size();
            let bytes = writer.finish().to_vec();
            prop_assert!(bytes.len() >= size);
            let frame = Frame::parse(&bytes).expect("a frame");
            prop_assert_eq!(frame.processes().len(), processes.len().saturating_sub(round));
            prop_assert_eq!(frame.events().len(), events.len().saturating_sub(round));
            for (read, written) in frame.processes().zip(processes.iter().skip(round)) {
                prop_assert!(is_same(read.as_record(), written.get()));
            }
            for (row, written) in (0..).zip(containers.iter().skip(round)) {
                prop_assert!(is_same(frame.container(row).expect("there").as_record(), written.get()));
            }
            for (read, written) in frame.events().zip(events.iter().skip(round)) {
                prop_assert!(read_as_written(&read, written));
            }
            walk(&frame);
            // What was read is written as the same frame.
            let mut again = FrameWriter::new();
            for process in frame.processes() {
                add(&mut again, process.as_record());
            }
            for row in (0..).map_while(|row| frame.container(row)) {
                add(&mut again, row.as_record());
            }
            for event in frame.events() {
                let row = add(&mut again, event.payload_record().expect("a known kind"));
                again.event(&event.header(), event.kind().expect("a known kind"), row);
            }
            prop_assert_eq!(again.finish(), &bytes);
        }
    }

    #[test]
    fn records_are_kept_as_they_are(record in any_record(&CONTAINER), process in any_record(&PROCESS)) {
        for record in [record, process] {
            let (fixed, texts) = record.parts();
            prop_assert!(OwnedRecord::from_parts(record.info(), fixed, texts) == record);
            let mut shared = record.clone();
            shared.share();
            prop_assert!(shared == record && shared.with_shared_texts() == record);
            prop_assert_eq!(shared.len(), record.len());
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in vec(any::<u8>(), 0..400)) {
        let _ = Frame::parse(&bytes).map(|frame| walk(&frame));
    }

    #[test]
    fn any_parts_are_read_and_written_without_a_panic(
        info in prop::sample::select(RECORDS.to_vec()),
        fixed in vec(any::<u8>(), 0..300),
        texts in vec(any::<u8>(), 0..100),
    ) {
        let kept = OwnedRecord::from_parts(info, &fixed, &texts);
        for record in [kept.get(), RecordRef::new(info, &fixed, [&texts, &fixed])] {
            walk_record(record);
            let bytes = frame_of(info, record);
            let _ = Frame::parse(&bytes).map(|frame| walk(&frame));
        }
    }

    #[test]
    fn spoiled_frames_are_read_without_a_panic(changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut bytes = sample();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            // The magic and the version would only be refused.
            if at >= 6 {
                bytes[at] = value;
            }
        }
        let _ = Frame::parse(&bytes).map(|frame| walk(&frame));
    }
}
