//! What conditions say, case by case.

use lanner_sdk::testing::{TestEvent, connect, exec, open, process};

use super::{holds, refusal};

fn cat() -> TestEvent {
    let nginx = process("/usr/sbin/nginx").args(["nginx", "-g", "daemon off;"]);
    let shell = process("/usr/bin/dash").args(["sh", "-c", "cat"]).parent(&nginx);
    exec(process("/usr/bin/cat").args(["cat", "/etc/Shadow", "-n"]).parent(&shell))
}

fn all(event: &TestEvent, conditions: &[(&str, bool)]) {
    for (condition, expected) in conditions {
        assert_eq!(holds(condition, event), *expected, "{condition}");
    }
}

#[test]
fn texts_are_compared() {
    all(
        &cat(),
        &[
            ("proc.name = cat", true),
            ("proc.name == cat", true),
            ("proc.name = Cat", false),
            ("proc.name != cat", false),
            ("proc.name != dog", true),
            ("proc.name in (dog, cat)", true),
            ("proc.name in (dog)", false),
            ("proc.name in ()", false),
            ("not proc.name in ()", true),
            ("proc.name intersects (dog, cat)", true),
            ("proc.name exists", true),
            ("proc.cmdline contains shadow", false),
            ("proc.cmdline contains Shadow", true),
            ("proc.cmdline icontains sHADOW", true),
            ("proc.cmdline startswith \"cat /etc\"", true),
            ("proc.cmdline startswith \"cat /var\"", false),
            ("proc.cmdline endswith \" -n\"", true),
            ("proc.cmdline = \"cat /etc/Shadow -n\"", true),
            ("proc.cmdline glob \"cat *-n\"", true),
            ("proc.cmdline glob \"cat ?-n\"", false),
            ("proc.cmdline iglob \"CAT *shadow*\"", true),
            ("proc.exepath pmatch (/usr)", true),
            ("proc.exepath pmatch (/us)", false),
            ("proc.exepath pmatch (/usr/bin/cat)", true),
            ("proc.exepath pmatch (/usr/bin/)", true),
            ("proc.exepath regex \"/usr/.*\"", true),
            // As a whole.
            ("proc.exepath regex \"usr\"", false),
            ("proc.exepath bcontains 62696e", true),
            ("proc.exepath bstartswith 2f757372", true),
            ("proc.exepath bstartswith 757372", false),
            ("proc.cmdline contains anyof (x, Shadow)", true),
            ("proc.cmdline contains allof (x, Shadow)", false),
            ("proc.cmdline contains allof (etc, Shadow)", true),
            ("proc.name != allof (a, b)", true),
            ("proc.name != allof (a, cat)", false),
            ("proc.name startswith oneof (c, d)", true),
        ],
    );
}

#[test]
fn what_is_not_there_passes_no_test() {
    // It has no container, and its environment is not known.
    all(
        &cat(),
        &[
            ("container.image.repository = x", false),
            ("container.image.repository != x", false),
            ("not container.image.repository = x", true),
            ("not container.image.repository in (x)", true),
            ("container.image.repository exists", false),
            ("not container.image.repository exists", true),
            ("container.image.repository contains \"\"", false),
            ("proc.aname[7] = x", false),
            ("not proc.aname[7] = x", true),
            // Who compares with what a missing value is shown as asks for that.
            ("container.image.repository in (\"<NA>\", \"N/A\")", true),
            ("container.image.repository = \"<NA>\"", true),
            ("not container.image.repository in (\"<NA>\")", false),
            ("container.image.repository != \"<NA>\"", false),
            ("not proc.name in (\"<NA>\",\"N/A\")", true),
            ("fd.name = \"<NA>\"", true),
            // These are never missing.
            ("container.id = host", true),
            ("container.id != host", false),
            ("user.loginuid = -1", true),
            ("proc.tty = 0", true),
            ("evt.num = 0", false),
            ("evt.num > 0", true),
        ],
    );
}

