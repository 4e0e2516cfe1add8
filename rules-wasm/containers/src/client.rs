//! Command lines of the programs that steer containers: docker, podman and those like them, kubectl, runc, lxc.

use std::borrow::Cow;

use common::families;
use common::programs::is_shell;
use lanner_sdk::prelude::*;

/// Which language a command line is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    /// docker, podman, nerdctl, buildah.
    Engine,
    /// kubectl and oc.
    Kubectl,
    /// crictl.
    Crictl,
    /// ctr.
    Ctr,
    /// runc and crun.
    Runc,
    /// lxc, incus.
    Lxc,
}

/// A command line, taken apart.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) tool: Tool,
    /// What is to be done, such as `run`; `container ls` and `ps` are the same.
    pub(crate) verb: Cow<'a, str>,
    options: Vec<(&'a [u8], Option<&'a [u8]>)>,
    /// What is no option: of `run` the image and what follows it.
    pub(crate) operands: Vec<&'a [u8]>,
}

/// Paths of the programs.
pub(crate) static CLIENTS: TextSet = TextSet::new().file_name(&[
    "buildah",
    "crictl",
    "crun",
    "ctr",
    "docker",
    "incus",
    "k3s",
    "kubectl",
    "kubectl.real",
    "lxc",
    "microk8s",
    "nerdctl",
    "oc",
    "podman",
    "podman-remote",
    "runc",
]);
/// Programs of which one is called by its first argument.
static SEVERAL: TextSet = TextSet::new().equals(&["k3s", "microk8s", "rke2"]);
/// Words of docker that only say what the next is about.
static ABOUT: TextSet = TextSet::new().equals(&[
    "builder",
    "buildx",
    "c",
    "c8d",
    "compose",
    "config",
    "container",
    "containers",
    "content",
    "context",
    "generate",
    "i",
    "image",
    "images",
    "kube",
    "machine",
    "manifest",
    "network",
    "node",
    "play",
    "plugin",
    "pod",
    "secret",
    "service",
    "stack",
    "swarm",
    "system",
    "t",
    "task",
    "tasks",
    "trust",
    "volume",
]);
/// Options of docker and its like without a value. Of all others what follows is the value, unless it has a `=`.
static SWITCHES: TextSet = TextSet::new().equals(&[
    "D",
    "P",
    "a",
    "all",
    "compress",
    "d",
    "debug",
    "detach",
    "disable-content-trust",
    "force",
    "force-rm",
    "help",
    "i",
    "init",
    "insecure",
    "interactive",
    "l",
    "latest",
    "load",
    "net-host",
    "no-cache",
    "no-healthcheck",
    "no-hosts",
    "no-pivot",
    "no-reset",
    "no-stream",
    "no-trunc",
    "oom-kill-disable",
    "privileged",
    "publish-all",
    "pull-always",
    "push",
    "q",
    "quiet",
    "read-only",
    "replace",
    "rm",
    "rmi",
    "rootfs",
    "s",
    "sig-proxy",
    "size",
    "squash",
    "t",
    "tls",
    "tlsverify",
    "tty",
    "volumes",
    "with-registry",
]);
/// Verbs of which `-t`, `-f`, `-s`, `-a` and `-l` mean something else: they have a value, or take none.
const BUILDS: [&str; 3] = ["build", "bud", "commit"];
/// Options of kubectl without a value.
static KUBECTL_SWITCHES: TextSet = TextSet::new().equals(&[
    "A",
    "R",
    "all",
    "all-namespaces",
    "attach",
    "force",
    "h",
    "help",
    "i",
    "ignore-not-found",
    "insecure-skip-tls-verify",
    "list",
    "no-headers",
    "now",
    "overwrite",
    "previous",
    "privileged",
    "q",
    "quiet",
    "record",
    "recursive",
    "rm",
    "server-side",
    "show-labels",
    "stdin",
    "t",
    "tty",
    "w",
    "wait",
    "watch",
]);
/// Verbs after whose first operand everything belongs to the container.
const LAST_WORDS: [&str; 4] = ["run", "create", "exec", "shell"];

