//! Fields of events, those too that follow from others.

use lanner_abi::{CONTAINER, Event, FieldInfo, Kind, PROCESS, Process, RecordInfo, RecordRef, Value as Raw, field};
use serde::{Deserialize, Serialize};

use crate::glob::Glob;
use crate::memory::{KUBERNETES, KUBERNETES_VARIABLE, Memory};
use crate::names::{CREATED, Table};
use crate::time::write_time;
use crate::transform::{Transform, transformed};

/// Ancestors that are looked at.
const MAX_ANCESTORS: usize = 64;
/// Bytes of a text that is made of others.
const MAX_TEXT: usize = 64 << 10;

/// A value of an event.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Field {
    /// Whose it is.
    pub of: Owner,
    /// What of it.
    pub get: Get,
    /// What is made of it, one after the other.
    pub transforms: Vec<Transform>,
    /// What it is where it is not known.
    pub otherwise: Option<Constant>,
}

/// Whose a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Owner {
    /// The event's own.
    Event,
    /// What the kind has of its own.
    Payload,
    /// The process that the event is about: of an exec the image that begins.
    Process,
    /// Its parent (1), the parent's parent (2), and so on.
    Ancestor(u8),
    /// All of these: the value of each.
    Ancestors,
    /// The leader of its session, where that is among its ancestors or itself.
    SessionLeader,
    /// The leader of its process group, likewise.
    GroupLeader,
    /// The container that it runs in.
    Container,
    /// The process that the payload names in its field of this place.
    Named(u8),
}

/// What of it. Fields of records are named by their place in the schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Get {
    /// A field as it is.
    Raw(u16),
    /// Whether a bit of it is set.
    Bit(u16, u8),
    /// A number, as it is written.
    Names(u16, Table),
    /// Texts that each end with a NUL, from the one of this place on, with spaces between them.
    Joined(u16, u8),
    /// The one of this place.
    Item(u16, u8),
    /// Of a process: its name and its arguments, with spaces between them.
    CommandLine,
    /// Of a process: the name of whom it acts as (its effective user), where that is known.
    User,
    /// Of a process: the name of the user of the login that it descends from, likewise.
    LoginUser,
    /// Of a process: the name of its effective group, likewise.
    Group,
    /// Of a process: how long ago it began, ns.
    Age,
    /// Of a process: ns from this time of it to its beginning.
    SinceUntilStart(u16),
    /// Of a process: its id in its own pid namespace.
    NamespacePid,
    /// Of a process: whether it leads its session, or its process group.
    LeadsSession,
    /// Likewise.
    LeadsGroup,
    /// Of a user id in the payload, the name, where it is that of the process or root's.
    UserOf(u16),
    /// The first of these that is known.
    First(Vec<Field>),
    /// The values of all of these.
    Each(Vec<Field>),
    /// Of a process: what an entry of its environment is set to.
    Environment(Vec<u8>),
    /// One thing where some of these bits are set, and another where none is.
    Choice(u16, u64, Constant, Constant),
    /// Of an open: its flags and whether it created the file, as they are written.
    OpenFlags,
    /// Of an open: how it is for reading and writing: 0, 1 for reading, 2 for writing, 3 for both.
    OpenAccess,
    /// Of a container: where what of the host has a path of this form is mounted.
    MountOf(Vec<u8>),
    /// Of a container: what of the host is mounted there.
    MountAt(Vec<u8>),
    /// Of a container: what is mounted, in one line.
    Mounts,
    /// Of a container: the label of this name; of its pod, where that is said.
    Label(Vec<u8>, bool),
    /// Of a container: its labels, in one line.
    Labels(bool),
    /// A connection, in one line.
    Connection(Box<Socket>),
    /// Hosts that an address was an answer for, of those that rules name.
    Hosts(Box<Field>),
    /// Whether the socket's peer is another than at the event before.
    PeerChanged(Box<Socket>),
    /// A time, ns since 1970, as people write it: with the date, or without it.
    Time(u16, bool),
    /// Seconds, or the rest in ns, of a time.
    TimePart(u16, bool),
    /// This.
    Constant(Constant),
}

/// Where a payload has the two sides of a connection. What it does not have is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Socket {
    /// Address and port of this side.
    pub local: Option<(u16, Option<u16>)>,
    /// Address and port of the peer.
    pub peer: Option<(u16, Option<u16>)>,
    /// Path of a unix socket.
    pub path: Option<u16>,
    /// Whether the peer began it.
    pub inbound: bool,
    /// Descriptor.
    pub fd: Option<u16>,
}