#[test]
fn numbers_yes_and_no_and_addresses_are_compared() {
    let opened = open("/etc/passwd").read().returned(3).by(process("/usr/bin/cat"));
    all(
        &opened,
        &[
            ("evt.rawres = 3", true),
            ("evt.rawres = 0x3", true),
            ("evt.rawres < 3", false),
            ("evt.rawres <= 3", true),
            ("evt.rawres > 2", true),
            ("evt.rawres >= 4", false),
            ("evt.rawres != 3", false),
            ("evt.rawres in (1, 3)", true),
            ("evt.is_open_read = true", true),
            ("evt.is_open_read != true", false),
            ("evt.is_open_write = false", true),
            ("evt.failed = false", true),
        ],
    );
    let connected = connect("192.0.2.7:443").by(process("/usr/bin/curl"));
    all(
        &connected,
        &[
            ("fd.sip = \"192.0.2.7\"", true),
            ("fd.sip != \"192.0.2.7\"", false),
            ("fd.snet in (\"10.0.0.0/8\", \"192.0.2.0/24\")", true),
            ("fd.net = \"192.0.2.0/24\"", true),
            ("fd.net != \"192.0.2.0/24\"", false),
            ("fd.ip != \"0.0.0.0\"", true),
            ("fd.sport = 443", true),
            ("fd.sport = \"443\"", true),
            ("fd.port in (80, 443)", true),
            ("fd.port != 443", false),
            ("fd.typechar = 4", true),
            ("fd.type in (\"ipv4\", \"ipv6\")", true),
            ("fd.sockfamily = ip", true),
            ("fd.l4proto = tcp", true),
            ("fd.name endswith \"->192.0.2.7:443\"", true),
        ],
    );
}

#[test]
fn fields_are_changed_and_compared_with_each_other() {
    all(
        &cat(),
        &[
            ("tolower(proc.args) contains shadow", true),
            ("toupper(proc.name) = CAT", true),
            ("basename(proc.exepath) = cat", true),
            ("basename(proc.exepath) = val(proc.name)", true),
            ("proc.name = val(proc.pname)", false),
            ("proc.name != val(proc.pname)", true),
            ("proc.exepath endswith val(proc.name)", true),
            ("proc.pid != val(proc.ppid)", true),
            ("b64(proc.name) exists", true),
        ],
    );
}

#[test]
fn ancestors_are_asked_for_by_number_or_all() {
    all(
        &cat(),
        &[
            ("proc.aname[1] = dash", true),
            ("proc.aname[2] = nginx", true),
            ("proc.aname[0] = cat", true),
            ("proc.pname = dash", true),
            ("proc.aname = nginx", true),
            ("proc.aname in (nginx)", true),
            // It is none of its own ancestors.
            ("proc.aname = cat", false),
            ("proc.aname != dash", true),
            ("proc.pcmdline startswith \"dash -c\"", true),
            ("proc.aexepath[2] = /usr/sbin/nginx", true),
            ("proc.acmdline contains \"daemon off\"", true),
        ],
    );
}

#[test]
fn and_or_and_not_are_what_they_are() {
    all(
        &cat(),
        &[
            ("proc.name = cat and proc.name = dog", false),
            ("proc.name = cat or proc.name = dog", true),
            ("not (proc.name = cat or proc.name = dog)", false),
            ("not proc.name = dog and proc.name = cat", true),
            ("not not proc.name = cat", true),
            ("proc.name = dog and proc.name = x or proc.name = cat", true),
        ],
    );
}

#[test]
fn what_makes_no_sense_is_refused_with_its_place() {
    for (condition, says) in [
        ("proc.nam = x", "there is no field proc.nam; did you mean \"proc.name\"?"),
        ("evt.buffer contains x", "the field evt.buffer cannot be had: what is read"),
        ("proc.name > 3", "proc.name is a text, which is not compared by `>`"),
        ("evt.rawres = x", "evt.rawres is a number, and \"x\" is none"),
        ("evt.rawres contains 3", "not compared by `contains`"),
        ("evt.failed = maybe", "true or false"),
        ("fd.sip = host", "is no address"),
        ("fd.sip = \"10.0.0.0/33\"", "is no address"),
        ("proc.exepath regex \"(\"", "no regular expression"),
        ("proc.exepath bcontains xyz", "not bytes in hex"),
        ("proc.name = val(proc.pid)", "not of one type"),
        ("nothing_such", "there is no macro \"nothing_such\""),
        ("evt.type = read", "it needs events that are not told here: read"),
        ("evt.type = Execve", "is no type of event"),
        ("evt.arg[0] = x", "arguments have names"),
        ("proc.aname[x] = a", "there is no field proc.aname[x]"),
        ("proc.name = x and", "where the condition ends"),
    ] {
        let said = refusal(condition);
        assert!(said.contains(says), "{condition}: {said}");
        assert!(said.contains("rules-0.yaml:3:"), "{condition}: {said}");
    }
}