impl<'a> Call<'a> {
    /// Of the image that an exec begins.
    pub(crate) fn of(image: &Process<'a>) -> Option<Self> {
        let mut arguments: Vec<&'a [u8]> = image.args().map(|argument| argument.as_bytes()).collect();
        let mut name = image.name();
        let script = image.script();
        if CLIENTS.matches(script) {
            // A script in front of the program: `/bin/sh /usr/bin/docker run …`.
            name = script.file_name();
            let at = arguments.iter().position(|argument| Text::new(argument).file_name() == name)?;
            arguments.drain(..at);
        } else if is_shell(image) || !CLIENTS.matches(name) {
            return None;
        }
        let mut arguments = arguments.into_iter().skip(1);
        let mut name = name.as_bytes();
        if SEVERAL.matches(name) {
            name = arguments.next()?;
        }
        let tool = match name {
            b"docker" | b"podman" | b"podman-remote" | b"nerdctl" | b"buildah" => Tool::Engine,
            b"kubectl" | b"kubectl.real" | b"oc" => Tool::Kubectl,
            b"crictl" => Tool::Crictl,
            b"ctr" => Tool::Ctr,
            b"runc" | b"crun" => Tool::Runc,
            b"lxc" | b"incus" => Tool::Lxc,
            _ => return None,
        };
        Some(Self::parse(tool, &mut arguments))
    }

    fn parse(tool: Tool, arguments: &mut dyn Iterator<Item = &'a [u8]>) -> Self {
        let mut call = Self { tool, verb: Cow::Borrowed(""), options: Vec::new(), operands: Vec::new() };
        let mut about: Option<&'a [u8]> = None;
        while let Some(argument) = arguments.next() {
            match argument {
                b"--" => {
                    call.operands.extend(arguments);
                    break;
                }
                [b'-', b'-', long @ ..] => call.long(long, arguments),
                [b'-', short @ ..] if !short.is_empty() => call.short(short, arguments),
                word if call.verb.is_empty() && about.is_none() && call.is_about(word) => about = Some(word),
                word if call.verb.is_empty() => call.verb = verb(tool, about.take(), word),
                operand => {
                    call.operands.push(operand);
                    if tool != Tool::Kubectl && LAST_WORDS.contains(&call.verb.as_ref()) {
                        call.operands.extend(arguments);
                        break;
                    }
                }
            }
        }
        // `docker images` and the like say it in one word.
        if let Some(word) = about {
            call.verb = verb(tool, None, word);
        }
        call
    }

    fn is_about(&self, word: &[u8]) -> bool {
        matches!(self.tool, Tool::Engine | Tool::Ctr) && ABOUT.matches(word)
    }

    fn is_switch(&self, name: &[u8]) -> bool {
        match self.tool {
            Tool::Kubectl => KUBECTL_SWITCHES.matches(name),
            // `docker build -t name`, `commit -a author`; `run -a` names a stream, `run -l` a label.
            Tool::Engine if BUILDS.contains(&self.verb.as_ref()) && name.len() == 1 => name == b"q",
            Tool::Engine if LAST_WORDS.contains(&self.verb.as_ref()) && matches!(name, b"a" | b"l") => false,
            Tool::Engine if self.verb == "rm" && name == b"f" => true,
            _ if matches!(name, b"l" | b"s" | b"D") && self.verb.is_empty() => name == b"D",
            _ => SWITCHES.matches(name),
        }
    }

    fn long(&mut self, option: &'a [u8], arguments: &mut dyn Iterator<Item = &'a [u8]>) {
        match option.iter().position(|byte| *byte == b'=') {
            Some(at) => self.options.push((&option[..at], Some(&option[at + 1..]))),
            None if self.is_switch(option) => self.options.push((option, None)),
            None => self.options.push((option, arguments.next())),
        }
    }

    /// One or more letters, of which the last may have a value: `-itv /:/host`.
    fn short(&mut self, letters: &'a [u8], arguments: &mut dyn Iterator<Item = &'a [u8]>) {
        for (at, letter) in letters.chunks(1).enumerate() {
            if self.is_switch(letter) {
                self.options.push((letter, None));
                continue;
            }
            let rest = &letters[at + 1..];
            let value = match rest {
                [b'=', value @ ..] => Some(value),
                [] => arguments.next(),
                value => Some(value),
            };
            self.options.push((letter, value));
            return;
        }
    }

