//! Which ATT&CK techniques the rules of a pack are about, by name.

use std::collections::BTreeMap;

use lanner_artifact::Rule;
use maud::{Markup, html};

use super::layout::technique;

/// Techniques that rules for Linux are about. Of a technique that is not here the number is shown, and that of a part of one
/// (`T1003.008`) after the name of the whole where it has none of its own here.
const NAMES: &[(&str, &str)] = &[
    ("T1003", "OS Credential Dumping"),
    ("T1003.007", "Proc Filesystem"),
    ("T1003.008", "/etc/passwd and /etc/shadow"),
    ("T1005", "Data from Local System"),
    ("T1014", "Rootkit"),
    ("T1016", "System Network Configuration Discovery"),
    ("T1021", "Remote Services"),
    ("T1021.004", "SSH"),
    ("T1027", "Obfuscated Files or Information"),
    ("T1033", "System Owner/User Discovery"),
    ("T1036", "Masquerading"),
    ("T1037", "Boot or Logon Initialization Scripts"),
    ("T1040", "Network Sniffing"),
    ("T1041", "Exfiltration Over C2 Channel"),
    ("T1046", "Network Service Discovery"),
    ("T1048", "Exfiltration Over Alternative Protocol"),
    ("T1049", "System Network Connections Discovery"),
    ("T1053", "Scheduled Task/Job"),
    ("T1053.002", "At"),
    ("T1053.003", "Cron"),
    ("T1053.006", "Systemd Timers"),
    ("T1055", "Process Injection"),
    ("T1055.008", "Ptrace System Calls"),
    ("T1056", "Input Capture"),
    ("T1057", "Process Discovery"),
    ("T1059", "Command and Scripting Interpreter"),
    ("T1059.004", "Unix Shell"),
    ("T1059.006", "Python"),
    ("T1068", "Exploitation for Privilege Escalation"),
    ("T1070", "Indicator Removal"),
    ("T1070.002", "Clear Linux or Mac System Logs"),
    ("T1070.003", "Clear Command History"),
    ("T1070.004", "File Deletion"),
    ("T1070.006", "Timestomp"),
    ("T1071", "Application Layer Protocol"),
    ("T1072", "Software Deployment Tools"),
    ("T1074", "Data Staged"),
    ("T1078", "Valid Accounts"),
    ("T1082", "System Information Discovery"),
    ("T1083", "File and Directory Discovery"),
    ("T1087", "Account Discovery"),
    ("T1090", "Proxy"),
    ("T1095", "Non-Application Layer Protocol"),
    ("T1098", "Account Manipulation"),
    ("T1098.004", "SSH Authorized Keys"),
    ("T1105", "Ingress Tool Transfer"),
    ("T1110", "Brute Force"),
    ("T1132", "Data Encoding"),
    ("T1133", "External Remote Services"),
    ("T1136", "Create Account"),
    ("T1140", "Deobfuscate/Decode Files or Information"),
    ("T1190", "Exploit Public-Facing Application"),
    ("T1204", "User Execution"),
    ("T1205", "Traffic Signaling"),
    ("T1222", "File and Directory Permissions Modification"),
    ("T1485", "Data Destruction"),
    ("T1486", "Data Encrypted for Impact"),
    ("T1489", "Service Stop"),
    ("T1496", "Resource Hijacking"),
    ("T1505", "Server Software Component"),
    ("T1505.003", "Web Shell"),
    ("T1518", "Software Discovery"),
    ("T1529", "System Shutdown/Reboot"),
    ("T1531", "Account Access Removal"),
    ("T1543", "Create or Modify System Process"),
    ("T1543.002", "Systemd Service"),
    ("T1546", "Event Triggered Execution"),
    ("T1546.004", "Unix Shell Configuration Modification"),
    ("T1547", "Boot or Logon Autostart Execution"),
    ("T1547.006", "Kernel Modules and Extensions"),
    ("T1548", "Abuse Elevation Control Mechanism"),
    ("T1548.001", "Setuid and Setgid"),
    ("T1548.003", "Sudo and Sudo Caching"),
    ("T1552", "Unsecured Credentials"),
    ("T1552.001", "Credentials In Files"),
    ("T1552.004", "Private Keys"),
    ("T1552.005", "Cloud Instance Metadata API"),
    ("T1554", "Compromise Host Software Binary"),
    ("T1555", "Credentials from Password Stores"),
    ("T1556", "Modify Authentication Process"),
    ("T1560", "Archive Collected Data"),
    ("T1562", "Impair Defenses"),
    ("T1562.001", "Disable or Modify Tools"),
    ("T1562.004", "Disable or Modify System Firewall"),
    ("T1564", "Hide Artifacts"),
    ("T1564.001", "Hidden Files and Directories"),
    ("T1567", "Exfiltration Over Web Service"),
    ("T1569", "System Services"),
    ("T1571", "Non-Standard Port"),
    ("T1572", "Protocol Tunneling"),
    ("T1573", "Encrypted Channel"),
    ("T1574", "Hijack Execution Flow"),
    ("T1574.006", "Dynamic Linker Hijacking"),
    ("T1578", "Modify Cloud Compute Infrastructure"),
    ("T1609", "Container Administration Command"),
    ("T1610", "Deploy Container"),
    ("T1611", "Escape to Host"),
    ("T1613", "Container and Resource Discovery"),
    ("T1620", "Reflective Code Loading"),
];

/// What a technique is called.
fn name(id: &str) -> Option<&'static str> {
    let of = |id: &str| NAMES.binary_search_by_key(&id, |(known, _)| known).ok().map(|at| NAMES[at].1);
    of(id).or_else(|| of(id.split_once('.')?.0))
}

/// The techniques, each with how many rules are about it, for people.
pub(super) fn section(rules: &[Rule]) -> Markup {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for id in rules.iter().flat_map(|rule| &rule.attack) {
        *counts.entry(id).or_default() += 1;
    }
    html! {
        @if !counts.is_empty() {
            section #coverage {
                h2 { "Coverage " span.quiet { (counts.len()) } }
                ul.coverage {
                    @for (id, count) in &counts {
                        li {
                            (technique(id)) " " span { (name(id).unwrap_or_default()) }
                            span.quiet { (count) @if *count == 1 { " rule" } @else { " rules" } }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found() {
        assert!(NAMES.is_sorted_by(|before, after| before.0 < after.0));
        assert_eq!(name("T1003.008"), Some("/etc/passwd and /etc/shadow"));
        assert_eq!(name("T1059.099"), Some("Command and Scripting Interpreter"));
        assert_eq!(name("T9999"), None);
        assert_eq!(name(""), None);
    }
}
