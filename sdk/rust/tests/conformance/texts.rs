//! Texts: shown, compared, taken apart as paths, and sets of them.

use lanner_sdk::matching::Comparison;
use lanner_sdk::prelude::*;

use crate::{Vectors, row};

/// Longer than what any host records of a text.
const HUGE: usize = 10_000;

fn known_or_not(text: Option<&[u8]>) -> Text<'_> {
    text.map_or_else(Text::default, Text::new)
}

#[test]
fn escape() {
    let mut vectors = Vectors::new("escape.tsv", "text, shown, quoted, lossy");
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    let huge = [b"a\x1b\xff".as_slice()].concat().repeat(HUGE / 10);
    let texts: Vec<Option<&[u8]>> = [
        b"".as_slice(),
        b"/etc/shadow",
        b"-",
        b"a\tb\nc\rd",
        b"\0",
        b"\x1b[2J\x07\x7f",
        b"a\"b\\c'd",
        "grüße 鷹 🦅".as_bytes(),
        // C1 controls, directions of text, separators of lines, and what stands beside them.
        "\u{80}\u{9b}\u{9f}\u{a0}".as_bytes(),
        "\u{61b}\u{61c}\u{61d}\u{200d}\u{200e}\u{200f}\u{2010}".as_bytes(),
        "\u{2027}\u{2028}\u{2029}\u{202a}\u{202e}\u{202f}".as_bytes(),
        "\u{2065}\u{2066}\u{2069}\u{206a}\u{ad}\u{feff}\u{fffd}".as_bytes(),
        // Not UTF-8: alone, at the end, cut off in the middle, too long, surrogates, beyond the last character.
        b"\xff",
        b"a\xffb\xfe",
        b"\xe9\xb7",
        b"a\xe9\xb7b",
        b"\xe9\xb7\xb7",
        b"\xf0\x9f\xa6",
        b"\xf0\x9f\xa6\x85\xf0\x9f",
        b"\xc0\x80",
        b"\xc1\xbf",
        b"\xe0\x80\x80",
        b"\xe0\x9f\xbf",
        b"\xed\xa0\x80",
        b"\xed\x9f\xbf",
        b"\xf0\x8f\xbf\xbf",
        b"\xf4\x8f\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"\x80\x80",
        b"\xc2",
        b"\xc2\x0a",
        b"\xc2\xc2\x9b",
        b"\xe2\x80\xae\xe2\x80\xe2",
        b"a\xf0\x9f\x0a\xf0\x9f\xa6\x1b",
        &every_byte,
        &huge,
    ]
    .into_iter()
    .map(Some)
    .chain([None])
    .collect();
    for text in texts {
        let shown = known_or_not(text);
        row!(vectors; text, shown.to_string(), format!("{shown:?}"), shown.to_string_lossy().as_ref());
    }
    vectors.check();
}

#[test]
fn text() {
    let mut vectors = Vectors::new("text.tsv", "text, other, equals, starts_with, ends_with, contains, is_under");
    let huge = [b"/".as_slice(), &b"a".repeat(HUGE)].concat();
    let pairs: [(Option<&[u8]>, &[u8]); 46] = [
        (Some(b""), b""),
        (Some(b""), b"/"),
        (Some(b"a"), b""),
        (None, b""),
        (None, b"a"),
        (None, b"/"),
        (Some(b"/etc/shadow"), b"/etc/shadow"),
        (Some(b"/etc/shadow"), b"/etc/"),
        (Some(b"/etc/shadow"), b"/etc"),
        (Some(b"/etc/shadow"), b"/et"),
        (Some(b"/etc/shadow"), b"shadow"),
        (Some(b"/etc/shadow"), b"c/sh"),
        (Some(b"/etc/shadow"), b"/etc/shadow-"),
        (Some(b"/etc/shadow"), b"x/etc/shadow"),
        (Some(b"/etc/shadow"), b"SHADOW"),
        (Some(b"/etc/shadow"), b"/"),
        (Some(b"/etc/shadow"), b""),
        (Some(b"/etc//shadow"), b"/etc"),
        (Some(b"/etc//shadow"), b"/etc/"),
        (Some(b"/etc//shadow"), b"/etc//"),
        (Some(b"/etc/"), b"/etc"),
        (Some(b"/etc/"), b"/etc/"),
        (Some(b"/etc"), b"/etc"),
        (Some(b"/etc"), b"/etc/"),
        (Some(b"/etc/cron.daily/x"), b"/etc/cron"),
        (Some(b"/etc/cron.d/x"), b"/etc/cron.d"),
        (Some(b"/"), b"/"),
        (Some(b"//"), b"/"),
        (Some(b"/x"), b"/"),
        (Some(b"x"), b"/"),
        (Some(b"x/y"), b"x"),
        (Some(b"x/y"), b""),
        (Some(b"/x/y"), b"//"),
        (Some(b"etc/x"), b"/etc"),
        (Some(b"aab"), b"ab"),
        (Some(b"aaab"), b"aab"),
        (Some(b"abababac"), b"ababac"),
        (Some(b"a"), b"aa"),
        (Some(b"a\0b"), b"\0"),
        (Some(b"a\0b"), b"a"),
        (Some(b"\xff\xfe"), b"\xfe"),
        (Some(b"\xff\xfe"), b"\xff"),
        (Some(b"a\xff"), "a\u{fffd}".as_bytes()),
        (Some("鷹".as_bytes()), b"\xb7"),
        (Some(&huge), b"/a"),
        (Some(&huge), b"ab"),
    ];
    for (text, other) in pairs {
        let known = known_or_not(text);
        let compared = [known.starts_with(other), known.ends_with(other), known.contains(other), known.is_under(other)];
        let [starts, ends, contains, under] = compared;
        row!(vectors; text, other, known == *other, starts, ends, contains, under);
    }
    vectors.check();
}

