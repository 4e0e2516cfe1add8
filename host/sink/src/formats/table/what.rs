//! Of the event.

use super::super::facts;
use super::{Row, at, made, number, text, texts};

pub(super) const ROWS: &[Row] = &[
    at("/event/seq")
        .falco(&[number("evt.num")])
        .ecs(&[number("event.sequence")])
        .ocsf(&[number("metadata.sequence")])
        .cef(&[number("cn2")]),
    at("/event/kind")
        .falco(&[text("lanner.kind")])
        .ecs(&[text("event.action")])
        .ocsf(&[texts("finding_info.types")])
        .cef(&[text("cat")]),
    at("/event/result").falco(&[number("evt.rawres")]).ocsf(&[text("status_code")]),
    made("its file", facts::path)
        .falco(&[text("fs.path.name")])
        .ecs(&[text("file.path")])
        .ocsf(&[text("evidences[].file.path")])
        .cef(&[text("filePath")]),
    made("the file's name", facts::path_name)
        .ecs(&[text("file.name")])
        .ocsf(&[text("evidences[].file.name")])
        .cef(&[text("fname")]),
    made("the file's folder", facts::path_folder)
        .ecs(&[text("file.directory")])
        .ocsf(&[text("evidences[].file.parent_folder")]),
    made("the name's extension", facts::path_extension)
        .ecs(&[text("file.extension")])
        .ocsf(&[text("evidences[].file.ext")]),
    made("the file before (`event.old_path`)", facts::old_path)
        .falco(&[text("fs.path.source")])
        .ecs(&[text("lanner.file.old_path")])
        .cef(&[text("oldFilePath")]),
    made("what a link leads to", facts::link_target).falco(&[text("fs.path.source")]).ecs(&[text("file.target_path")]),
    made("permissions that it gets", facts::mode).ecs(&[text("file.mode")]).cef(&[text("filePermission")]),
    made("what was opened", facts::descriptor_name).falco(&[text("fd.name")]),
    made("of which type that is", facts::descriptor).falco(&[text("fd.type")]),
    made("the descriptor", facts::opened).falco(&[number("fd.num")]),
    made("where a connection comes from", facts::source_ip)
        .falco(&[text("fd.cip")])
        .ecs(&[text("source.ip"), text("source.address")])
        .ocsf(&[text("evidences[].src_endpoint.ip")])
        .cef(&[text("src")]),
    made("its port", facts::source_port)
        .falco(&[number("fd.cport")])
        .ecs(&[number("source.port")])
        .ocsf(&[number("evidences[].src_endpoint.port")])
        .cef(&[number("spt")]),
    made("where it goes to", facts::destination_ip)
        .falco(&[text("fd.sip")])
        .ecs(&[text("destination.ip"), text("destination.address")])
        .ocsf(&[text("evidences[].dst_endpoint.ip")])
        .cef(&[text("dst")]),
    made("its port", facts::destination_port)
        .falco(&[number("fd.sport")])
        .ecs(&[number("destination.port")])
        .ocsf(&[number("evidences[].dst_endpoint.port")])
        .cef(&[number("dpt")]),
    made("both addresses", facts::addresses).ecs(&[texts("related.ip")]),
    made("the address on this side", facts::local_ip).falco(&[text("fd.lip")]),
    made("its port", facts::local_port).falco(&[number("fd.lport")]),
    made("the peer's address", facts::remote_ip).falco(&[text("fd.rip")]),
    made("its port", facts::remote_port).falco(&[number("fd.rport")]),
    made("path of a unix socket", facts::unix_path)
        .ecs(&[text("destination.address")])
        .ocsf(&[text("evidences[].dst_endpoint.name")]),
    made("IPv4 or IPv6", facts::network).ecs(&[text("network.type")]),
    made("the protocol's name", facts::transport)
        .falco(&[text("fd.l4proto")])
        .ecs(&[text("network.transport")])
        .ocsf(&[text("evidences[].connection_info.protocol_name")])
        .cef(&[text("proto")]),
    made("the protocol's number", facts::protocol)
        .ecs(&[text("network.iana_number")])
        .ocsf(&[number("evidences[].connection_info.protocol_num")]),
    made("the direction", facts::direction).ecs(&[text("network.direction")]),
    made("the name that DNS is asked for", facts::dns_name)
        .ecs(&[text("dns.question.name")])
        .ocsf(&[text("evidences[].query.hostname")])
        .cef(&[text("destinationDnsDomain")]),
    made("what is asked of it", facts::dns_type)
        .ecs(&[text("dns.question.type")])
        .ocsf(&[text("evidences[].query.type")]),
    made("the address that is the answer", facts::dns_answer).ecs(&[texts("dns.resolved_ip")]),
    made("the process that something is done to", facts::target_pid).cef(&[number("dpid")]),
];