    /// Whether a switch is on, by any of its names.
    pub(crate) fn has(&self, names: &[&str]) -> bool {
        let named = |name: &[u8]| names.iter().any(|one| one.as_bytes() == name);
        self.options.iter().any(|(name, value)| named(name) && *value != Some(b"false".as_slice()))
    }

    /// What an option is set to, by any of its names, each time that it is.
    pub(crate) fn values<'s>(&'s self, names: &'s [&'s str]) -> impl Iterator<Item = &'a [u8]> + 's {
        let named = |name: &[u8]| names.iter().any(|one| one.as_bytes() == name);
        self.options.iter().filter(move |(name, _)| named(name)).filter_map(|(_, value)| *value)
    }

    /// Whether it is for that program, and has one of these verbs.
    pub(crate) fn is(&self, tool: Tool, verbs: &[&str]) -> bool {
        self.tool == tool && verbs.contains(&self.verb.as_ref())
    }

    /// Whether the command that is run in the container is a shell.
    pub(crate) fn runs_shell(&self, skip: usize) -> bool {
        static SHELLS: TextSet = TextSet::new().file_name(families::SHELLS);
        self.operands.get(skip).is_some_and(|command| SHELLS.matches(Text::new(command)))
    }
}

/// Different words for the same.
fn verb<'a>(tool: Tool, about: Option<&'a [u8]>, word: &'a [u8]) -> Cow<'a, str> {
    let word = String::from_utf8_lossy(word);
    let about = about.map(String::from_utf8_lossy).unwrap_or_default();
    if tool == Tool::Kubectl {
        return word;
    }
    match (about.as_ref(), word.as_ref()) {
        ("container" | "containers" | "c" | "", "ls" | "list" | "ps") => "ps".into(),
        ("image" | "images" | "i", "ls" | "list") => "images".into(),
        ("image", "rm" | "remove") => "rmi".into(),
        ("image" | "images" | "i", "inspect") => "inspect".into(),
        ("image" | "images" | "i", verb) => verb.to_owned().into(),
        ("container" | "containers" | "c" | "task" | "tasks" | "t" | "", "remove" | "delete" | "del") => "rm".into(),
        ("builder" | "buildx" | "", "build" | "bud" | "bake") => "build".into(),
        ("task" | "tasks" | "t" | "container" | "containers" | "c" | "", _) => word,
        ("system", "info" | "df") => "info".into(),
        (about, verb) => format!("{about} {verb}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(line: &'static str) -> Call<'static> {
        let mut words = line.split(' ').map(str::as_bytes);
        let tool = match words.next() {
            Some(b"kubectl") => Tool::Kubectl,
            Some(b"ctr") => Tool::Ctr,
            _ => Tool::Engine,
        };
        Call::parse(tool, &mut words)
    }

    #[test]
    fn options_end_at_the_image() {
        let call = call("docker -H tcp://1.2.3.4:2375 container run -itv /:/host --privileged=true alpine sh -c id");
        assert_eq!(call.verb, "run");
        assert!(call.has(&["privileged"]) && call.has(&["t", "tty"]) && !call.has(&["c"]));
        assert_eq!(call.values(&["v", "volume"]).collect::<Vec<_>>(), [b"/:/host"]);
        assert_eq!(call.values(&["H", "host"]).collect::<Vec<_>>(), [b"tcp://1.2.3.4:2375"]);
        assert_eq!(call.operands, [b"alpine".as_slice(), b"sh", b"-c", b"id"]);
    }

    #[test]
    fn verbs_have_several_names() {
        for (line, verb) in [
            ("docker container ls -a", "ps"),
            ("docker ps --all", "ps"),
            ("docker images", "images"),
            ("docker image ls -q", "images"),
            ("docker buildx build -t x .", "build"),
            ("docker network ls", "network ls"),
            ("docker run --privileged=false x", "run"),
            ("ctr -n k8s.io tasks exec --exec-id 1 web sh", "exec"),
            ("kubectl -n kube-system exec -it pod -- sh", "exec"),
        ] {
            assert_eq!(call(line).verb, verb, "{line}");
        }
        assert!(!call("docker run --privileged=false x").has(&["privileged"]));
        assert_eq!(call("docker build -t x -f a/Dockerfile .").operands, [b"."]);
        assert_eq!(call("kubectl exec -it pod -n web -- sh -c id").operands, [b"pod".as_slice(), b"sh", b"-c", b"id"]);
    }
}
