use std::path::Path;

use lanner_abi::{Kind, field};
use lanner_enrich::Event;

use super::Scene;
use crate::document::Document;

fn try_events(scene: &mut Scene, text: &str) -> Result<Vec<Event>, String> {
    let path = Path::new("t");
    let document = Document::parse(path, text.to_owned()).map_err(|wrong| wrong.to_string())?;
    scene.events(&document.root).map_err(|problem| problem.in_file(path).to_string())
}

fn events(scene: &mut Scene, text: &str) -> Vec<Event> {
    try_events(scene, text).unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn one(scene: &mut Scene, text: &str) -> Event {
    events(scene, text).into_iter().next().expect("an event")
}

fn printed(event: &Event) -> serde_json::Value {
    let mut line = Vec::new();
    lanner_sink::append_event(event, &mut line);
    serde_json::from_slice(&line).expect("JSON")
}

#[test]
fn a_few_words_are_enough() {
    let mut scene = Scene::default();
    let event = one(&mut scene, "open: {path: /etc/shadow, flags: [write, create]}\nprocess: {exe: /usr/bin/cat}");
    let said = printed(&event);
    assert_eq!(said["open"]["path"], "/etc/shadow");
    assert_eq!(said["open"]["flags"], 0o101);
    assert_eq!(said["result"], 0);
    let process = &said["process"];
    assert_eq!(
        (&process["comm"], &process["argv"][0], &process["user"]),
        (&"cat".into(), &"cat".into(), &"root".into())
    );
    assert_eq!(said["tid"], process["pid"]);
    let failed = one(&mut scene, "open: {path: /x}\nresult: EACCES\nafter: 2s");
    assert_eq!((failed.result, failed.seq), (Some(-13), 2));
    assert_eq!(printed(&failed)["flags"], serde_json::json!(["failed"]));
    assert_eq!(failed.time_ns - event.time_ns, 2_000_000_000);
}

#[test]
fn who_is_called_alike_is_the_same() {
    let mut scene = Scene::default();
    let first = one(&mut scene, "{open: {path: /a}, process: {as: web, exe: /usr/sbin/nginx, uid: 33}}");
    let second = one(&mut scene, "{open: {path: /b}, process: web}");
    assert!(std::sync::Arc::ptr_eq(first.process.as_ref().expect("it"), second.process.as_ref().expect("it")));
    // As somebody else it is the same process and image.
    let third = one(&mut scene, "{open: {path: /b}, process: {as: web, uid: 0}}");
    let (before, after) = (second.process.expect("it"), third.process.expect("it"));
    assert_eq!((before.id(), before.image(), after.exe()), (after.id(), after.image(), &b"/usr/sbin/nginx"[..]));
    assert_eq!((before.euid(), after.euid()), (33, 0));
    // Of others nothing says that they are one.
    let [a, b] = ["{open: {path: /a}, process: {exe: /x}}", "{open: {path: /a},\n process: {exe: /x}}"]
        .map(|text| one(&mut scene, text));
    assert_ne!(a.process.expect("it").id(), b.process.expect("it").id());
    let many = events(&mut scene, "{times: 3, open: {path: /a},\n\n\n process: {exe: /x}}");
    let ids: Vec<_> = many.iter().map(|event| event.process.as_ref().expect("it").id()).collect();
    assert!(ids.windows(2).all(|two| two[0] == two[1]) && ids.len() == 3);
    assert_eq!(many[2].time_ns - many[0].time_ns, 2_000_000);
}

#[test]
fn an_exec_begins_an_image() {
    let mut scene = Scene::default();
    let text = "{exec: {}, image: {as: evil, exe: /tmp/x, argv: [x, -v], parent: {exe: /usr/sbin/nginx, uid: 33}}}";
    let exec = one(&mut scene, text);
    let (before, image) = (exec.process.clone().expect("before"), exec.subject().expect("the image").clone());
    assert_eq!((before.id(), before.exe()), (image.id(), &b"/usr/sbin/nginx"[..]));
    assert_ne!(before.image(), image.image());
    assert_eq!((image.exe(), image.uid(), image.comm()), (&b"/tmp/x"[..], 33, &b"x"[..]));
    assert_eq!(image.parent.as_ref().map(|parent| parent.exe()), Some(&b"/usr/sbin/nginx"[..]));
    assert_eq!(printed(&exec)["exec"]["filename"], "/tmp/x");
    let later = one(&mut scene, "{open: {path: /a}, process: evil}");
    assert_eq!(later.process.expect("it").image(), image.image());
    // One more, of the same process.
    let again = one(&mut scene, "{exec: {}, process: evil, image: {exe: /bin/sh}}");
    let next = again.subject().expect("the image");
    assert_eq!((next.id(), next.argv(), next.uid()), (image.id(), &b"sh\0"[..], 33));
    assert_ne!(next.image(), image.image());
}

#[test]
fn a_child_is_forked() {
    let fork =
        one(&mut Scene::default(), "{fork: {}, process: {exe: /usr/bin/bash, uid: 1000, container: {image: 'r/a:1'}}}");
    let child = fork.named(field::fork::CHILD).expect("a child");
    assert_eq!(fork.payload.get().number(field::fork::CHILD_PID), Some(child.pid().into()));
    assert_eq!((child.exe(), child.uid()), (&b"/usr/bin/bash"[..], 1000));
    assert_ne!(child.id(), fork.process.as_ref().expect("it").id());
    let container = printed(&fork)["process"]["container"].clone();
    assert_eq!((&container["image_repository"], &container["image_tag"]), (&"r/a".into(), &"1".into()));
}

/// An event that a host prints can be pasted into a test, and is the same then.
#[test]
fn what_hosts_print_is_read() {
    for kind in Kind::ALL {
        let mut scene = Scene::default();
        let mut text = format!("{{{}: {{}}", kind.name());
        if kind.info().has_process {
            text.push_str(
                ", process: {exe: /usr/bin/x, argv: [x, '', ü], uid: 7, start: '2026-01-31T12:00:00Z', flags: [partial],
                 environment: ['A=1'], script: {hex: 'ff2f'}, parent: {exe: /usr/sbin/nginx, parent: {exe: /sbin/init}},
                 container: {image: 'a:1', labels: {a: b}, mounts: [{source: /a, destination: /b, writable: true}], started: 5}}",
            );
        }
        if kind.info().has_image {
            text.push_str(", image: {exe: /usr/bin/y, argv: [y]}");
        }
        text.push('}');
        let mut first = printed(&one(&mut scene, &text));
        let again = one(&mut Scene::default(), &first.to_string());
        let mut second = printed(&again);
        // Of ancestors it says no more than these, and of what is no text bytes.
        for said in [&mut first, &mut second] {
            said["process"]["ppid"].take();
            said["image"]["ppid"].take();
        }
        assert_eq!(first, second, "{}", kind.name());
    }
}

