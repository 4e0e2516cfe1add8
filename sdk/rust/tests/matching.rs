//! Sets, against comparing with each of their texts.

use std::net::IpAddr;

use lanner_sdk::matching::{BadPattern, Comparison};
use lanner_sdk::prelude::*;
use lanner_sdk::testing::{PackTest, connect, open};
use proptest::collection::vec;
use proptest::prelude::*;

static SECRETS: TextSet = TextSet::new()
    .equals(&["/etc/shadow"])
    .starts_with(&["/root/.ssh/", "/etc/ssl/private/"])
    .ends_with(&[".pem"])
    .contains(&["/.aws/", "/.kube/"])
    .file_name(&["id_rsa"])
    .starts_with(&["/srv/keys/"]);
static HOMES: TextSet = TextSet::new().glob(&["/home/*/.{bash,zsh}_history", "/root/.*_history"]);
static OWN: Networks = Networks::new(&["10.0.0.0/8", "fd00::/8"]);

#[test]
fn finds_the_text_as_it_is_written() {
    for (path, pattern) in [
        ("/etc/shadow", "/etc/shadow"),
        ("/root/.ssh/config", "/root/.ssh/"),
        ("/etc/ssl/private/a", "/etc/ssl/private/"),
        ("/srv/a.pem", ".pem"),
        ("/home/ada/.kube/config", "/.kube/"),
        ("/home/ada/id_rsa", "id_rsa"),
        ("id_rsa", "id_rsa"),
        ("/srv/keys/x", "/srv/keys/"),
    ] {
        assert_eq!(SECRETS.find(path), Some(pattern));
        assert!(SECRETS.matches(Text::from(path)) && SECRETS.matches(path.as_bytes()));
    }
    for path in ["/etc/shadow-", "/root/.ssh", "/etc/ssl", ".pe", "/aws/", "/home/ada/my_id_rsa", "/id_rsa/x", ""] {
        assert_eq!(SECRETS.find(path), None);
    }
    assert_eq!(HOMES.find("/home/ada/.zsh_history"), Some("/home/*/.{bash,zsh}_history"));
    assert_eq!(HOMES.find("/root/.python_history"), Some("/root/.*_history"));
    assert!(!HOMES.matches("/home/ada/x/.zsh_history"));
}

#[test]
fn what_is_unknown_is_in_no_set() {
    static ALL: TextSet = TextSet::new().starts_with(&[""]).contains(&[""]).glob(&["**"]);
    assert!(ALL.matches("") && ALL.matches(Text::new(b"\xff")) && !ALL.matches(Text::default()));
    assert!(!TextSet::new().matches("") && TextSet::default().find("a").is_none());
}

