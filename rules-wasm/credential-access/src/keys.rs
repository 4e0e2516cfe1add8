//! Keys, tickets, and the credentials of clouds.

use common::command::Command;
use common::context::{is_build, is_ci, is_container_runtime, is_scheduled, lineage};
use common::owners::{is_cloud_program, is_ssh};
use common::programs::{is_in_system, is_installed, is_package_management, is_world_writable, label};
use common::reading::is_general_tool;
use lanner_sdk::prelude::*;

use crate::CredentialAccess;
use crate::read::{read, read_as};

/// Ends of the paths of credentials of clouds, clusters and image registries, below a home directory.
static CLOUD_FILES: TextSet = TextSet::new().ends_with(&[
    "/.aws/credentials",
    "/.azure/accessTokens.json",
    "/.azure/msal_token_cache.bin",
    "/.azure/msal_token_cache.json",
    "/.azure/service_principal_entries.bin",
    "/.azure/service_principal_entries.json",
    "/.config/doctl/config.yaml",
    "/.config/gcloud/access_tokens.db",
    "/.config/gcloud/application_default_credentials.json",
    "/.config/gcloud/credentials.db",
    "/.docker/config.json",
    "/.kube/config",
    "/.oci/oci_api_key.pem",
    "/.terraform.d/credentials.tfrc.json",
]);
/// Names that private SSH keys have by default, and those that people give them, in their folder.
static PRIVATE_KEYS: TextSet = TextSet::new().starts_with(&["id_"]).ends_with(&["identity", ".pem", ".key"]);
/// Keys of servers and of people, other than those of SSH.
static KEY_FOLDERS: TextSet = TextSet::new()
    .starts_with(&["/etc/ssl/private/", "/etc/pki/tls/private/", "/etc/kubernetes/pki/", "/etc/letsencrypt/archive/"])
    .ends_with(&["/.gnupg/secring.gpg", ".pfx", ".p12", ".ppk", ".jks", ".keystore"]);
/// Programs that they are made for.
static KEY_PROGRAMS: TextSet = TextSet::new().equals(&[
    "certbot",
    "gpg",
    "gpg-agent",
    "gpg2",
    "gpgsm",
    "java",
    "keytool",
    "make-ssl-cert",
    "openssl",
    "update-ca-certificates",
]);
/// Tickets of Kerberos, and keys of machines.
static TICKETS: TextSet =
    TextSet::new().starts_with(&["/tmp/krb5cc", "/var/tmp/krb5cc"]).ends_with(&[".keytab", ".ccache", ".kirbi"]);
static TICKET_PROGRAMS: TextSet = TextSet::new()
    .equals(&[
        "adcli",
        "gssproxy",
        "kadmin",
        "kadmin.local",
        "kadmind",
        "kdestroy",
        "kinit",
        "klist",
        "kpropd",
        "krb5kdc",
        "ksu",
        "ktutil",
        "msktutil",
        "net",
        "rpc.gssd",
        "rpc.svcgssd",
        "smbd",
        "ssh",
        "sshd",
        "sshd-session",
        "sudo",
        "winbindd",
    ])
    .starts_with(&["sssd", "sss_", "krb5_child", "ldap_child"]);
/// Tools that ask for, forge or roast tickets.
static TICKET_TOOLS: &[(&str, &str)] = &[
    ("GetNPUsers", "T1558.004"),
    ("GetUserSPNs", "T1558.003"),
    ("getST", "T1558"),
    ("getTGT", "T1558"),
    ("goldenPac", "T1558.001"),
    ("kerbrute", "T1110.003"),
    ("raiseChild", "T1558.001"),
    ("ticketer", "T1558.001"),
    ("tickey", "T1558"),
    ("keytabextract", "T1558"),
];

/// Services from which machines of clouds learn who they are, with keys.
static METADATA: Networks = Networks::new(&[
    "169.254.169.254/32",
    "169.254.170.2/32",
    "100.100.100.200/32",
    "192.0.0.192/32",
    "fd00:ec2::254/128",
]);
/// What asks them because it is its work.
static CLOUD_AGENTS: TextSet = TextSet::new().equals(&[
    "amazon-ssm-agent",
    "aliyun-service",
    "aws",
    "chronyd",
    "cloud-init",
    "cloud-id",
    "containerd",
    "dhclient",
    "ds-identify",
    "ec2-metadata",
    "gce_workload_cert_refresh",
    "gcloud",
    "google_guest_agent",
    "google_metadata_script_runner",
    "google_osconfig_agent",
    "gsutil",
    "kubelet",
    "oci",
    "snapd",
    "ssm-agent-worker",
    "systemd-networkd",
    "systemd-resolved",
    "systemd-timesyncd",
    "waagent",
]);

/// Where homes lie.
pub(crate) const HOMES: [&str; 6] = ["/home/", "/opt/", "/root/", "/srv/", "/var/", "/Users/"];
/// What keys are called, wherever they lie.
static DEFAULT_KEYS: TextSet = TextSet::new().ends_with(&[
    "/.ssh/id_dsa",
    "/.ssh/id_ecdsa",
    "/.ssh/id_ecdsa_sk",
    "/.ssh/id_ed25519",
    "/.ssh/id_ed25519_sk",
    "/.ssh/id_rsa",
    "/.ssh/identity",
]);

