//! Arbitrary records, for proptest: any kind, of which anything is known, by the tables of the schema.

use std::net::Ipv6Addr;

use lanner_abi::{CONTAINER, FieldInfo, Kind, LABEL, OwnedRecord, PROCESS, Reads, RecordInfo, Type, Value, field};
use lanner_probes::event::{Keys, RawEvent, Standing, Task};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::record::{ProcessSnapshot, Record};

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..40)
}

/// What a field may be set to: its bits, and where it is a text, that.
type Drawn = (u128, Vec<u8>);

#[expect(clippy::cast_possible_truncation, reason = "any bits will do")]
fn value<'a>(field: &FieldInfo, (bits, text): &'a Drawn) -> Value<'a> {
    let bits = *bits;
    match field.ty {
        Type::U8 if field.reads == Reads::Bool => (bits & 1 != 0).into(),
        Type::U8 => (bits as u8).into(),
        Type::U16 => (bits as u16).into(),
        Type::U32 => (bits as u32).into(),
        Type::U64 => (bits as u64).into(),
        Type::I32 => (bits as i32).into(),
        Type::I64 => (bits as i64).into(),
        Type::Bytes16 => Value::Bytes16(Ipv6Addr::from(bits).octets()),
        Type::Text | Type::List => text.as_slice().into(),
    }
}

fn record_of(info: &'static RecordInfo) -> impl Strategy<Value = OwnedRecord> {
    vec(option::of((any::<u128>(), bytes())), info.fields.len()).prop_map(move |drawn| {
        let mut record = OwnedRecord::new(info);
        for (field, drawn) in info.fields.iter().zip(&drawn) {
            if field.ty != Type::List {
                record.set(field, drawn.as_ref().map(|drawn| value(field, drawn))).expect("of its type");
            }
        }
        record
    })
}

fn standing() -> impl Strategy<Value = Standing> {
    any::<([u32; 8], [u64; 4])>().prop_map(|(ids, numbers)| {
        let [suid, sgid, sid, pgid, mnt_ns, pid_ns, net_ns, user_ns] = ids;
        let [cgroup_id, caps_inheritable, caps_permitted, caps_effective] = numbers;
        Standing {
            suid,
            sgid,
            sid,
            pgid,
            mnt_ns,
            pid_ns,
            net_ns,
            user_ns,
            cgroup_id,
            caps_inheritable,
            caps_permitted,
            caps_effective,
        }
    })
}

fn task() -> impl Strategy<Value = Task> {
    let known = any::<([u32; 2], [u64; 2], u32, [u32; 4], bool)>();
    (known, bytes(), option::of(standing())).prop_map(|((ids, starts, ppid, users, k), comm, standing)| Task {
        pid: ids[0],
        tid: ids[1],
        start_boot_ns: starts[0],
        ppid,
        parent_start_boot_ns: starts[1],
        uid: users[0],
        euid: users[1],
        gid: users[2],
        egid: users[3],
        standing,
        comm,
        kernel_thread: k,
        image_key: 0,
    })
}

fn event() -> impl Strategy<Value = RawEvent> {
    let what = proptest::sample::select(&Kind::ALL[..]).prop_flat_map(|kind| (Just(kind), record_of(kind.record())));
    (any::<(u64, u16, Option<i64>)>(), option::of(task()), what, option::of(record_of(&PROCESS))).prop_map(
        |((time_ns, flags, result), task, (kind, payload), image)| RawEvent {
            time_ns,
            kind,
            flags,
            result,
            task,
            payload,
            image: image.map(Box::new),
            keys: Keys::default(),
        },
    )
}

/// Any record.
pub(super) fn record() -> impl Strategy<Value = Record> {
    prop_oneof![
        1 => (task(), record_of(&PROCESS))
            .prop_map(|(task, image)| Record::Process(Box::new(ProcessSnapshot { task, image }))),
        1 => any::<u64>().prop_map(|boot_ns| Record::SnapshotEnd { boot_ns }),
        1 => (any::<u64>(), bytes()).prop_map(|(id, path)| Record::Group { id, path }),
        1 => (record_of(&CONTAINER), vec((bytes(), bytes()), 0..3)).prop_map(|(mut container, labels)| {
            let label = |(name, value): &(Vec<u8>, Vec<u8>)| {
                OwnedRecord::new(&LABEL).with(field::label::NAME, name.as_slice()).with(field::label::VALUE, value.as_slice())
            };
            let labels: Vec<OwnedRecord> = labels.iter().map(label).collect();
            container.set_list(field::container::LABELS, &labels).expect("a list of labels");
            Record::Container(Box::new(container))
        }),
        4 => event().prop_map(|event| Record::Event(Box::new(event))),
    ]
}
