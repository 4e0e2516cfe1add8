use lanner_sdk::abi::field;
use lanner_sdk::prelude::Severity::{High, Low, Medium};
use lanner_sdk::testing::{open, process};

use super::{finds, silent};

const EACCES: u16 = 13;
const ENOENT: u16 = 2;

#[test]
fn the_shadow_file_read_by_a_stranger() {
    let rule = "credential-access/shadow-read";
    finds([open("/etc/shadow").by(process("/usr/bin/cat"))], rule, High, "/usr/bin/cat read /etc/shadow");
    finds([open("/etc/gshadow-").by(process("/usr/bin/cp"))], rule, High, "/usr/bin/cp read /etc/gshadow-");
    let script = process("/usr/bin/python3.11").script("/root/steal.py");
    finds([open("/etc/shadow").by(script)], rule, High, "/root/steal.py (python3.11) read /etc/shadow");
    let elsewhere = open("/host/etc/shadow").set(field::open::HOST_PATH, "/etc/shadow").by(process("/usr/bin/cat"));
    finds([elsewhere], rule, High, "/usr/bin/cat read /host/etc/shadow (on the host /etc/shadow)");
    let submitted = open("/etc/shadow").submitted().by(process("/usr/bin/cat"));
    finds([submitted], rule, Medium, "/usr/bin/cat tried to read /etc/shadow");
    // The name alone is not trusted, nor where it lies alone.
    finds([open("/etc/shadow").by(process("/tmp/sshd"))], rule, High, "/tmp/sshd read /etc/shadow");
    finds([open("/etc/shadow").by(process("/usr/sbin/sshd").deleted())], rule, High, "/usr/sbin/sshd read /etc/shadow");
    let adduser = process("/usr/bin/perl").script("/usr/sbin/adduser");
    finds([open("/etc/shadow").by(adduser)], rule, Low, "/usr/sbin/adduser (perl) read /etc/shadow");
    let curious = process("/usr/bin/cat").uid(1000);
    finds([open("/etc/shadow").failed(EACCES).by(curious)], rule, Low, "/usr/bin/cat tried to read /etc/shadow");
}

#[test]
fn the_shadow_file_in_the_hands_of_its_own() {
    for own in
        ["/usr/sbin/sshd", "/usr/bin/sudo", "/bin/login", "/usr/sbin/unix_chkpwd", "/usr/lib/openssh/sshd-session"]
    {
        silent([open("/etc/shadow").by(process(own))]);
    }
    let dpkg = process("/usr/bin/dpkg");
    let postinst = process("/usr/bin/dash").script("/var/lib/dpkg/info/base-passwd.postinst").parent(&dpkg);
    silent([open("/etc/shadow").by(process("/usr/bin/cp").parent(&postinst))]);
    let daily = process("/usr/bin/dash").script("/etc/cron.daily/passwd").parent(process("/usr/bin/run-parts"));
    silent([open("/etc/shadow").by(process("/usr/bin/cmp").parent(&daily))]);
    silent([open("/etc/shadow").by(process("/usr/lib/dovecot/auth"))]);
    silent([open("/etc/shadow").write().by(process("/usr/bin/vim"))]);
    silent([open("/etc/shadow").failed(ENOENT).by(process("/usr/bin/cat"))]);
    silent([open("/etc/passwd").by(process("/usr/bin/cat"))]);
    silent([open("/srv/etc/shadow").by(process("/usr/bin/cat"))]);
}

#[test]
fn private_keys() {
    let rule = "credential-access/ssh-key-read";
    let tar = process("/usr/bin/tar").uid(1000);
    for key in ["/home/ada/.ssh/id_ed25519", "/root/.ssh/deploy.pem", "/etc/ssh/ssh_host_rsa_key"] {
        finds([open(key).by(&tar)], rule, High, &format!("/usr/bin/tar read {key}"));
        silent([open(key).by(process("/usr/bin/ssh"))]);
        silent([open(key).write().by(&tar)]);
    }
    for public in ["/home/ada/.ssh/id_ed25519.pub", "/etc/ssh/ssh_host_rsa_key.pub", "/home/ada/.ssh/known_hosts"] {
        silent([open(public).by(&tar)]);
    }
}

#[test]
fn cloud_credentials() {
    let rule = "credential-access/cloud-credential-read";
    let key = "/home/ada/.aws/credentials";
    finds([open(key).by(process("/usr/bin/grep"))], rule, Medium, "/usr/bin/grep read /home/ada/.aws/credentials");
    let other = process("/usr/bin/python3.11").script("/home/ada/fetch.py");
    finds([open(key).by(other)], rule, Medium, "/home/ada/fetch.py (python3.11) read /home/ada/.aws/credentials");
    silent([open(key).by(process("/usr/bin/python3.11").script("/usr/local/bin/aws"))]);
    let gcloud = process("/usr/bin/python3.11").args(["python3", "-S", "/usr/lib/google-cloud-sdk/lib/gcloud.py"]);
    silent([open("/root/.config/gcloud/credentials.db").by(gcloud)]);
    silent([open("/root/.kube/config").by(process("/usr/local/bin/kubectl"))]);
    silent([open("/home/ada/.aws/config").by(process("/usr/bin/grep"))]);
}
