//! The frame: a batch of events as bytes, in the layout that host and packs agree on.
//!
//! A host writes frames with [`FrameWriter`]; a pack reads them with [`Frame`]. `sdk/abi/schema.toml` is where the
//! layout is written down, `docs/frame.md` the page that describes it. A frame grows by appending: a reader of today
//! reads the frames of a newer host, and a reader of tomorrow those of an older one, where what is missing reads as
//! zero or empty.
//!
//! After [`Frame::parse`] nothing can fail: whatever the bytes are, getters give a value and never panic.
//!
//! ```
//! use lanner_abi::{EventHeader, Frame, FrameWriter, OpenRecord, Payload, PayloadRecord, ProcessRecord, NO_PROCESS};
//!
//! let mut writer = FrameWriter::new();
//! let process = writer.process(&ProcessRecord { pid: 7, parent: NO_PROCESS, exe: b"/usr/bin/cat", ..Default::default() });
//! let header = EventHeader { seq: 1, process, ..Default::default() };
//! writer.event(&header, &PayloadRecord::Open(OpenRecord { path: b"/etc/shadow", ..Default::default() }));
//!
//! let frame = Frame::parse(writer.finish())?;
//! for event in frame.events() {
//!     if let Payload::Open(open) = event.payload() {
//!         assert!(open.path() == "/etc/shadow" && open.is_read());
//!         assert_eq!(open.process().exe(), "/usr/bin/cat");
//!     }
//! }
//! # Ok::<(), lanner_abi::FrameError>(())
//! ```

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod address;
mod event;
mod filter;
mod frame;
mod generated;
mod open;
mod process;
mod record;
mod text;
mod writer;

pub use address::is_public;
pub use frame::{Events, Frame, FrameError, Processes};
pub use generated::{
    ConnectEvent, ConnectRecord, Event, EventHeader, ExecEvent, ExecRecord, ExitEvent, ExitRecord, FilterField,
    ForkEvent, ForkRecord, Kind, LossEvent, LossRecord, OpenEvent, OpenRecord, Payload, PayloadRecord, Process,
    ProcessRecord, VERSION, event_flag, process_flag, stdio_flag,
};
pub use process::{Ancestors, Arguments, CommandLine};
pub use text::Text;
pub use writer::{FrameWriter, MAX_ARENA};

/// The row of a process that is not known.
pub const NO_PROCESS: u32 = u32::MAX;
/// What a user id is that nobody has: no login.
pub const NO_USER: u32 = u32::MAX;
