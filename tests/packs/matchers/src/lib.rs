//! One rule that compares each open with many texts, without a filter, so that the pack does the work. The bench runs this
//! source as WebAssembly and natively.

use lanner_sdk::prelude::*;

/// Files with secrets: 8 beginnings, 10 names, 6 parts.
static SECRETS: TextSet = TextSet::new()
    .starts_with(&[
        "/etc/shadow",
        "/etc/gshadow",
        "/etc/ssl/private/",
        "/etc/krb5.keytab",
        "/root/.ssh/",
        "/var/lib/kubelet/pki/",
        "/var/lib/sss/secrets/",
        "/run/secrets/",
    ])
    .file_name(&[
        "id_rsa",
        "id_ecdsa",
        "id_ed25519",
        "credentials.json",
        ".netrc",
        ".pgpass",
        ".git-credentials",
        "secring.gpg",
        "wallet.dat",
        "logins.json",
    ])
    .contains(&["/.ssh/", "/.aws/", "/.kube/", "/.gnupg/", "/.config/gcloud/", "/.password-store/"]);
/// Programs that they are for.
static READERS: TextSet = TextSet::new().file_name(&["sshd", "ssh", "ssh-agent", "gpg-agent", "kubelet", "aws"]);

/// The pack.
#[derive(Default)]
pub struct Matchers;

impl Pack for Matchers {
    const INFO: PackInfo = pack_info!("matchers", "One rule that compares with many texts");

    fn rules(r: &mut Rules<Self>) {
        r.rule("test/matchers").summary("A secret was opened").severity(High).on_open(|_, e, out| {
            if SECRETS.matches(e.path()) && !READERS.matches(e.process().exe()) {
                out.finding(format!("{} opened {}", e.process().exe(), e.path()));
            }
        });
    }
}

export_pack!(Matchers);
