//! The clouds' own tools, told to open a network or to forget what happened.

use common::command::{Command, called};
use common::context::is_ci;
use common::programs::label;
use lanner_sdk::prelude::*;

use crate::DefenseEvasion;

const NAMES: [&str; 6] = ["aliyun", "aws", "az", "gcloud", "oci", "terraform"];
static TOOLS: TextSet = TextSet::new().equals(&NAMES);
/// Words that stand together in orders to forget, or not to write down.
const LOGGING: [&[&str]; 15] = [
    &["cloudtrail", "stop-logging"],
    &["cloudtrail", "delete-trail"],
    &["cloudtrail", "update-trail"],
    &["cloudtrail", "put-event-selectors"],
    &["logs", "delete-log-group"],
    &["logs", "delete-log-stream"],
    &["guardduty", "delete-detector"],
    &["guardduty", "update-detector"],
    &["configservice", "stop-configuration-recorder"],
    &["configservice", "delete-configuration-recorder"],
    &["ec2", "delete-flow-logs"],
    &["s3api", "put-bucket-logging"],
    &["logging", "sinks", "delete"],
    &["logging", "sinks", "update"],
    &["monitor", "diagnostic-settings", "delete"],
];
/// The same for who may reach what.
const NETWORK: [&[&str]; 9] = [
    &["ec2", "authorize-security-group-ingress"],
    &["ec2", "revoke-security-group-egress"],
    &["ec2", "modify-security-group-rules"],
    &["ec2", "delete-security-group"],
    &["firewall-rules", "create"],
    &["firewall-rules", "delete"],
    &["firewall-rules", "update"],
    &["network", "nsg", "rule"],
    &["network", "firewall", "delete"],
];
/// The same for machines and their copies.
const MACHINES: [&[&str]; 8] = [
    &["ec2", "create-snapshot"],
    &["ec2", "modify-snapshot-attribute"],
    &["ec2", "run-instances"],
    &["ec2", "terminate-instances"],
    &["instances", "create"],
    &["instances", "delete"],
    &["disks", "snapshot"],
    &["vm", "create"],
];

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    r.rule("defense-evasion/cloud-logging-off")
        .summary("A cloud was told to stop writing down what happens, or to forget it")
        .severity(High)
        .attack("T1562.008")
        .property("maturity", "incubating")
        .property("misses", "Calls of the cloud's interface by a program of one's own")
        .only(called(&NAMES))
        .on_exec(|_, e, out| told(e, &LOGGING, High, out));

    r.rule("defense-evasion/cloud-firewall-change")
        .summary("A cloud was told to let others reach what they could not")
        .severity(Medium)
        .attack("T1562.007")
        .property("maturity", "incubating")
        .property("misses", "Calls of the cloud's interface by a program of one's own")
        .only(called(&NAMES))
        .on_exec(|_, e, out| told(e, &NETWORK, Medium, out));

    r.rule("defense-evasion/cloud-machine-change")
        .summary("A cloud was told to make, copy or end a machine")
        .severity(Low)
        .attack("T1578")
        .attack("T1578.002")
        .attack("T1578.001")
        .property("maturity", "sandbox")
        .property("misses", "Calls of the cloud's interface by a program of one's own")
        .only(called(&NAMES))
        .on_exec(|_, e, out| told(e, &MACHINES, Low, out));
}

fn told(e: &ExecEvent<'_>, orders: &[&[&str]], severity: Severity, out: &mut Out<'_>) {
    let image = e.image();
    let command = Command::of(&image);
    // Some are scripts that start an interpreter again.
    if !command.is(&TOOLS) || TOOLS.matches(e.process().script().file_name()) {
        return;
    }
    let says = |word: &&str| command.args().iter().any(|arg| *arg == *word);
    if orders.iter().any(|order| order.iter().all(says)) {
        let severity = if is_ci(&image) { Low } else { severity };
        out.finding(format!("{} ran {}", label(&e.process()), image.command_line())).severity(severity);
    }
}
