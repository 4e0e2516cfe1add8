//! The frame: a batch of events as bytes, in the layout that host and packs agree on.
//!
//! A host writes frames with [`FrameWriter`]; a pack reads them with [`Frame`]. `sdk/abi/schema.toml` is where the
//! layout is written down, `docs/frame.md` the page that describes it. A frame grows by appending: a reader of today
//! reads the frames of a newer host, and a reader of tomorrow those of an older one. What is missing is told from what is
//! zero or empty: getters of what may be missing give an `Option`, and a [`Text`] says whether it is known.
//!
//! After [`Frame::parse`] nothing can fail: whatever the bytes are, getters give a value and never panic.
//!
//! ```
//! use lanner_abi::{EventHeader, Frame, FrameWriter, Kind, OwnedRecord, PROCESS, Payload, field};
//!
//! let mut writer = FrameWriter::new();
//! let cat = OwnedRecord::new(&PROCESS).with(field::process::PID, 7_u32).with(field::process::EXE, "/usr/bin/cat");
//! let process = writer.record(cat.get(), &mut |_, _| None);
//! let open = OwnedRecord::new(Kind::Open.record()).with(field::open::PATH, "/etc/shadow");
//! let open = writer.record(open.with(field::open::FLAGS, 0_u32).get(), &mut |_, _| None);
//! writer.event(&EventHeader { seq: 1, process: Some(process), ..Default::default() }, Kind::Open, open);
//!
//! let frame = Frame::parse(writer.finish())?;
//! for event in frame.events() {
//!     if let Payload::Open(open) = event.payload() {
//!         assert!(open.path() == "/etc/shadow" && open.is_read());
//!         assert_eq!(open.process().exe(), "/usr/bin/cat");
//!         assert_eq!(open.process().login_uid(), None, "nothing was said of it");
//!     }
//! }
//! # Ok::<(), lanner_abi::FrameError>(())
//! ```

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod address;
mod event;
mod frame;
mod generated;
mod layout;
mod open;
mod owned;
mod process;
mod record;
mod reframe;
mod text;
mod value;
mod writer;

pub use address::is_public;
pub use frame::{Events, Frame, FrameError, Processes};
pub use generated::*;
pub use layout::{FieldInfo, FlagSet, Kernel, KindInfo, Reads, RecordInfo, Type};
pub use owned::{OwnedRecord, WrongType};
pub use process::{Ancestors, Arguments, CommandLine};
pub use reframe::{Portion, with_passed};
pub use text::Text;
pub use value::{RecordRef, Value};
pub use writer::{FrameWriter, MAX_ARENA};

/// What a user or group id is that nobody has.
pub const NO_ID: u32 = u32::MAX;
