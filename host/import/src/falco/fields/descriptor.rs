//! Fields of what a descriptor is: `fd.…`, a file or a connection.

use lanner_abi::{Kind, field};
use lanner_conditions::{Constant, Field, Get, Owner, Socket, Table, Transform, place};

use super::{Answer, Mapped, Type, mapped, named, number, own, payload, result, text, yes_or_no};

/// Where a kind has the sides of a connection.
pub(super) fn socket(kind: Kind) -> Option<Socket> {
    let at = |name: &str| own(kind, name).map(place);
    let side = |address: &str, port: &str| at(address).map(|address| (address, at(port)));
    let socket = Socket {
        local: side("local_address", "local_port"),
        peer: side("address", "port"),
        path: at("unix_path"),
        inbound: false,
        fd: at("fd"),
    };
    Some(match kind {
        Kind::Connect | Kind::Send | Kind::Dup => socket,
        Kind::Accept => Socket { inbound: true, ..socket },
        Kind::Bind | Kind::Listen => Socket { local: socket.peer, peer: None, ..socket },
        _ => return None,
    })
}

const DNS: (&str, bool) = (
    "names of hosts are known from the answers of DNS that programs of this machine got while the pack ran, the first address of \
     each; Falco asks for them itself",
    true,
);

pub(super) fn descriptor(kind: Kind, rest: &str, argument: Option<&str>) -> Answer {
    if argument.is_some() {
        return Answer::Unseen("descriptors are told one an event, and not by number");
    }
    let known = [
        "num",
        "type",
        "typechar",
        "name",
        "nameraw",
        "directory",
        "filename",
        "ino",
        "dev",
        "dev.major",
        "dev.minor",
        "is_upper_layer",
        "is_lower_layer",
        "ip",
        "cip",
        "sip",
        "lip",
        "rip",
        "net",
        "cnet",
        "snet",
        "lnet",
        "rnet",
        "port",
        "cport",
        "sport",
        "lport",
        "rport",
        "l4proto",
        "sockfamily",
        "is_server",
        "connected",
        "name_changed",
        "cip.name",
        "sip.name",
        "lip.name",
        "rip.name",
        "uid",
        "containername",
        "containerdirectory",
        "proto",
        "cproto",
        "sproto",
        "lproto",
        "rproto",
        "types",
    ];
    match rest {
        _ if !known.contains(&rest) => Answer::Unknown,
        "proto" | "cproto" | "sproto" | "lproto" | "rproto" => {
            Answer::Unseen("ports have no names here: compare fd.sport, fd.cport, fd.lport or fd.rport with numbers")
        }
        "uid" | "containername" | "containerdirectory" | "types" | "is_lower_layer" => {
            Answer::Unseen("it is not told of a descriptor")
        }
        rest => match (kind, socket(kind)) {
            (Kind::Open, _) => file(kind, rest),
            (Kind::Mmap | Kind::ModuleLoad | Kind::Kexec, _) => match rest {
                "name" | "nameraw" => payload(kind, "path"),
                "directory" => made(payload(kind, "path"), Transform::Directory),
                "filename" => made(payload(kind, "path"), Transform::FileName),
                "ino" => payload(kind, "inode"),
                _ => Answer::Absent,
            },
            (_, Some(socket)) => connection(kind, rest, socket),
            _ => Answer::Absent,
        },
    }
}

fn made(answer: Answer, transform: Transform) -> Answer {
    match answer {
        Answer::Field(mapped) => Answer::Field(Mapped { field: mapped.field.then(transform), ..mapped }),
        other => other,
    }
}

/// O_DIRECTORY: by it Falco tells folders from files.
const O_DIRECTORY: u64 = 0o200_000;

