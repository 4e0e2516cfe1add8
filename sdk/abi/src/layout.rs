//! The schema as tables: what reads, writes, compares or prints records without knowing any of them.

use crate::record::{Place, mark};

/// A kind of record: its section, and what it holds.
#[derive(Debug)]
pub struct RecordInfo {
    /// Its name; of a payload the kind's.
    pub name: &'static str,
    /// The number of its section.
    pub section: u16,
    /// Bytes of a record, as this version writes it.
    pub size: usize,
    /// Its fields, in order.
    pub fields: &'static [FieldInfo],
    /// Among all records.
    pub(crate) index: usize,
    /// The words that say what is there, each for 64 fields.
    pub(crate) words: &'static [Word],
}

/// Eight bytes of a record that say of 64 fields which are there, a bit each.
#[derive(Debug)]
pub(crate) struct Word {
    /// Where it stands.
    pub(crate) at: u16,
    /// The bits of the fields that this version knows.
    pub(crate) known: u64,
    /// Those that are texts.
    pub(crate) texts: &'static [Place],
    /// The bits of those that are rows and lists.
    pub(crate) pointing: u64,
    /// Those fields.
    pub(crate) points: &'static [&'static FieldInfo],
}

/// What there is to know of a kind.
#[derive(Debug)]
pub struct KindInfo {
    /// What it has of its own.
    pub record: &'static RecordInfo,
    /// What its events are, in a few words: `files that are opened`.
    pub sees: &'static str,
    /// Somebody does it: it has a process.
    pub has_process: bool,
    /// There is a call, which returned something.
    pub has_result: bool,
    /// Negative results that are no failures.
    pub fine: &'static [i64],
    /// With it comes a process record: the image that begins.
    pub has_image: bool,
    /// The kernel side tells of it.
    pub from_kernel: bool,
}

/// A field of a record.
#[derive(Debug)]
pub struct FieldInfo {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub ty: Type,
    /// What the number stands for.
    pub reads: Reads,
    /// The record that a row or a list is of.
    pub of: Option<&'static RecordInfo>,
    /// The bits that it holds.
    pub flags: Option<&'static FlagSet>,
    /// Every host gives it.
    pub always: bool,
    /// How the kernel side gives it.
    pub kernel: Kernel,
    /// Events with one key of the kernel side's have one value of it.
    pub keyed: bool,
    /// Findings show it.
    pub shown: bool,
    /// What it is called in JSON.
    pub json: &'static str,
    /// The field with the port of this address, to be shown with it.
    pub port: Option<&'static FieldInfo>,
    /// The field with the pid of the process that this row is of.
    pub pid: Option<&'static FieldInfo>,
    /// The number of the record's section.
    pub(crate) section: u16,
    pub(crate) place: Place,
}

/// Names of bits.
#[derive(Debug, PartialEq, Eq)]
pub struct FlagSet {
    /// Its name.
    pub name: &'static str,
    /// Name and number of each bit.
    pub bits: &'static [(&'static str, u8)],
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Type {
    U8,
    U16,
    U32,
    U64,
    I32,
    I64,
    Text,
    Bytes16,
    List,
}

/// What a number stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Itself.
    Plain,
    /// A row of the record that the field is `of`.
    Row,
    /// A row of the payload's section.
    Payload,
    /// A kind's number.
    Kind,
    /// 0 or 1.
    Bool,
    /// A user id.
    User,
    /// A group id.
    Group,
    /// An address: IPv4 as an IPv4-mapped IPv6 address.
    Address,
}

/// How the kernel side gives a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// As it stands in the frame.
    Plain,
    /// Not at all.
    Host,
    /// A walk up the mounts, and a name seen from there.
    Path,
    /// Likewise; what has no path is called by the inode and the mode beside it.
    File,
    /// Up to its NUL.
    String,
    /// A unix socket's `sun_path`.
    Unix,
    /// A DNS message, of which the record has other fields too.
    Dns,
    /// Each ended by a NUL.
    Arguments,
    /// ns since boot.
    BootTime,
}

impl RecordInfo {
    /// The field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static FieldInfo> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The fields that point at other records.
    pub fn rows(&self) -> impl Iterator<Item = &'static FieldInfo> {
        self.fields.iter().filter(|field| field.reads == Reads::Row)
    }

    /// Takes from a record what cannot be there: what this version does not know, and what lies beyond the end of a record
    /// that was so long when it was written.
    pub(crate) fn clean(&self, record: &mut [u8], written: usize) {
        for word in self.words {
            word.known_in(record);
        }
        if written < self.size {
            self.fields.iter().filter(|field| field.end() > written).for_each(|field| field.forget(record));
        }
    }
}

impl Word {
    /// What is there of a record, as far as this version knows it; what it does not know is taken from it.
    #[inline]
    pub(crate) fn known_in(&self, record: &mut [u8]) -> u64 {
        let word = record.get_mut(usize::from(self.at)..).and_then(<[u8]>::first_chunk_mut::<8>);
        word.map_or(0, |word| {
            let known = u64::from_le_bytes(*word) & self.known;
            *word = known.to_le_bytes();
            known
        })
    }
}

/// The same field: of the same record, at the same place.
impl PartialEq for FieldInfo {
    fn eq(&self, other: &Self) -> bool {
        (self.section, self.place.offset) == (other.section, other.place.offset)
    }
}

impl Eq for FieldInfo {}

impl FieldInfo {
    /// The number of the record's section.
    #[must_use]
    pub const fn section(&self) -> u16 {
        self.section
    }

    /// Bytes from the record's beginning.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.place.offset as usize
    }

    /// Bytes from the record's beginning to its end.
    pub(crate) const fn end(&self) -> usize {
        self.offset() + self.size()
    }

    /// Takes it from a record. Its bytes become zero, so that records of which the same is known are the same.
    pub(crate) fn forget(&self, record: &mut [u8]) {
        mark(record, self.place, false);
        if let Some(bytes) = record.get_mut(self.offset()..self.end()) {
            bytes.fill(0);
        }
    }

    /// Bytes of it in a record.
    #[must_use]
    pub const fn size(&self) -> usize {
        match self.ty {
            Type::U8 => 1,
            Type::U16 => 2,
            Type::U32 | Type::I32 => 4,
            Type::U64 | Type::I64 | Type::Text | Type::List => 8,
            Type::Bytes16 => 16,
        }
    }
}