pub(crate) fn add(r: &mut Rules<CredentialAccess>) {
    r.rule("credential-access/ssh-key-read")
        .summary("A private SSH key was read by a program that is not part of SSH")
        .severity(High)
        .attack("T1552.004")
        .property("maturity", "stable")
        .property("misses", "keys that lie elsewhere than in their folder")
        .only(
            open::file()
                .starts_with(HOMES)
                .and(open::file().contains(["/.ssh/"]))
                .or(open::file().starts_with(["/etc/ssh/ssh_host_"]))
                .or(open::file().matches(&DEFAULT_KEYS)),
        )
        .on_open(|_, e, out| {
            if e.paths().any(is_private_key) && !is_ssh(&e.process()) && !is_package_management(&e.process()) {
                read(e, out);
            }
        });

    r.rule("credential-access/private-key-read")
        .summary("A private key or a store of keys was read by a tool for whatever file")
        .severity(Medium)
        .attack("T1552.004")
        .attack("T1649")
        .property("maturity", "incubating")
        .property("misses", "keys in folders of applications, and in /usr/share and /usr/lib")
        .only(
            open::file()
                .matches(&KEY_FOLDERS)
                .or(open::file().starts_with(HOMES).and(open::file().contains(["/.gnupg/private-keys-v1.d/"]))),
        )
        .only(common::opens::elsewhere())
        .on_open(|_, e, out| {
            let process = e.process();
            let own = lineage(&process).any(|it| is_installed(&it, &KEY_PROGRAMS)) || is_package_management(&process);
            if !own && is_general_tool(&process) && !e.path().ends_with(".crt") && !is_in_system(process.script()) {
                let expected = is_build(&process) || is_ci(&process);
                read_as(e, expected.then_some(Low), out);
            }
        });

    r.rule("credential-access/cloud-credential-read")
        .summary("Credentials of a cloud, a cluster or an image registry were read by a program that is not their own")
        .severity(Medium)
        .attack("T1552.001")
        .attack("T1528")
        .property("maturity", "stable")
        .property("misses", "programs that call themselves like those of the cloud")
        .only(open::file().matches(&CLOUD_FILES))
        .on_open(|_, e, out| {
            if !is_cloud_program(&e.process()) && !is_container_runtime(&e.process()) {
                read(e, out);
            }
        });

    r.rule("credential-access/kerberos-ticket-read")
        .summary("Tickets or keys of Kerberos were read by a program that is not part of it")
        .severity(High)
        .attack("T1558.005")
        .attack("T1558")
        .property("maturity", "incubating")
        .property("misses", "tickets in the kernel's keyring, and in /usr/share and /usr/lib")
        .only(open::file().matches(&TICKETS))
        .only(common::opens::elsewhere())
        .on_open(|_, e, out| {
            if !is_installed(&e.process(), &TICKET_PROGRAMS) && is_general_tool(&e.process()) {
                read(e, out);
            }
        });

    r.rule("credential-access/kerberos-tool")
        .summary("A tool was run that asks for tickets of others, or forges them")
        .severity(High)
        .attack("T1558.003")
        .attack("T1558.004")
        .attack("T1558.001")
        .property("maturity", "incubating")
        .property("misses", "tools under other names")
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let first = command.words().next().unwrap_or_default().file_name();
            let names = [command.name(), first];
            let is = |tool: &str| names.iter().any(|name| name.contains(tool));
            if let Some((tool, technique)) = TICKET_TOOLS.iter().find(|(tool, _)| is(tool)) {
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line()))
                    .field("tool", tool)
                    .field("technique", technique);
            }
        });

    r.rule("credential-access/cloud-metadata-request")
        .summary("The metadata service of the cloud was asked, which gives away the machine's keys")
        .severity(Medium)
        .attack("T1552.005")
        .property("maturity", "stable")
        .property("misses", "requests through a proxy, such as a hole in a web application")
        .only(connect::address().matches(&METADATA))
        .on_connect(|_, e, out| {
            let process = e.process();
            let Some(address) = e.address() else { return };
            if is_installed(&process, &CLOUD_AGENTS) || !e.is_tcp() || is_package_management(&process) {
                return;
            }
            // Applications ask for their keys so; tools that are run by hand do not.
            let was_put_there = is_world_writable(process.exe()) || process.is_memfd() || process.is_upper();
            let severity = match () {
                () if was_put_there => High,
                () if is_general_tool(&process) && !is_scheduled(&process) => Medium,
                () => Low,
            };
            out.finding(format!("{} connected to {address}, the metadata service", label(&process)))
                .fact("address", address)
                .severity(severity);
        });

    r.rule("credential-access/access-token-request")
        .summary("The program of a cloud was told to give out the token that it works with")
        .severity(Medium)
        .attack("T1528")
        .property("maturity", "incubating")
        .property("misses", "tokens that are taken from files or from memory")
        .only(exec::image::exe().matches(&CLOUD_TOOLS).or(exec::image::script().matches(&CLOUD_TOOLS)))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let has = |word: &str| command.words().any(|it| it == word);
            let asks = match command.name().as_bytes() {
                b"gcloud" => has("print-access-token") || has("print-identity-token"),
                b"az" => has("get-access-token"),
                b"gh" => has("token") && has("auth"),
                b"aws" => has("get-session-token") || has("get-federation-token"),
                _ => false,
            };
            if asks {
                let severity = if is_ci(&image) { Low } else { Medium };
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line())).severity(severity);
            }
        });
}

/// What gives out tokens.
static CLOUD_TOOLS: TextSet = TextSet::new().file_name(&["aws", "az", "gcloud", "gh"]);

/// Names that keys have by default, and those that people give them.
fn is_private_key(path: Text<'_>) -> bool {
    let name = path.file_name();
    if name.ends_with(".pub") {
        return false;
    }
    if path.directory().ends_with("/.ssh") {
        return PRIVATE_KEYS.matches(name);
    }
    path.directory() == "/etc/ssh" && name.ends_with("_key")
}