#[test]
fn path() {
    let mut vectors = Vectors::new("path.tsv", "path, file_name, directory");
    let huge = [b"/".as_slice(), &b"a".repeat(HUGE), b"/b"].concat();
    let paths: [Option<&[u8]>; 17] = [
        None,
        Some(b""),
        Some(b"/"),
        Some(b"//"),
        Some(b"/init"),
        Some(b"init"),
        Some(b"/usr/bin/cat"),
        Some(b"/usr/bin/"),
        Some(b"usr/bin"),
        Some(b"usr/"),
        Some(b"/usr//cat"),
        Some(b"//cat"),
        Some(b"."),
        Some(b"/a/../b"),
        Some(b"/\xff/\xfe"),
        Some(b"memfd:a/b (deleted)"),
        Some(&huge),
    ];
    for path in paths {
        let known = known_or_not(path);
        row!(vectors; path, known.file_name().known(), known.directory().known());
    }
    vectors.check();
}

type Lists<'a> = &'a [(&'a str, Comparison, &'a [&'a str])];

#[test]
fn text_set() {
    let mut vectors = Vectors::new("text-set.tsv", "set, what, text, matches...");
    let many: Vec<String> = (0..300).map(|number| format!("/srv/{number}/x")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let huge = "/etc/".repeat(HUGE / 5);
    let sets: [(&str, Lists<'_>, &[&[u8]]); 8] = [
        ("empty", &[], &[b"", b"a"]),
        (
            "secrets",
            &[
                ("equals", Comparison::Equals, &["/etc/shadow", "/etc/gshadow"]),
                ("starts-with", Comparison::StartsWith, &["/root/.ssh/", "/etc/ssl/private/", "/root/"]),
                ("ends-with", Comparison::EndsWith, &[".pem", ".key"]),
                ("contains", Comparison::Contains, &["/.aws/", "/.kube/"]),
                ("file-name", Comparison::FileName, &["id_rsa", "id_ed25519"]),
                ("glob", Comparison::Glob, &["/home/*/.config/{gcloud,doctl}/**"]),
            ],
            &[
                b"/etc/shadow",
                b"/etc/gshadow",
                b"/etc/shadow-",
                b"/etc/shado",
                b"/root/.ssh/config",
                b"/root/.ssh",
                b"/root/x",
                b"/root",
                b"/etc/ssl/private/",
                b"/etc/ssl/privat",
                b"/srv/a.pem",
                b".pem",
                b"/srv/a.pem/b",
                b"/srv/pem",
                b"/home/ada/.aws/credentials",
                b"/home/ada/.aws",
                b"/.kube/",
                b"id_rsa",
                b"/home/ada/id_rsa",
                b"/home/ada/my_id_rsa",
                b"/id_rsa/x",
                b"/home/ada/.config/gcloud/a/b",
                b"/home/ada/.config/gcloud",
                b"/home/ada/b/.config/gcloud/a",
                b"",
                b"\xff",
                b"\xff.key",
            ],
        ),
        ("everything", &[("starts-with", Comparison::StartsWith, &[""])], &[b"", b"a", b"\xff"]),
        ("ends", &[("ends-with", Comparison::EndsWith, &["", "b"])], &[b"", b"a"]),
        ("has", &[("contains", Comparison::Contains, &[""])], &[b"", b"a"]),
        (
            "nothing",
            &[("equals", Comparison::Equals, &[""]), ("file-name", Comparison::FileName, &[""])],
            &[b"", b"/", b"a/", b"a"],
        ),
        (
            "parts",
            &[("contains", Comparison::Contains, &["aab", "abc", "b\0c", "鷹", "/etc/etc"])],
            &[b"aaab", b"abab", b"xxabcx", b"ab", b"b\0c", b"b", "x鷹".as_bytes(), b"\xe9\xb7", huge.as_bytes()],
        ),
        (
            "many",
            &[
                ("equals", Comparison::Equals, &many),
                ("starts-with", Comparison::StartsWith, &many[..150]),
                ("contains", Comparison::Contains, &many[250..]),
            ],
            &[
                b"/srv/0/x",
                b"/srv/299/x",
                b"/srv/300/x",
                b"/srv/149/xy",
                b"/srv/150/xy",
                b"/srv/249/xy",
                b"a/srv/250/xy",
                b"a/srv/249/x",
                b"/srv/",
            ],
        ),
    ];
    for (name, lists, texts) in sets {
        let mut set = TextSet::new();
        for (comparison, kind, patterns) in lists {
            for pattern in *patterns {
                row!(vectors; name, *comparison, *pattern);
            }
            set = set.with(*kind, patterns.iter().copied()).expect("sound");
        }
        assert!(!set.matches(Text::default()));
        for text in texts {
            row!(vectors; name, "text", *text, set.matches(*text));
        }
    }
    vectors.check();
}
