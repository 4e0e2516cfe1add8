//! Globs.

use lanner_sdk::matching::Comparison;
use lanner_sdk::prelude::*;

use crate::{Vectors, row};

#[test]
fn glob() {
    let mut vectors = Vectors::new("glob.tsv", "glob, text, matches");
    let slow = format!("{}b", "*a".repeat(60));
    let (long, longer) = ("a".repeat(4096), format!("{}b", "a".repeat(4095)));
    let longest = "?".repeat(127);
    let (exact, more) = ("x".repeat(127), "x".repeat(128));
    let cases: [(&str, &[&[u8]]); 51] = [
        ("", &[b"", b"/", b"a"]),
        ("/etc/passwd", &[b"/etc/passwd", b"/etc/passwd-", b"/etc/passw", b""]),
        ("*", &[b"", b"a", b"abc", b"/", b"a/b", b"\xff", b".", b"a\nb"]),
        ("**", &[b"", b"a", b"/", b"a/b", b"\xff/"]),
        ("***", &[b"", b"a", b"a/b"]),
        ("*a", &[b"a", b"ba", b"aa", b"ab", b"/a", b""]),
        ("a*", &[b"a", b"ab", b"a/", b"ba"]),
        ("*.pem", &[b".pem", b"a.pem", b"a.pem.pem", b"a/b.pem", b"a.pe"]),
        ("a*b*c", &[b"abc", b"aXbYc", b"abcbc", b"ab/c", b"acb"]),
        (
            "/home/*/.ssh/id_*",
            &[b"/home/ada/.ssh/id_rsa", b"/home//.ssh/id_", b"/home/a/b/.ssh/id_rsa", b"/home/a/.ssh/id_/x"],
        ),
        (
            "/home/**/id_*",
            &[b"/home/id_rsa", b"/home/a/b/id_rsa", b"/homeid_rsa", b"/home/a/xid_rsa", b"/home/a/id_rsa/x"],
        ),
        ("/srv/**", &[b"/srv/a", b"/srv/a/b", b"/srv/", b"/srv", b"/srvx"]),
        ("**/*.pem", &[b"/etc/a.pem", b"a.pem", b"/a.pem", b".pem", b"/a.pem/b"]),
        ("**/", &[b"", b"/", b"a/", b"a/b/", b"a"]),
        ("/**/", &[b"/", b"//", b"/a/", b"/a", b""]),
        ("**/a", &[b"a", b"/a", b"b/a", b"ba", b"a/"]),
        ("**a", &[b"a", b"/a", b"ba", b"b/a", b"ab"]),
        ("**/a/**/**/b", &[b"a/b", b"/a/b", b"/x/a/y/z/b", b"/xa/b", b"/a/xb"]),
        ("**/**/a", &[b"a", b"x/a", b"x/y/a", b"xa"]),
        ("a/**", &[b"a/", b"a/b", b"a/b/c", b"a"]),
        ("a/**/b", &[b"a/b", b"a//b", b"a/x/b", b"a/x/y/b", b"a/xb", b"ab"]),
        ("/a**z", &[b"/az", b"/a/b/z", b"/abz", b"/a", b"/b/az"]),
        ("/a**/z", &[b"/a/z", b"/ab/z", b"/a/b/z", b"/az", b"/abz"]),
        ("a**/**b", &[b"a/b", b"ax/yb", b"a/x/b", b"ab"]),
        ("*/**", &[b"/", b"a/", b"a/b", b"a", b""]),
        ("**/*", &[b"", b"a", b"a/b", b"/"]),
        ("*?", &[b"", b"a", b"ab", b"/"]),
        (
            "/dev/tty?",
            &[b"/dev/tty1", b"/dev/tty", b"/dev/tty10", b"/dev/tty/", b"/dev/tty\xff", "/dev/ttyé".as_bytes()],
        ),
        ("/dev/tty[0-9a-c]", &[b"/dev/tty7", b"/dev/ttyb", b"/dev/ttyd", b"/dev/tty-", b"/dev/tty"]),
        ("/x[!0-9/]y", &[b"/xay", b"/x\x7fy", b"/x5y", b"/x/y", b"/xy", b"/x\xffy"]),
        ("/x[^a]y", &[b"/xby", b"/xay", b"/x/y", b"/x^y"]),
        ("[/]", &[b"/", b"a"]),
        ("[.-0]", &[b".", b"/", b"0", b"-"]),
        ("/x[\\]a-]", &[b"/x]", b"/xa", b"/x-", b"/xb", b"/x\\"]),
        ("[a-]b", &[b"ab", b"-b", b"bb"]),
        ("[-a]b", &[b"ab", b"-b", b"bb"]),
        ("[\\a-\\c]", &[b"a", b"b", b"c", b"\\", b"-"]),
        ("[*?{,}[]x", &[b"*x", b"?x", b"{x", b",x", b"}x", b"[x", b"ax"]),
        ("[ab][!cd]", &[b"ae", b"be", b"ac", b"ce", b"a/"]),
        ("/{usr/,}{bin,sbin}/*", &[b"/bin/a", b"/usr/sbin/b", b"/usr/lib/b", b"/bin/a/b"]),
        ("{a,b*,**/c}", &[b"a", b"b", b"bcd", b"c", b"x/c", b"b/", b"d"]),
        ("{a}", &[b"a", b"{a}"]),
        ("{}", &[b"", b"{}"]),
        ("{,a}b", &[b"b", b"ab", b","]),
        ("a,b", &[b"a,b", b"a", b"b"]),
        ("/a\\*\\{b,c", &[b"/a*{b,c", b"/ax{b,c"]),
        ("\\\\\\?", &[b"\\?", b"\\x", b"x?"]),
        ("grüße/鷹*", &["grüße/鷹".as_bytes(), "grüße/鷹x".as_bytes(), "gruße/鷹".as_bytes()]),
        ("/***/x", &[b"/x", b"/a/x", b"x"]),
        (&slow, &[long.as_bytes(), longer.as_bytes()]),
        (&longest, &[exact.as_bytes(), more.as_bytes()]),
    ];
    for (glob, texts) in cases {
        let set = TextSet::new().with(Comparison::Glob, [glob]).expect("a glob");
        for text in texts {
            row!(vectors; glob, *text, set.matches(*text));
        }
    }
    vectors.check();
}

#[test]
fn glob_wrong() {
    let mut vectors = Vectors::new("glob-wrong.tsv", "glob, why");
    let long = "a".repeat(128);
    let long_inside = format!("{{{long},b}}");
    let many = format!("{{{}}}", ",".repeat(64));
    let globs = [
        "/a/[",
        "/a/[a",
        "/a/[a-",
        "/a/[a\\",
        "/a/[]-]",
        "[]",
        "/a/[!]",
        "[!",
        "/a/[z-a]",
        "/a/[\u{e4}]",
        "/{a,{b,c}}",
        "/{a,b",
        "{",
        "/a}",
        "}",
        "/a\\",
        "\\",
        "{a,[}",
        "{a,b\\",
        "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",
        &many,
        &long,
        &long_inside,
    ];
    for glob in globs {
        let why = TextSet::new().with(Comparison::Glob, [glob]).expect_err("no glob").to_string();
        let (_, why) = why.split_once("is no glob: ").expect("why");
        row!(vectors; glob, why);
    }
    vectors.check();
}