/// A value by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Constant {
    /// A text.
    Text(Vec<u8>),
    /// A number.
    Number(i128),
    /// Yes or no.
    Bool(bool),
}

impl Constant {
    /// Whether it is compared as a text.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Text(&'a [u8]),
    Number(i128),
    Bool(bool),
    Address([u8; 16]),
}

impl<'a> From<Raw<'a>> for Value<'a> {
    #[inline]
    fn from(value: Raw<'a>) -> Self {
        match value {
            Raw::Text(text) => Self::Text(text),
            Raw::Unsigned(number) => Self::Number(number.into()),
            Raw::Signed(number) => Self::Number(number.into()),
            Raw::Bool(yes) => Self::Bool(yes),
            Raw::Bytes16(bytes) => Self::Address(bytes),
        }
    }
}

impl<'a> From<&'a Constant> for Value<'a> {
    fn from(constant: &'a Constant) -> Self {
        match constant {
            Constant::Text(text) => Self::Text(text),
            Constant::Number(number) => Self::Number(*number),
            Constant::Bool(yes) => Self::Bool(*yes),
        }
    }
}

/// Takes values; whether it has what it looks for.
pub(crate) type Take<'t> = &'t mut dyn FnMut(Value<'_>) -> bool;

/// An event, and what is remembered of those before.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'e> {
    pub(crate) event: &'e Event<'e>,
    pub(crate) memory: &'e Memory,
}

impl Field {
    /// A field of a record, as it is.
    #[must_use]
    pub fn raw(of: Owner, info: &FieldInfo) -> Self {
        Self::get(of, Get::Raw(place(info)))
    }

    /// Something of a record.
    #[must_use]
    pub const fn get(of: Owner, get: Get) -> Self {
        Self { of, get, transforms: Vec::new(), otherwise: None }
    }

    /// With something made of it.
    #[must_use]
    pub fn then(mut self, transform: Transform) -> Self {
        self.transforms.push(transform);
        self
    }

    /// Which is this where it is not known.
    #[must_use]
    pub fn or(mut self, otherwise: Constant) -> Self {
        self.otherwise = Some(otherwise);
        self
    }

    /// Whether it is a field as it is.
    pub(crate) fn is_plain(&self) -> bool {
        self.transforms.is_empty() && self.otherwise.is_none()
    }

    /// Whether its text is made when it is asked for, so that it is worth keeping for the next who asks.
    pub(crate) fn is_made(&self) -> bool {
        !matches!(self.of, Owner::Ancestors)
            && matches!(
                self.get,
                Get::CommandLine | Get::Joined(..) | Get::OpenFlags | Get::Names(..) | Get::Connection(_)
            )
            && self.transforms.is_empty()
    }