#[test]
fn what_is_wrong_is_said_with_what_was_meant() {
    for (text, says) in [
        ("opne: {}", "t:1:1: there is no kind of event \"opne\"; did you mean \"open\"?"),
        ("open: {paht: /x}", "t:1:8: there is no field \"paht\" of an event of the kind open; did you mean \"path\"?"),
        ("open: {path: 3}", "the field open.path takes a text"),
        ("open: {flags: [raed]}", "there is no flag \"raed\" of an open; did you mean \"read\"?"),
        (
            "open: {}\nporcess: {}",
            "t:2:1: there is no part of an event of the kind open \"porcess\"; did you mean \"process\"?",
        ),
        ("open: {}\nprocess: {ex: /x}", "there is no field of a process \"ex\"; did you mean \"exe\"?"),
        ("open: {}\nprocess: nobody", "no process is called \"nobody\" here; `as: NAME`"),
        ("open: {}\nprocess: {argv: cat}", "`argv` takes a list of texts"),
        (
            "open: {}\nprocess: {container: {imag: x}}",
            "there is no field \"imag\" of a container; did you mean \"image\"?",
        ),
        ("open: {}\nexec: {}", "this is an event of the kind open, and cannot be one of the kind exec too"),
        ("open: {}\nresult: EACESS", "there is no error \"EACESS\"; did you mean \"EACCES\"?"),
        ("exit: {}\nresult: 1", "an event of the kind exit has no result"),
        ("loss: {}\nprocess: {}", "an event of the kind loss is nobody's doing"),
        ("open: {}\nimage: {}", "with an event of the kind open no image begins"),
        ("open: {}\nafter: soon", "`after` takes a time such as 2s"),
        ("open: {}\ntime: 2026-01-31T12:00:00Z\nafter: 1s", "both say when it happens"),
        ("open: {}\ntimes: 0", "`times` takes a whole number from 1"),
        ("open: {}\nflags: [faild]", "there is no flag \"faild\" of an event; did you mean \"failed\"?"),
        ("process: {}", "an event says what kind it is"),
        ("kind: opne", "there is no kind of event \"opne\""),
        ("[]", "`an event` takes a map, and not a list"),
    ] {
        let wrong = try_events(&mut Scene::default(), text).expect_err(text);
        assert!(wrong.contains(says), "{text:?}: {wrong}");
    }
}

/// A line of ancestors that never ends does not either.
#[test]
fn lines_of_ancestors_are_bounded() {
    let deep = format!("open: {{}}\nprocess: {}{{}}{}", "{parent: ".repeat(60), "}".repeat(60));
    let event = one(&mut Scene::default(), &deep);
    assert!(event.process.expect("it").depth >= 60);
    let deeper = format!("open: {{}}\nprocess: {}{{}}{}", "{parent: ".repeat(80), "}".repeat(80));
    assert!(try_events(&mut Scene::default(), &deeper).is_err());
    let mut scene = Scene::default();
    for number in 0..200 {
        let parent = number - 1;
        let text = format!(
            "{{fork: {{child: {{as: p{number}, parent: {}}}}}}}",
            if number == 0 { "{}".into() } else { format!("p{parent}") }
        );
        one(&mut scene, &text);
    }
    let last = one(&mut scene, "{open: {}, process: p199}");
    assert!(last.process.expect("it").depth < 64);
}
