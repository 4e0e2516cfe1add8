//! Records as a capture holds them: facts as they stand in a frame, so that they grow as a frame does.

use lanner_abi::{CONTAINER, Kind, OwnedRecord, PROCESS, RecordInfo};
use lanner_probes::event::{Keys, RawEvent, Task};
use serde::{Deserialize, Serialize};

use crate::record::{ProcessSnapshot, Record};

/// One record.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stored {
    Process(Box<Process>),
    SnapshotEnd {
        boot_ns: u64,
    },
    Group {
        id: u64,
        #[serde(with = "serde_bytes")]
        path: Vec<u8>,
    },
    Container(Box<Facts>),
    Event(Box<Event>),
}

#[derive(Serialize, Deserialize)]
pub(super) struct Process {
    task: Task,
    image: Facts,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Event {
    time_ns: u64,
    /// The kind's number.
    kind: u16,
    #[serde(default, skip_serializing_if = "is_zero")]
    flags: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    task: Option<Task>,
    payload: Facts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image: Option<Box<Facts>>,
}

/// A record as in its section, as long as its writer knew it, and the texts that it points into.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Facts {
    #[serde(with = "serde_bytes")]
    fixed: Vec<u8>,
    #[serde(with = "serde_bytes")]
    texts: Vec<u8>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
fn is_zero(flags: &u16) -> bool {
    *flags == 0
}

impl From<&OwnedRecord> for Facts {
    fn from(record: &OwnedRecord) -> Self {
        let (fixed, texts) = record.parts();
        Self { fixed: fixed.to_vec(), texts: texts.to_vec() }
    }
}

impl Facts {
    fn to_record(&self, info: &'static RecordInfo) -> OwnedRecord {
        OwnedRecord::from_parts(info, &self.fixed, &self.texts)
    }
}

impl From<&Record> for Stored {
    fn from(record: &Record) -> Self {
        match record {
            Record::Process(process) => {
                let ProcessSnapshot { task, image } = &**process;
                Self::Process(Box::new(Process { task: task.clone(), image: image.into() }))
            }
            Record::SnapshotEnd { boot_ns } => Self::SnapshotEnd { boot_ns: *boot_ns },
            Record::Group { id, path } => Self::Group { id: *id, path: path.clone() },
            Record::Container(container) => Self::Container(Box::new((&**container).into())),
            Record::Event(event) => {
                let RawEvent { time_ns, kind, flags, result, task, payload, image, keys: _ } = &**event;
                Self::Event(Box::new(Event {
                    time_ns: *time_ns,
                    kind: kind.number(),
                    flags: *flags,
                    result: *result,
                    task: task.clone(),
                    payload: payload.into(),
                    image: image.as_deref().map(|image| Box::new(image.into())),
                }))
            }
        }
    }
}

impl Stored {
    /// What it holds; nothing for an event of a kind that this version does not know.
    pub(super) fn into_record(self) -> Option<Record> {
        Some(match self {
            Self::Process(process) => {
                let Process { task, image } = *process;
                Record::Process(Box::new(ProcessSnapshot { task, image: image.to_record(&PROCESS) }))
            }
            Self::SnapshotEnd { boot_ns } => Record::SnapshotEnd { boot_ns },
            Self::Group { id, path } => Record::Group { id, path },
            Self::Container(container) => Record::Container(Box::new(container.to_record(&CONTAINER))),
            Self::Event(event) => {
                let Event { time_ns, kind, flags, result, task, payload, image } = *event;
                let kind = Kind::from_number(kind)?;
                let payload = payload.to_record(kind.record());
                let image = image.map(|image| Box::new(image.to_record(&PROCESS)));
                Record::Event(Box::new(RawEvent {
                    time_ns,
                    kind,
                    flags,
                    result,
                    task,
                    payload,
                    image,
                    keys: Keys::default(),
                }))
            }
        })
    }

    /// The time of an event.
    pub(super) fn event_time(&self) -> Option<u64> {
        match self {
            Self::Event(event) => Some(event.time_ns),
            _ => None,
        }
    }
}