    /// Hands over its values, until one is taken. Says whether one was.
    pub(crate) fn each(&self, seen: Seen<'_>, take: Take<'_>) -> bool {
        let mut known = false;
        let taken = {
            let mut take = |value: Value<'_>| {
                known = true;
                take(value)
            };
            match self.transforms.as_slice() {
                [] => self.untransformed(seen, &mut take),
                transforms => self.untransformed(seen, &mut |value| transformed(value, transforms, &mut take)),
            }
        };
        match &self.otherwise {
            Some(otherwise) if !known => take(otherwise.into()),
            _ => taken,
        }
    }

    fn untransformed(&self, seen: Seen<'_>, take: Take<'_>) -> bool {
        let event = seen.event;
        match &self.get {
            Get::Constant(constant) => return take(constant.into()),
            Get::First(fields) => {
                for field in fields {
                    let mut known = false;
                    let taken = field.each(seen, &mut |value| {
                        known = true;
                        take(value)
                    });
                    if known {
                        return taken;
                    }
                }
                return false;
            }
            Get::Each(fields) => return fields.iter().any(|field| field.each(seen, take)),
            Get::Hosts(address) => {
                return address.each(seen, &mut |value| match value {
                    Value::Address(address) => {
                        seen.memory.hosts_of(address).any(|host| take(Value::Text(host)))
                            || is_api_server(event, address)
                                && KUBERNETES.iter().any(|host| take(Value::Text(host.as_bytes())))
                    }
                    _ => false,
                });
            }
            _ => {}
        }
        match self.of {
            Owner::Event => self.of_record(seen, event.as_record(), None, take),
            Owner::Payload => event.payload_record().is_some_and(|record| self.of_record(seen, record, None, take)),
            Owner::Process => subject(event).is_some_and(|process| self.of_process(seen, &process, take)),
            Owner::Ancestor(number) => {
                let ancestor = subject(event).and_then(|process| {
                    usize::from(number).checked_sub(1).and_then(|skipped| process.ancestors().nth(skipped))
                });
                ancestor.is_some_and(|process| self.of_process(seen, &process, take))
            }
            Owner::Ancestors => subject(event).is_some_and(|process| {
                process.ancestors().take(MAX_ANCESTORS).any(|ancestor| self.of_process(seen, &ancestor, take))
            }),
            Owner::SessionLeader => {
                leader(event, Process::sid).is_some_and(|process| self.of_process(seen, &process, take))
            }
            Owner::GroupLeader => {
                leader(event, Process::pgid).is_some_and(|process| self.of_process(seen, &process, take))
            }
            Owner::Container => {
                let container = subject(event).and_then(|process| process.container());
                container.is_some_and(|container| self.of_record(seen, container.as_record(), None, take))
            }
            Owner::Named(place) => {
                let process = event.payload_record().and_then(|payload| {
                    let row = payload.number(payload.info().fields.get(usize::from(place))?)?;
                    event.named_process(u32::try_from(row).ok()?)
                });
                process.is_some_and(|process| self.of_process(seen, &process, take))
            }
        }
    }

    #[inline]
    fn of_process(&self, seen: Seen<'_>, process: &Process<'_>, take: Take<'_>) -> bool {
        self.of_record(seen, process.as_record(), Some(process), take)
    }

    fn of_record(&self, seen: Seen<'_>, record: RecordRef<'_>, process: Option<&Process<'_>>, take: Take<'_>) -> bool {
        let at = |place: u16| record.info().fields.get(usize::from(place));
        let number = |place: u16| match record.value(at(place)?)? {
            Raw::Unsigned(number) => Some(i128::from(number)),
            Raw::Signed(number) => Some(number.into()),
            _ => None,
        };
        let text = |place: u16| at(place).and_then(|field| record.bytes(field));
        let mut made = Vec::new();
        match &self.get {
            Get::Raw(place) => {
                return at(*place).and_then(|field| record.value(field)).is_some_and(|value| take(value.into()));
            }
            Get::Bit(place, bit) => {
                return number(*place).is_some_and(|number| take(Value::Bool(number >> bit & 1 == 1)));
            }
            Get::Names(place, table) => match number(*place) {
                Some(number) => table.write(number, &mut made),
                None => return false,
            },
            Get::Joined(place, from) => match text(*place) {
                Some(text) => join(text, usize::from(*from), &mut made),
                None => return false,
            },
            Get::Item(place, which) => {
                let item = text(*place).and_then(|text| items(text).nth(usize::from(*which)));
                return item.is_some_and(|item| take(Value::Text(item)));
            }
            Get::CommandLine => {
                let Some(process) = process else { return false };
                let Some(comm) = process.comm().known() else { return false };
                made.extend_from_slice(comm);
                if let Some(argv) = process.argv().known() {
                    let arguments = made.len();
                    made.push(b' ');
                    join(argv, 1, &mut made);
                    if made.len() == arguments + 1 {
                        made.truncate(arguments);
                    }
                }
            }
            Get::User => {
                let name = process.and_then(user);
                return name.is_some_and(|name| take(Value::Text(name)));
            }
            Get::LoginUser => {
                let name = process.and_then(|process| name_of(process, process.login_uid()?));
                return name.is_some_and(|name| take(Value::Text(name)));
            }
            Get::Group => {
                let root = process.is_some_and(|process| process.egid() == 0);
                return root && take(Value::Text(b"root"));
            }
            Get::Age => {
                let age = process.map(|process| i128::from(seen.event.time()) - i128::from(process.start()));
                return age.is_some_and(|age| take(Value::Number(age)));
            }
            Get::SinceUntilStart(place) => {
                let since = process.and_then(|process| Some(i128::from(process.image_start()) - number(*place)?));
                return since.is_some_and(|since| take(Value::Number(since)));
            }
            Get::NamespacePid => {
                let pid = process.map(|process| process.ns_pid().unwrap_or(process.pid()));
                return pid.is_some_and(|pid| take(Value::Number(pid.into())));
            }
            Get::LeadsSession | Get::LeadsGroup => {
                let leads = process.and_then(|process| {
                    let leader = if self.get == Get::LeadsSession { process.sid() } else { process.pgid() };
                    leader.map(|leader| leader == process.pid())
                });
                return leads.is_some_and(|leads| take(Value::Bool(leads)));
            }
            Get::UserOf(place) => {
                let Some(id) = number(*place) else { return false };
                let process = subject(seen.event);
                let name = process.as_ref().and_then(|process| name_of(process, u32::try_from(id).ok()?));
                return match name {
                    Some(name) => take(Value::Text(name)),
                    None => take(Value::Text(id.to_string().as_bytes())),
                };
            }
            Get::Environment(name) => {
                let value = process.zip(std::str::from_utf8(name).ok()).map(|(process, name)| process.env(name));
                return value.and_then(|value| value.known()).is_some_and(|value| take(Value::Text(value)));
            }
            Get::Choice(place, bits, yes, no) => {
                let Some(number) = number(*place) else { return false };
                return take(if number as u64 & bits != 0 { yes } else { no }.into());
            }
            Get::OpenFlags => {
                let Some(flags) = record.number(field::open::FLAGS) else { return false };
                let created = matches!(record.value(field::open::CREATED), Some(Raw::Bool(true)));
                let flags = flags | if created { CREATED } else { 0 };
                Table::OpenFlags.write(flags.into(), &mut made);
            }
            Get::OpenAccess => {
                // 3 is for neither, and for ioctl(2) alone.
                let access = record.number(field::open::FLAGS).map(|flags| match flags & 3 {
                    0 => 1,
                    2 => 3,
                    _ => 2,
                });
                return access.is_some_and(|access| take(Value::Number(access)));
            }
            Get::MountOf(source) => {
                let glob = Glob::new(source, false);
                return mounts(record)
                    .any(|(source, destination)| glob.matches(source) && take(Value::Text(destination)));
            }
            Get::MountAt(destination) => {
                let glob = Glob::new(destination, false);
                return mounts(record)
                    .any(|(source, destination)| glob.matches(destination) && take(Value::Text(source)));
            }
            Get::Mounts => {
                let mut some = false;
                for (source, destination) in mounts(record) {
                    if std::mem::replace(&mut some, true) {
                        made.push(b',');
                    }
                    made.extend([source, b":", destination].concat());
                }
                if !some {
                    return false;
                }
            }
            Get::Label(name, of_pod) => {
                return labels(record, *of_pod).any(|(known, value)| known == name && take(Value::Text(value)));
            }
            Get::Labels(of_pod) => {
                let mut some = false;
                for (name, value) in labels(record, *of_pod) {
                    if std::mem::replace(&mut some, true) {
                        made.extend_from_slice(b", ");
                    }
                    made.extend([name, b":", value].concat());
                }
                if !some {
                    return false;
                }
            }
            Get::Connection(socket) => {
                if !socket.write(record, &mut made) {
                    return false;
                }
            }
            Get::PeerChanged(socket) => {
                let changed = seen.memory.has_peer_changed(seen.event, socket, record);
                return take(Value::Bool(changed));
            }
            Get::Time(place, with_date) => match number(*place).and_then(|time| u64::try_from(time).ok()) {
                Some(time) => write_time(time, *with_date, &mut made),
                None => return false,
            },
            Get::TimePart(place, is_rest) => {
                const SECOND: i128 = 1_000_000_000;
                let part = |time: i128| if *is_rest { time % SECOND } else { time / SECOND };
                return number(*place).is_some_and(|time| take(Value::Number(part(time))));
            }
            // These were looked at before.
            Get::First(_) | Get::Each(_) | Get::Hosts(_) | Get::Constant(_) => return false,
        }
        made.truncate(MAX_TEXT);
        take(Value::Text(&made))
    }
}

