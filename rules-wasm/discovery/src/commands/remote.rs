//! Clouds, clusters and containers, by the programs that they are managed with.

use common::command::Command;

use crate::act::{Act, NOTABLE, RARE, ROUTINE, TELLING, WEAK, act};
use crate::topic::Topic::{CloudAccounts, CloudInfrastructure, CloudStorage, Containers};

pub(crate) fn act_of(command: &Command<'_>) -> Option<Act> {
    match command.name().as_bytes() {
        b"docker" | b"podman" | b"nerdctl" => engine(command),
        b"crictl" | b"ctr" if command.words().any(|word| word.one_of(&["ps", "pods", "images", "ls", "list"])) => {
            act(Containers, "crictl", NOTABLE)
        }
        b"kubectl" | b"oc" => kubectl(command),
        b"kubeletctl" => act(Containers, "kubeletctl", TELLING),
        b"helm" if command.word(0) == b"list" => act(Containers, "helm list", WEAK),
        b"curl" | b"wget" => request(command),
        b"aws" => aws(command),
        b"gcloud" | b"gsutil" | b"az" | b"oci" | b"doctl" | b"linode-cli" | b"hcloud" => cloud(command),
        b"scout" | b"ScoutSuite" | b"scout.py" | b"prowler" | b"pacu" | b"pacu.py" | b"cloudfox"
        | b"enumerate-iam.py" | b"cloudsplaining" | b"roadrecon" => {
            act(CloudInfrastructure, "a tool for clouds", TELLING)
        }
        _ => None,
    }
}

fn engine(command: &Command<'_>) -> Option<Act> {
    match (command.word(0), command.word(1)) {
        (b"ps", _) | (b"container", b"ls" | b"list" | b"ps") => act(Containers, "containers", ROUTINE),
        (b"images", _) | (b"image", b"ls" | b"list") => act(Containers, "images", ROUTINE),
        (b"info", _) | (b"system", b"info" | b"df") => act(Containers, "docker info", ROUTINE),
        (b"network", b"ls" | b"list" | b"inspect") => act(Containers, "networks", NOTABLE),
        (b"volume", b"ls" | b"list" | b"inspect") => act(Containers, "volumes", NOTABLE),
        (b"secret" | b"config" | b"node" | b"service" | b"stack", b"ls") => act(Containers, "swarm", NOTABLE),
        (b"inspect" | b"version" | b"stats" | b"top", _) => act(Containers, "docker inspect", WEAK),
        _ => None,
    }
}

fn kubectl(command: &Command<'_>) -> Option<Act> {
    let everywhere = command.has('A', "") || command.says(&["--all-namespaces"]);
    match (command.word(0), command.word(1)) {
        (b"auth", b"can-i") if command.says(&["--list"]) => act(Containers, "kubectl auth can-i --list", TELLING),
        (b"auth", _) => act(Containers, "kubectl auth", NOTABLE),
        (b"get", _) if everywhere => act(Containers, "kubectl get -A", NOTABLE),
        (
            b"get",
            b"nodes"
            | b"namespaces"
            | b"ns"
            | b"clusterroles"
            | b"clusterrolebindings"
            | b"serviceaccounts"
            | b"sa"
            | b"secrets",
        ) => act(Containers, "kubectl get of the cluster", NOTABLE),
        (b"get", _) => act(Containers, "kubectl get", ROUTINE),
        (b"api-resources" | b"cluster-info", _) => act(Containers, "kubectl cluster-info", NOTABLE),
        (b"config", b"view" | b"get-contexts") => act(Containers, "kubectl config", ROUTINE),
        (b"describe" | b"version", _) => act(Containers, "kubectl describe", WEAK),
        _ => None,
    }
}

/// The engine's and the cluster's own interfaces, asked without their programs.
fn request(command: &Command<'_>) -> Option<Act> {
    let socket =
        command.mentions("docker.sock") || command.mentions("containerd.sock") || command.mentions("podman.sock");
    if socket && (command.mentions("/json") || command.mentions("/info") || command.mentions("/version")) {
        return act(Containers, "the engine's socket", TELLING);
    }
    if command.mentions(":10250/")
        || command.mentions(":10255/")
        || command.mentions(":2375/")
        || command.mentions(":2379/")
    {
        return act(Containers, "an open interface", TELLING);
    }
    if command.mentions("/api/v1/")
        && (command.mentions("/pods") || command.mentions("/secrets") || command.mentions("/namespaces"))
    {
        return act(Containers, "the cluster's interface", RARE);
    }
    None
}

fn aws(command: &Command<'_>) -> Option<Act> {
    let asks =
        |word: &[u8]| [b"list".as_slice(), b"get-", b"describe-", b"ls"].iter().any(|begin| word.starts_with(begin));
    match (command.word(0), command.word(1)) {
        (b"sts", b"get-caller-identity") => act(CloudAccounts, "who it is in the cloud", ROUTINE),
        (b"s3", b"ls") | (b"s3api", b"list-buckets" | b"list-objects" | b"list-objects-v2") => {
            act(CloudStorage, "aws s3 ls", RARE)
        }
        (b"iam" | b"identitystore" | b"organizations", what) if asks(what) => act(CloudAccounts, "aws iam", RARE),
        (b"secretsmanager" | b"ssm", b"get-secret-value" | b"get-parameter" | b"get-parameters") => None,
        (_, what) if asks(what) => act(CloudInfrastructure, "aws", NOTABLE),
        _ => None,
    }
}

fn cloud(command: &Command<'_>) -> Option<Act> {
    let words: Vec<&[u8]> = command.words().map(|word| word.as_bytes()).collect();
    let asks = words.iter().any(|word| matches!(*word, b"list" | b"show" | b"describe" | b"get-iam-policy" | b"ls"));
    if !asks {
        return None;
    }
    let about = |names: &[&[u8]]| words.iter().any(|word| names.contains(word));
    if about(&[b"iam", b"ad", b"role", b"user", b"group", b"service-accounts", b"get-iam-policy", b"account", b"auth"])
    {
        return act(CloudAccounts, "accounts of the cloud", NOTABLE);
    }
    if command.name() == "gsutil" || about(&[b"storage", b"buckets", b"os", b"blob"]) {
        return act(CloudStorage, "storage of the cloud", RARE);
    }
    act(CloudInfrastructure, "machines of the cloud", NOTABLE)
}
