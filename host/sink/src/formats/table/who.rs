//! Of the finding, the host, the process and its container.

use super::super::facts;
use super::{Row, at, joined, labels, made, millis, nanos, number, text, texts, time, yes_or_no};

pub(super) const ROWS: &[Row] = &[
    at("/id")
        .falco(&[text("lanner.id")])
        .ecs(&[text("event.id")])
        .ocsf(&[text("metadata.uid"), text("finding_info.uid")])
        .cef(&[text("externalId")]),
    at("/time").falco(&[time("/time")]).ecs(&[time("@timestamp")]),
    at("/time_ns")
        .falco(&[nanos("evt.time"), nanos("evt.rawtime")])
        .ocsf(&[millis("time"), millis("finding_info.created_time")])
        .cef(&[millis("rt")]),
    at("/host")
        .falco(&[text("/hostname")])
        .ecs(&[text("host.hostname"), text("host.name"), texts("related.hosts")])
        .ocsf(&[text("device.hostname")])
        .cef(&[text("dvchost")]),
    made("`labels`", facts::host_labels).falco(&[joined("lanner.labels")]).ocsf(&[texts("metadata.labels")]),
    at("/labels").ecs(&[labels("labels")]),
    at("/rule").falco(&[text("/rule")]).ecs(&[text("rule.id"), text("rule.name"), text("event.code")]).ocsf(&[
        text("finding_info.analytic.uid"),
        text("finding_info.analytic.name"),
        text("metadata.event_code"),
    ]),
    at("/summary")
        .falco(&[text("lanner.summary")])
        .ecs(&[text("rule.description")])
        .ocsf(&[text("finding_info.title"), text("finding_info.analytic.desc")]),
    at("/severity").falco(&[text("lanner.severity")]).ecs(&[text("log.level")]),
    at("/attack").falco(&[texts("/tags")]).cef(&[joined("cs2")]),
    at("/message")
        .ecs(&[text("message"), text("event.reason")])
        .ocsf(&[text("message"), text("finding_info.desc")])
        .cef(&[text("msg")]),
    at("/key")
        .falco(&[text("lanner.key")])
        .ecs(&[text("lanner.key")])
        .ocsf(&[text("unmapped.key")])
        .cef(&[text("flexString1")]),
    at("/pack/name")
        .falco(&[text("lanner.pack")])
        .ecs(&[text("rule.ruleset")])
        .ocsf(&[text("finding_info.analytic.category")]),
    at("/pack/version")
        .falco(&[text("lanner.pack_version")])
        .ecs(&[text("rule.version")])
        .ocsf(&[text("finding_info.analytic.version")]),
    made("`pack`", facts::pack).cef(&[text("flexString2")]),
    at("/self_test")
        .falco(&[yes_or_no("lanner.self_test")])
        .ecs(&[yes_or_no("lanner.self_test")])
        .ocsf(&[yes_or_no("unmapped.self_test")]),
    made("`self-test`, where it is", facts::self_test).cef(&[text("deviceFacility")]),
    at("/excepted")
        .falco(&[text("lanner.excepted")])
        .ecs(&[text("lanner.excepted")])
        .ocsf(&[text("unmapped.excepted")]),
    at("/count")
        .falco(&[number("lanner.count")])
        .ecs(&[number("lanner.count")])
        .ocsf(&[number("count")])
        .cef(&[number("cnt")]),
    at("/first_time")
        .falco(&[text("lanner.first_time")])
        .ecs(&[time("event.start")])
        .ocsf(&[millis("start_time"), millis("finding_info.first_seen_time")])
        .cef(&[millis("start")]),
    at("/last_time")
        .falco(&[text("lanner.last_time")])
        .ecs(&[time("event.end")])
        .ocsf(&[millis("end_time"), millis("finding_info.last_seen_time")])
        .cef(&[millis("end")]),
    at("/process/id")
        .falco(&[text("lanner.process")])
        .ecs(&[text("process.entity_id")])
        .ocsf(&[text("evidences[].process.uid")]),
    at("/process/image").ecs(&[text("lanner.process.image")]).ocsf(&[text("unmapped.process.image")]),
    at("/process/pid")
        .falco(&[number("proc.pid")])
        .ecs(&[number("process.pid")])
        .ocsf(&[number("evidences[].process.pid")])
        .cef(&[number("spid")]),
    at("/process/ppid")
        .falco(&[number("proc.ppid")])
        .ecs(&[number("process.parent.pid")])
        .ocsf(&[number("evidences[].process.parent_process.pid")])
        .cef(&[number("cn1")]),
    at("/process/exe")
        .falco(&[text("proc.exepath")])
        .ecs(&[text("process.executable")])
        .ocsf(&[text("evidences[].process.path"), text("evidences[].process.file.path")])
        .cef(&[text("sproc")]),
    made("file name of `process.exe`", facts::program)
        .ecs(&[text("process.name")])
        .ocsf(&[text("evidences[].process.name"), text("evidences[].process.file.name")]),
    at("/process/comm").falco(&[text("proc.name")]).ecs(&[text("process.title")]),
    at("/process/args").ecs(&[texts("process.args")]),
    at("/process/args/0").falco(&[text("proc.exe")]),
    made("`process.args` in a line", facts::command_line)
        .ecs(&[text("process.command_line")])
        .ocsf(&[text("evidences[].process.cmd_line")])
        .cef(&[text("cs1")]),
    made("`process.comm` and arguments", facts::falco_command_line).falco(&[text("proc.cmdline")]),
    made("arguments behind the first", facts::behind_the_first).falco(&[text("proc.args")]),
    made("number of `process.args`", facts::arguments).ecs(&[number("process.args_count")]),
    at("/process/cwd").ecs(&[text("process.working_directory")]).ocsf(&[text("evidences[].process.working_directory")]),
    made("`process.cwd` with a `/` behind it", facts::slashed_cwd).falco(&[text("proc.cwd")]),
    at("/process/script")
        .falco(&[text("lanner.script")])
        .ecs(&[text("lanner.process.script")])
        .ocsf(&[text("unmapped.process.script")]),
    at("/process/user")
        .ecs(&[text("user.name"), text("process.real_user.name"), texts("related.user")])
        .ocsf(&[text("evidences[].process.user.name")])
        .cef(&[text("suser")]),
    at("/process/uid")
        .ecs(&[text("user.id"), text("process.real_user.id")])
        .ocsf(&[text("evidences[].process.user.uid")])
        .cef(&[text("suid")]),
    made("name of `process.euid`", facts::effective_user)
        .falco(&[text("user.name")])
        .ecs(&[text("user.effective.name"), text("process.user.name")]),
    at("/process/euid")
        .falco(&[number("user.uid")])
        .ecs(&[text("user.effective.id"), text("process.user.id")])
        .ocsf(&[number("unmapped.process.euid")]),
    at("/process/gid").ecs(&[text("process.real_group.id")]).ocsf(&[number("unmapped.process.gid")]),
    at("/process/login_uid")
        .falco(&[number("user.loginuid")])
        .ecs(&[text("lanner.process.login_uid")])
        .ocsf(&[number("unmapped.process.login_uid")]),
    at("/process/start")
        .falco(&[nanos("proc.pid.ts")])
        .ecs(&[time("process.start")])
        .ocsf(&[millis("evidences[].process.created_time")]),
    at("/process/cgroup")
        .falco(&[text("thread.cgroups")])
        .ecs(&[text("lanner.process.cgroup")])
        .ocsf(&[text("unmapped.process.cgroup")]),
    at("/lineage/0/name")
        .falco(&[text("proc.pname")])
        .ecs(&[text("process.parent.name")])
        .ocsf(&[text("evidences[].process.parent_process.name")]),
    at("/lineage/0/exe")
        .falco(&[text("proc.pexepath")])
        .ecs(&[text("process.parent.executable")])
        .ocsf(&[text("evidences[].process.parent_process.path")]),
    made("names of `lineage`", facts::lineage).ecs(&[texts("lanner.lineage")]).cef(&[joined("cs3")]),
    at("/process/container/id")
        .falco(&[text("container.full_id")])
        .ecs(&[text("container.id")])
        .ocsf(&[text("evidences[].container.uid")])
        .cef(&[text("cs4")]),
    made("the first 12 digits of it", facts::short_id).falco(&[text("container.id")]),
    at("/process/container/name")
        .falco(&[text("container.name")])
        .ecs(&[text("container.name")])
        .ocsf(&[text("evidences[].container.name")]),
    at("/process/container/runtime")
        .falco(&[text("container.type")])
        .ecs(&[text("container.runtime")])
        .ocsf(&[text("evidences[].container.runtime")]),
    at("/process/container/image")
        .falco(&[text("container.image")])
        .ocsf(&[text("evidences[].container.image.name")])
        .cef(&[text("cs5")]),
    at("/process/container/image_repository").falco(&[text("container.image.repository")]),
    made("image without its tag", facts::image_name).ecs(&[text("container.image.name")]),
    at("/process/container/image_tag").falco(&[text("container.image.tag")]).ecs(&[texts("container.image.tag")]),
    at("/process/container/image_digest")
        .falco(&[text("container.image.digest")])
        .ecs(&[texts("container.image.hash.all")]),
    made("the digest, else the image", facts::image_id).ocsf(&[text("evidences[].container.image.uid")]),
    at("/process/container/privileged")
        .falco(&[yes_or_no("container.privileged")])
        .ecs(&[yes_or_no("container.security_context.privileged")])
        .ocsf(&[yes_or_no("unmapped.container.privileged")]),
    at("/process/container/started")
        .falco(&[nanos("container.start_ts")])
        .ecs(&[text("lanner.container.started")])
        .ocsf(&[text("unmapped.container.started")]),
    at("/process/container/labels").ecs(&[labels("container.labels")]),
    made("`process.container.labels`", facts::labels)
        .falco(&[joined("container.labels")])
        .ocsf(&[texts("evidences[].container.labels")]),
    made("`process.container.mounts`", facts::mounts)
        .falco(&[joined("container.mounts")])
        .ecs(&[texts("lanner.container.mounts")])
        .ocsf(&[texts("unmapped.container.mounts")]),
    at("/process/container/pod")
        .falco(&[text("k8s.pod.name")])
        .ecs(&[text("orchestrator.resource.name")])
        .ocsf(&[text("resources[].name")]),
    at("/process/container/namespace")
        .falco(&[text("k8s.ns.name")])
        .ecs(&[text("orchestrator.namespace")])
        .ocsf(&[text("resources[].namespace")]),
    at("/process/container/pod_uid")
        .falco(&[text("k8s.pod.uid")])
        .ecs(&[text("orchestrator.resource.id")])
        .ocsf(&[text("resources[].uid")]),
    made("`pod_uid` where it is a UUID", facts::pod_uuid).ocsf(&[text("evidences[].container.pod_uuid")]),
    made("`process.container.pod_labels`", facts::pod_labels)
        .falco(&[joined("k8s.pod.labels")])
        .ecs(&[texts("orchestrator.resource.label")])
        .ocsf(&[texts("resources[].labels")]),
    made("namespace and pod", facts::pod).cef(&[text("cs6")]),
];