impl Constant {
    /// A text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.as_bytes().to_vec())
    }
}

impl Socket {
    /// Both sides, as `10.0.0.1:40000->192.0.2.1:443`, one that waits as `0.0.0.0:80`, or the path.
    fn write(&self, record: RecordRef<'_>, out: &mut Vec<u8>) -> bool {
        let side = |side: Option<(u16, Option<u16>)>| {
            let (address, port) = side?;
            Some((address_of(record, address)?, port.and_then(|port| number_of(record, port)).unwrap_or_default()))
        };
        let (local, peer) = (side(self.local), side(self.peer));
        let shown = |side: Option<(std::net::IpAddr, u64)>| match side {
            Some((address, port)) => format!("{address}:{port}"),
            None => "0.0.0.0:0".to_owned(),
        };
        match (local, peer) {
            (None, None) => {
                let path = self.path.and_then(|path| record.bytes(record.info().fields.get(usize::from(path))?));
                path.is_some_and(|path| {
                    out.extend_from_slice(path);
                    true
                })
            }
            (Some(_), None) if self.peer.is_none() => {
                out.extend_from_slice(shown(local).as_bytes());
                true
            }
            (local, peer) => {
                let (client, server) = if self.inbound { (peer, local) } else { (local, peer) };
                out.extend_from_slice(format!("{}->{}", shown(client), shown(server)).as_bytes());
                true
            }
        }
    }
}