pub(super) fn file(kind: Kind, rest: &str) -> Answer {
    let choice = |yes: &str, no: &str| {
        let get = Get::Choice(place(field::open::FLAGS), O_DIRECTORY, Constant::text(yes), Constant::text(no));
        text(Field::get(Owner::Payload, get))
    };
    let path = || Field::raw(Owner::Payload, field::open::PATH);
    match rest {
        "num" => number(result().then(Transform::AtLeast(-1))),
        "type" => choice("directory", "file"),
        "typechar" => choice("d", "f"),
        "name" => text(path()),
        "nameraw" => {
            let asked = Field::raw(Owner::Payload, field::open::ASKED);
            text(Field::get(Owner::Payload, Get::First(vec![asked, path()])))
        }
        "directory" => text(path().then(Transform::Directory)),
        "filename" => text(path().then(Transform::FileName)),
        "ino" => payload(kind, "inode"),
        "dev" => payload(kind, "dev"),
        "dev.major" => number(Field::raw(Owner::Payload, field::open::DEV).then(Transform::Bits(20, 12))),
        "dev.minor" => number(Field::raw(Owner::Payload, field::open::DEV).then(Transform::Bits(0, 20))),
        "is_upper_layer" => payload(kind, "file_upper"),
        _ => Answer::Absent,
    }
}

pub(super) fn connection(kind: Kind, rest: &str, socket: Socket) -> Answer {
    let (client, server) = match (socket.inbound, socket.peer) {
        (true, _) => (socket.peer, socket.local),
        (false, Some(_)) => (socket.local, socket.peer),
        (false, None) => (None, socket.local),
    };
    let raw = |at: u16| Field::get(Owner::Payload, Get::Raw(at));
    let address = |side: Option<(u16, Option<u16>)>| match side {
        Some((address, _)) => Answer::Field(mapped(Type::Address, raw(address))),
        None => Answer::Absent,
    };
    let port = |side: Option<(u16, Option<u16>)>| match side {
        Some((_, Some(port))) => number(raw(port)),
        _ => Answer::Absent,
    };
    let host = |side: Option<(u16, Option<u16>)>| match side {
        Some((address, _)) => {
            let field = Field::get(Owner::Payload, Get::Hosts(Box::new(raw(address))));
            Answer::Field(Mapped { field, ty: Type::Host, differs: Some(DNS) })
        }
        None => Answer::Absent,
    };
    let each = |fields: Vec<Field>, ty| match fields.is_empty() {
        true => Answer::Absent,
        false => Answer::Field(mapped(ty, Field::get(Owner::Payload, Get::Each(fields)))),
    };
    let sides = [socket.local, socket.peer];
    let constant = |yes| yes_or_no(Field::get(Owner::Event, Get::Constant(Constant::Bool(yes))));
    let family = |table| named(kind, "family", table);
    match rest {
        "num" => payload(kind, "fd"),
        "type" => family(Table::SocketKind),
        "typechar" => family(Table::SocketLetter),
        "sockfamily" => family(Table::SocketFamily),
        "name" | "nameraw" => text(Field::get(Owner::Payload, Get::Connection(Box::new(socket)))),
        "ip" | "net" => each(sides.into_iter().flatten().map(|(address, _)| raw(address)).collect(), Type::Address),
        "port" => each(sides.into_iter().flatten().filter_map(|(_, port)| port).map(raw).collect(), Type::Number),
        "cip" | "cnet" => address(client),
        "sip" | "snet" => address(server),
        "lip" | "lnet" => address(socket.local),
        "rip" | "rnet" => address(socket.peer),
        "cport" => port(client),
        "sport" => port(server),
        "lport" => match (kind, own(kind, "local_port")) {
            // One side is told without its address.
            (Kind::Send, Some(info)) => number(Field::raw(Owner::Payload, info)),
            _ => port(socket.local),
        },
        "rport" => port(socket.peer),
        "cip.name" => host(client),
        "sip.name" => host(server),
        "lip.name" => host(socket.local),
        "rip.name" => host(socket.peer),
        "l4proto" => named(kind, "protocol", Table::Protocol),
        "is_server" => constant(matches!(kind, Kind::Accept | Kind::Bind | Kind::Listen)),
        "connected" => match kind {
            Kind::Send => constant(false),
            Kind::Accept => constant(true),
            Kind::Connect => yes_or_no(Field::get(
                Owner::Event,
                Get::Choice(place(field::event::FLAGS), 0b100, Constant::Bool(false), Constant::Bool(true)),
            )),
            _ => constant(false),
        },
        "name_changed" => match kind {
            Kind::Send => yes_or_no(Field::get(Owner::Payload, Get::PeerChanged(Box::new(socket)))),
            Kind::Connect | Kind::Accept => constant(true),
            _ => constant(false),
        },
        _ => Answer::Absent,
    }
}
