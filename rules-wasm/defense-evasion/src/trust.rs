//! What the machine trusts: root certificates, and how strong encryption has to be.

use common::changes::on_write;
use common::command::{Command, called};
use common::context::is_provisioning;
use common::programs::{is_installed, label};
use lanner_sdk::prelude::*;

use crate::DefenseEvasion;

static CERTIFICATES: TextSet = TextSet::new()
    .starts_with(&[
        "/etc/ca-certificates/trust-source/",
        "/etc/pki/ca-trust/source/",
        "/etc/pki/tls/certs/ca-bundle",
        "/etc/pki/trust/anchors/",
        "/etc/ssl/certs/",
        "/usr/local/share/ca-certificates/",
        "/usr/share/ca-certificates/",
        "/usr/share/pki/ca-trust-source/",
        "/usr/share/pki/trust/anchors/",
    ])
    .ends_with(&["/lib/security/cacerts"]);
static KEEPERS: TextSet = TextSet::new().equals(&[
    "ca-certificates",
    "p11-kit",
    "trust",
    "update-ca-certificates",
    "update-ca-trust",
    "c_rehash",
    "openssl",
]);

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    let rule = r
        .rule("defense-evasion/root-certificate-write")
        .summary("A certificate was put among those that the machine trusts for everything")
        .severity(Medium)
        .attack("T1553.004")
        .property("maturity", "stable")
        .property("misses", "Certificates that a program keeps for itself");
    on_write(rule, &CERTIFICATES, |_, change, out| {
        let process = &change.process;
        let by_keeper = || process.ancestors().take(4).any(|each| is_installed(&each, &KEEPERS));
        if is_installed(process, &KEEPERS) || by_keeper() || is_provisioning(process) {
            return;
        }
        if let Some(verb) = change.verb() {
            let finding = out
                .finding(format!("{} {verb}: {}", label(process), change.path))
                .fact("path", change.path)
                .key(change.path.to_string());
            if let Some(severity) = change.outcome.severity() {
                finding.severity(severity);
            }
        }
    });

    r.rule("defense-evasion/root-certificate-installed")
        .summary("The machine, a browser or Java was told to trust other certificates, or weaker encryption")
        .severity(Medium)
        .attack("T1553.004")
        .attack("T1562.010")
        .property("maturity", "stable")
        .property("misses", "Programs that write the stores by their own code")
        .only(called(&[
            "certutil",
            "keytool",
            "mkcert",
            "trust",
            "update-ca-certificates",
            "update-ca-trust",
            "update-crypto-policies",
        ]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let trusts = match command.name().to_str().unwrap_or_default() {
                "update-ca-certificates" | "update-ca-trust" => !command.says(&["check", "--help"]),
                "trust" => command.says(&["anchor"]),
                "certutil" => {
                    command.has('A', "")
                        && command.value('t', "").is_some_and(|trust| trust.contains("C") || trust.contains("T"))
                }
                "keytool" => command.says(&["-importcert", "-import"]),
                "mkcert" => command.says(&["-install"]),
                "update-crypto-policies" => command.says(&["LEGACY", "DEFAULT:SHA1"]),
                _ => false,
            };
            if trusts && !is_provisioning(&image) {
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line()));
            }
        });
}