pub(crate) fn address_of(record: RecordRef<'_>, place: u16) -> Option<std::net::IpAddr> {
    match record.value(record.info().fields.get(usize::from(place))?)? {
        Raw::Bytes16(bytes) => Some(std::net::Ipv6Addr::from(bytes).to_canonical()),
        _ => None,
    }
}

pub(crate) fn number_of(record: RecordRef<'_>, place: u16) -> Option<u64> {
    record.number(record.info().fields.get(usize::from(place))?)
}

/// The place of a field in its record.
#[must_use]
pub fn place(info: &FieldInfo) -> u16 {
    let record = lanner_abi::RECORDS.iter().find(|record| record.section == info.section());
    let place = record.and_then(|record| record.fields.iter().position(|field| field == info));
    // No record has as many.
    place.and_then(|place| u16::try_from(place).ok()).unwrap_or(u16::MAX)
}

/// The record that a field of this owner is of, in events of the kind.
pub(crate) fn record_of(owner: Owner, kind: Kind) -> &'static RecordInfo {
    match owner {
        Owner::Event => &lanner_abi::EVENT,
        Owner::Payload => kind.record(),
        Owner::Container => &CONTAINER,
        _ => &PROCESS,
    }
}

/// Whether it is the address that a container was told of its cluster's API server. A process may have been started without the
/// environment of those before it.
fn is_api_server(event: &Event<'_>, address: [u8; 16]) -> bool {
    let address = std::net::Ipv6Addr::from(address).to_canonical();
    let told = |process: Process<'_>| process.env(KUBERNETES_VARIABLE).to_str()?.parse().ok();
    let line = subject(event).into_iter().flat_map(|process| std::iter::once(process).chain(process.ancestors()));
    line.filter_map(told).any(|told: std::net::IpAddr| told == address)
}

fn subject<'e>(event: &'e Event<'e>) -> Option<Process<'e>> {
    event.subject().filter(Process::is_known)
}

/// The process that leads the group or session of the one that the event is about.
fn leader<'e>(event: &'e Event<'e>, id: impl Fn(&Process<'e>) -> Option<u32>) -> Option<Process<'e>> {
    let process = subject(event)?;
    let leader = id(&process)?;
    if process.pid() == leader {
        return Some(process);
    }
    process.ancestors().take(MAX_ANCESTORS).find(|ancestor| ancestor.pid() == leader)
}

fn user<'p>(process: &Process<'p>) -> Option<&'p [u8]> {
    name_of(process, process.euid())
}

/// The name of a user: root's, and that of the process's own real user.
fn name_of<'p>(process: &Process<'p>, id: u32) -> Option<&'p [u8]> {
    match id {
        0 => Some(b"root"),
        id if id == process.uid() => process.user().known().filter(|name| !name.is_empty()),
        _ => None,
    }
}

fn items(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.strip_suffix(b"\0").unwrap_or(text);
    text.split(|byte| *byte == 0).filter(move |_| !text.is_empty())
}

fn join(text: &[u8], from: usize, out: &mut Vec<u8>) {
    for (place, item) in items(text).skip(from).enumerate() {
        if place > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(item);
        if out.len() > MAX_TEXT {
            return;
        }
    }
}

fn mounts<'a>(container: RecordRef<'a>) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    let mounts = container.list(field::container::MOUNTS).into_iter().flatten();
    mounts.filter_map(|mount| {
        Some((mount.bytes(field::container_mount::SOURCE)?, mount.bytes(field::container_mount::DESTINATION)?))
    })
}

fn labels<'a>(container: RecordRef<'a>, of_pod: bool) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    let list = if of_pod { field::container::POD_LABELS } else { field::container::LABELS };
    let labels = container.list(list).into_iter().flatten();
    labels.filter_map(|label| Some((label.bytes(field::label::NAME)?, label.bytes(field::label::VALUE)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_joined() {
        let joined = |text: &[u8], from| {
            let mut out = Vec::new();
            join(text, from, &mut out);
            String::from_utf8(out).expect("a text")
        };
        assert_eq!(joined(b"sh\0-c\0ls\0", 1), "-c ls");
        assert_eq!(joined(b"sh\0", 1), "");
        assert_eq!(joined(b"", 0), "");
        assert_eq!(joined(b"a\0\0b", 0), "a  b");
    }
}