#[test]
fn what_is_told_at_run_time() {
    let set = TextSet::new().equals(&["a"]).with(Comparison::StartsWith, ["b".to_owned()]).expect("sound");
    assert_eq!((set.find("a"), set.find("bc"), set.find("c")), (Some("a"), Some("b"), None));
    let set = set.with(Comparison::Glob, ["c*"]).expect("sound");
    assert_eq!((set.find("a"), set.find("bc"), set.find("cd")), (Some("a"), Some("b"), Some("c*")));
    let wrong = set.with(Comparison::Glob, ["[a"]).expect_err("wrong");
    assert_eq!(wrong.to_string(), r#""[a" is no glob: a [ of a glob has no ] after it"#);
    assert_eq!(String::from(wrong.clone()), wrong.to_string());
    let wrong: BadPattern = Networks::default().with(["10.0.0.0/8", "10.0.0.0/33"]).expect_err("wrong");
    assert_eq!(wrong.to_string(), r#""10.0.0.0/33" is no network: networks are written like 10.0.0.0/8 or fd00::/8"#);
}

#[cfg(feature = "regex")]
#[test]
fn regular_expressions() {
    static MEMORY: TextSet = TextSet::new().regex(&["^/proc/[0-9]+/mem$", "secret"]);
    assert_eq!(MEMORY.find("/proc/17/mem"), Some("^/proc/[0-9]+/mem$"));
    assert_eq!(MEMORY.find(Text::new(b"/\xffsecret")), Some("secret"));
    assert!(!MEMORY.matches("/proc/self/mem") && !MEMORY.matches("/proc/17/memory"));
    let wrong = TextSet::new().with(Comparison::Regex, ["(a"]).expect_err("wrong").to_string();
    assert!(wrong.starts_with(r#""(a" is no regular expression: "#), "{wrong}");
}

#[cfg(feature = "regex")]
#[test]
#[should_panic(expected = r#""(a" is no regular expression: "#)]
fn a_pack_whose_regular_expression_is_none_is_not_loaded() {
    static WRONG: TextSet = TextSet::new().regex(&["(a"]);

    #[derive(Default)]
    struct Wrong;

    impl Pack for Wrong {
        const INFO: PackInfo = pack_info!("wrong", "Has a wrong expression");

        fn rules(r: &mut Rules<Self>) {
            r.prepare(&WRONG);
        }
    }

    drop(PackTest::<Wrong>::new());
}

/// The same twice: by the filter, and in the handler.
#[derive(Default)]
struct Both;

impl Pack for Both {
    const INFO: PackInfo = pack_info!("both", "Compares twice");

    fn rules(r: &mut Rules<Self>) {
        r.rule("test/filtered-path").only(open::path().matches(&SECRETS)).on_open(|_, _, out| drop(out.finding("")));
        r.rule("test/handled-path").on_open(|_, e, out| {
            if SECRETS.matches(e.path()) {
                out.finding("");
            }
        });
        r.rule("test/filtered-file").only(open::file().matches(&SECRETS)).on_open(|_, _, out| drop(out.finding("")));
        r.rule("test/handled-file").on_open(|_, e, out| {
            if e.paths().any(|path| SECRETS.matches(path)) {
                out.finding("");
            }
        });
        r.rule("test/filtered-network").only(connect::address().matches(&OWN)).on_connect(|_, _, out| {
            out.finding("");
        });
        r.rule("test/handled-network").on_connect(|_, e, out| {
            if e.address().is_some_and(|address| OWN.contains(address)) {
                out.finding("");
            }
        });
        r.rule("test/nothing").only(open::path().matches(&TextSet::new())).on_open(|_, _, out| drop(out.finding("")));
    }
}

#[test]
fn a_filter_lets_through_what_is_in_the_set() {
    let found = |event| {
        let found = PackTest::<Both>::new().feed(event);
        found.iter().filter_map(|finding| finding.rule.strip_prefix("test/").map(str::to_owned)).collect::<Vec<_>>()
    };
    let path = ["filtered-path", "handled-path"];
    let file = ["filtered-file", "handled-file"];
    let in_both = [path, file].concat();
    for secret in ["/etc/shadow", "/root/.ssh/x", "/a.pem", "/home/a/.aws/x", "/x/id_rsa", "/srv/keys/x"] {
        assert_eq!(found(open(secret)), in_both, "{secret}");
    }
    let field = lanner_sdk::abi::field::open::HOST_PATH;
    assert_eq!(found(open("/x").set(field, "/etc/shadow")), file);
    assert!(found(open("/usr/lib/libc.so.6")).is_empty());
    assert_eq!(found(connect("10.1.2.3:80")), ["filtered-network", "handled-network"]);
    assert_eq!(found(connect("[fd12::1]:80")), ["filtered-network", "handled-network"]);
    assert!(found(connect("1.1.1.1:80")).is_empty());
}

#[test]
#[should_panic(expected = "cannot be a filter: the host compares no globs and no regular expressions")]
fn globs_are_no_filter() {
    drop(open::path().matches(&HOMES));
}

/// Of few letters, so that texts are often alike.
fn text() -> impl Strategy<Value = String> {
    "[ab/\u{e4}]{0,12}"
}

/// A glob is one of these. Simple, and slow.
fn stands_for(glob: &[char], text: &[u8]) -> bool {
    let slash = |byte: &u8| *byte == b'/';
    match glob {
        [] => text.is_empty(),
        ['*', '*', '/', rest @ ..] => {
            let mut folders = text.iter().enumerate().filter(|(_, byte)| slash(byte)).map(|(at, _)| at + 1);
            stands_for(rest, text) || folders.any(|at| stands_for(rest, &text[at..]))
        }
        ['*', '*', rest @ ..] => (0..=text.len()).any(|at| stands_for(rest, &text[at..])),
        ['*', rest @ ..] => {
            let name = text.iter().position(slash).unwrap_or(text.len());
            (0..=name).any(|at| stands_for(rest, &text[at..]))
        }
        ['?', rest @ ..] => text.split_first().is_some_and(|(first, text)| !slash(first) && stands_for(rest, text)),
        [own, rest @ ..] => {
            let mut bytes = [0; 4];
            let own = own.encode_utf8(&mut bytes).as_bytes();
            text.strip_prefix(own).is_some_and(|text| stands_for(rest, text))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn each_comparison_is_what_comparing_one_by_one_is(text in text(), texts in vec(text(), 0..6)) {
        type Compare = fn(&str, &str) -> bool;
        let all: [(Comparison, Compare); 5] = [
            (Comparison::Equals, |text, one| text == one),
            (Comparison::StartsWith, |text, one| text.starts_with(one)),
            (Comparison::EndsWith, |text, one| text.ends_with(one)),
            (Comparison::Contains, |text, one| text.contains(one)),
            (Comparison::FileName, |text, one| text == one || text.ends_with(&format!("/{one}"))),
        ];
        for (comparison, compare) in all {
            let set = TextSet::new().with(comparison, &texts).expect("sound");
            let found = set.find(text.as_str());
            prop_assert_eq!(found.is_some(), texts.iter().any(|one| compare(&text, one)), "{:?}", comparison);
            prop_assert!(found.is_none_or(|one| compare(&text, one)));
            prop_assert_eq!(set.matches(text.as_str()), found.is_some());
        }
    }

    #[test]
    fn a_set_has_what_one_of_its_comparisons_has(text in text(), lists in vec((0_usize..6, vec(text(), 0..3)), 0..5)) {
        const ALL: [Comparison; 6] = [
            Comparison::Equals,
            Comparison::StartsWith,
            Comparison::EndsWith,
            Comparison::Contains,
            Comparison::FileName,
            Comparison::Glob,
        ];
        let with = |set: TextSet, (comparison, texts): &(usize, Vec<String>)| set.with(ALL[*comparison], texts);
        let all = lists.iter().try_fold(TextSet::new(), with).expect("sound");
        let mut each = lists.iter().map(|list| with(TextSet::new(), list).expect("sound"));
        prop_assert_eq!(all.matches(text.as_str()), each.any(|set| set.matches(text.as_str())));
    }

    #[test]
    fn globs_are_what_trying_everything_says(
        text in "[ab/]{0,10}",
        globs in vec("(/|a|b|\\?|\\*|\\*|/\\*\\*|/\\*\\*/|\\*\\*/|\u{e4}){0,8}", 1..3),
    ) {
        // `**/` within a name is `**` and a `/`, and more than two `*` are two.
        let plain = |glob: &str| {
            let mut plain = Vec::new();
            let mut left = glob.chars().peekable();
            while let Some(one) = left.next() {
                let deep = one == '*' && left.peek() == Some(&'*');
                while one == '*' && left.next_if_eq(&'*').is_some() {}
                let within = !matches!(plain.last(), None | Some('/'));
                plain.push(one);
                plain.extend(deep.then_some('*'));
                // A third `*` tells it from `**/`, and stands for nothing more.
                plain.extend((deep && within).then_some('*'));
            }
            plain
        };
        let set = TextSet::new().with(Comparison::Glob, &globs).expect("sound");
        let expected = globs.iter().any(|glob| stands_for(&plain(glob), text.as_bytes()));
        prop_assert_eq!(set.matches(text.as_str()), expected, "{:?}", set);
        // The same as alternatives of one.
        let one = TextSet::new().with(Comparison::Glob, [format!("{{{}}}", globs.join(","))]).expect("sound");
        prop_assert_eq!(one.matches(text.as_str()), expected);
    }

    #[test]
    fn any_text_is_a_glob_or_is_refused(glob in "[a/*?!{},\\[\\]\\\\^-]{0,12}", text in "[a/*,-]{0,8}") {
        if let Ok(set) = TextSet::new().with(Comparison::Glob, [glob]) {
            let _ = set.matches(text.as_str());
        }
    }

    #[test]
    fn networks_have_the_addresses_whose_bits_are_theirs(
        address: IpAddr,
        networks in vec((any::<IpAddr>(), 0_u8..=128), 0..5),
        near: prop::sample::Index,
        flip in 0_u32..128,
    ) {
        let bits = |address: IpAddr| match address {
            IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
            IpAddr::V6(address) => address.to_bits(),
        };
        let networks: Vec<_> = networks.into_iter().map(|(address, length)| match address {
            IpAddr::V4(_) => (address, length % 33, 96 + length % 33),
            IpAddr::V6(_) => (address, length, length),
        }).collect();
        let set = Networks::default().with(networks.iter().map(|(address, length, _)| format!("{address}/{length}")));
        let set = set.expect("sound");
        // One at random, and one that differs from a network's in one bit.
        let mut addresses = vec![address];
        if !networks.is_empty() {
            let bits = bits(near.get(&networks).0) ^ 1 << flip;
            addresses.push(IpAddr::V6(bits.into()));
            addresses.push(IpAddr::V6(bits.into()).to_canonical());
        }
        for address in addresses {
            let same = |network: IpAddr, length: u8| {
                let differ = bits(network) ^ bits(address);
                differ.leading_zeros() >= length.into()
            };
            let expected = networks.iter().any(|(network, _, length)| same(*network, *length));
            prop_assert_eq!(set.contains(address), expected, "{}", address);
        }
    }
}
