//! Applying a policy: whose signatures count, and what is refused.

mod forge;
mod mint;

use std::fs;
use std::path::Path;

use forge::{Key, OTHER_PACK, PACK, RELEASE, bytes, statement};
use lanner_trust::{MAX_BUNDLES, OnRevocation, Policy, Refusal, SignatureError, Signer, Trust};
use mint::{Authority, ISSUER, Request};
use tempfile::TempDir;

/// A folder with the public keys 1 to 3, as `1.pub`, and this policy.
fn folder(entries: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for number in 1..=3 {
        fs::write(folder.path().join(format!("{number}.pub")), Key::new(number).public_pem()).unwrap();
    }
    write(folder.path(), &format!("apiVersion = \"lanner.dev/v1\"\nkind = \"TrustPolicy\"\n{entries}"));
    folder
}

fn write(folder: &Path, text: &str) {
    fs::write(folder.join("trust.toml"), text).unwrap();
}

fn policy(entries: &str) -> Policy {
    Policy::load(&folder(entries).path().join("trust.toml")).unwrap()
}

const TEAM: &str = r#"
    [[trust]]
    prefix = "registry.example.org/team/"
    keys = ["1.pub", "2.pub"]
    threshold = 2
    [[trust]]
    prefix = "registry.example.org"
    keys = ["3.pub"]
    [[trust]]
    prefix = "127.0.0.1:5000/dev"
    unsigned = true
"#;

fn refused(policy: &Policy, repository: &str, bundles: &[Vec<u8>]) -> String {
    policy.check(repository, PACK, bundles).unwrap_err().to_string()
}

#[test]
fn the_longest_prefix_decides() {
    let policy = policy(TEAM);
    assert_eq!(policy.entries().len(), 3);
    for (repository, prefix) in [
        ("registry.example.org/team/starter", "registry.example.org/team"),
        ("Registry.Example.org/team", "registry.example.org/team"),
        ("registry.example.org/teams", "registry.example.org"),
        ("127.0.0.1:5000/dev/x", "127.0.0.1:5000/dev"),
    ] {
        assert_eq!(policy.entry(repository).unwrap().prefix(), prefix, "{repository}");
    }
    let two = [Key::new(1).release(PACK), Key::new(2).release(PACK)];
    let verdict = policy.check("registry.example.org/team/starter", PACK, &two).unwrap();
    assert_eq!(verdict.digest, PACK);
    let mut ids = [Key::new(1).id(), Key::new(2).id()];
    ids.sort();
    assert_eq!(
        verdict.to_string(),
        format!("signed by key {} and key {}, trusted by the entry for \"registry.example.org/team\"", ids[0], ids[1])
    );
    assert_eq!(verdict.warning(), None);
    // The key of the wider entry is worth nothing in the narrower one.
    assert!(policy.check("registry.example.org/team/starter", PACK, &[Key::new(3).release(PACK)]).is_err());
    assert!(policy.check("registry.example.org/other", PACK, &[Key::new(3).release(PACK)]).is_ok());
    assert!(policy.check("registry.example.org/other", PACK, &two).is_err());
}

#[test]
fn what_no_entry_covers_is_refused() {
    let signed = [Key::new(1).release(PACK)];
    let sentence = "nothing is trusted from \"other.example.org/team/starter\": no entry of the trust policy covers it; add \
                    a [[trust]] with a prefix of it";
    assert_eq!(refused(&policy(TEAM), "other.example.org/team/starter", &signed), sentence);
    assert_eq!(refused(&policy(""), "other.example.org/team/starter", &signed), sentence);
    assert_eq!(
        refused(&policy(TEAM), "registry.example.org", &signed),
        "\"registry.example.org\" is not a repository: it has no name after the registry; write it as \
         registry.example.org/team/pack"
    );
    assert_eq!(
        policy(TEAM).check("registry.example.org/x", "latest", &signed).unwrap_err().to_string(),
        "signatures are of `sha256:` and 64 hexadecimal digits in lower case, not of \"latest\""
    );
}

#[test]
fn without_signatures() {
    assert_eq!(
        refused(&policy(TEAM), "registry.example.org/team/starter", &[]),
        format!(
            "{PACK} is not signed, and the trust policy asks for a signature of everything from \
             \"registry.example.org/team\"; sign it with `lanner pack sign`, or look whether its signatures were left behind \
             or removed"
        )
    );
    let verdict = policy(TEAM).check("127.0.0.1:5000/dev/x", PACK, &[]).unwrap();
    assert_eq!(verdict.signers, []);
    assert_eq!(verdict.to_string(), "not signed, allowed by the entry for \"127.0.0.1:5000/dev\"");
    assert_eq!(
        verdict.warning().unwrap(),
        format!(
            "{PACK} is loaded without a verified signature: the trust policy says unsigned = true for \
             \"127.0.0.1:5000/dev\""
        )
    );
    // Signatures there are not verified, and are not shown as if they were.
    let verdict = policy(TEAM).check("127.0.0.1:5000/dev/x", PACK, &[Key::new(9).release(PACK)]).unwrap();
    assert_eq!(verdict.signers, []);
}

#[test]
fn one_key_that_signs_twice_counts_once() {
    let key = Key::new(1);
    let mut other = statement(RELEASE, PACK);
    other["predicate"] = serde_json::json!({"second": true});
    let twice = [key.release(PACK), bytes(&key.bundle(&other)), key.release(PACK)];
    assert_eq!(
        refused(&policy(TEAM), "registry.example.org/team/starter", &twice),
        format!(
            "{PACK} needs 2 signatures that the entry for \"registry.example.org/team\" trusts, and has 1 (key {})",
            key.id()
        )
    );
}

#[test]
fn a_refusal_says_what_is_wrong_with_each() {
    let mallory = Key::new(9);
    let bundles = [mallory.release(PACK), Key::new(3).release(OTHER_PACK), b"junk".to_vec()];
    let refusal = policy(TEAM).check("registry.example.org/x", PACK, &bundles).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        format!(
            "{PACK} is not trusted by the entry for \"registry.example.org\": (1) the signature is by another key, \
             \"{}\"; trusted is {}; (2) the signature is of other content: it is for {OTHER_PACK}, and this is {PACK}; (3) \
             the signature is malformed: JSON error: expected value at line 1 column 1",
            mallory.id(),
            Key::new(3).id()
        )
    );
    let Refusal::NotTrusted { rejected, .. } = refusal else { panic!("{refusal}") };
    assert_eq!(rejected.iter().map(|one| one.index).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(matches!(rejected[1].error, SignatureError::OtherContent { .. }));

    assert_eq!(
        refused(&policy(TEAM), "registry.example.org/team/x", &[b"junk".to_vec(), Key::new(2).release(PACK)]),
        format!(
            "{PACK} needs 2 signatures that the entry for \"registry.example.org/team\" trusts, and has 1 (key {}); the signature is malformed: JSON error: expected value at line 1 column 1",
            Key::new(2).id()
        )
    );
    // Many of them do not make a long sentence.
    let many = vec![b"junk".to_vec(); MAX_BUNDLES];
    let sentence = refused(&policy(TEAM), "registry.example.org/x", &many);
    assert!(sentence.ends_with("; and 1020 more"), "{sentence}");
    // A good one is found among them, up to a bound.
    let with_good = |junk: usize| {
        let mut bundles = vec![b"junk".to_vec(); junk];
        bundles.push(Key::new(3).release(PACK));
        policy(TEAM).check("registry.example.org/x", PACK, &bundles).is_ok()
    };
    assert!(with_good(MAX_BUNDLES - 1) && !with_good(MAX_BUNDLES));
}

#[test]
fn junk_beside_a_good_signature_does_no_harm() {
    let bundles = [b"junk".to_vec(), Key::new(9).release(PACK), Key::new(3).release(PACK)];
    let verdict = policy(TEAM).check("registry.example.org/x", PACK, &bundles).unwrap();
    assert_eq!(
        verdict.signers.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [format!("key {}", Key::new(3).id())]
    );
    assert_eq!(verdict.rejected.len(), 2);
}

#[test]
fn a_policy_for_one_repository() {
    let policy = Policy::only("registry.example.org/x", Trust::any_key(vec![Key::new(1).public()])).unwrap();
    assert!(policy.check("registry.example.org/x", PACK, &[Key::new(1).release(PACK)]).is_ok());
    assert!(policy.check("registry.example.org/x", PACK, &[Key::new(2).release(PACK)]).is_err());
    assert!(policy.check("registry.example.org/y", PACK, &[Key::new(1).release(PACK)]).is_err());
    let nobody = Policy::only("registry.example.org/x", Trust::any_key(Vec::new())).unwrap();
    assert!(nobody.check("registry.example.org/x", PACK, &[Key::new(1).release(PACK)]).is_err());
    assert!(Policy::only("oci://registry.example.org/x", Trust::Unsigned).is_err());
}

#[test]
fn identities() {
    let authority = Authority::new();
    let folder = folder(&format!(
        r#"
        [[trust]]
        prefix = "registry.example.org/community"
        trusted_root = "trusted_root.json"
        threshold = 2
        identities = [
            {{ issuer = "{ISSUER}", subject = "https://ci.example.org/*" }},
            {{ issuer = "{ISSUER}", subject = "ann@example.org" }},
        ]
        "#
    ));
    fs::write(folder.path().join("trusted_root.json"), authority.trusted_root()).unwrap();
    let policy = Policy::load(&folder.path().join("trust.toml")).unwrap();
    assert!(matches!(policy.entries()[0].trust(), Trust::Identities { threshold: 2, .. }));
    let by = |subject: &str| authority.sign(&Request { subject: subject.into(), ..Request::release(PACK) });
    let (first, second, ann) = (by("https://ci.example.org/a"), by("https://ci.example.org/b"), by("ann@example.org"));
    let repository = "registry.example.org/community/x";
    let verdict = policy.check(repository, PACK, &[first.clone(), ann.clone()]).unwrap();
    assert_eq!(verdict.signers.len(), 2);
    assert!(verdict.signers.contains(&Signer::Identity { issuer: ISSUER.into(), subject: "ann@example.org".into() }));
    // Two whom the same pattern admits are not two of the entry.
    assert_eq!(
        refused(&policy, repository, &[first.clone(), second.clone()]),
        format!(
            "{PACK} needs 2 signatures that the entry for \"registry.example.org/community\" trusts, and has 1 \
             (\"https://ci.example.org/a\" of \"{ISSUER}\", \"https://ci.example.org/b\" of \"{ISSUER}\"; of those that \
             one identity of the entry admits, one counts)"
        )
    );
    assert!(policy.check(repository, PACK, &[first, second, ann]).is_ok());
}

/// The sentence for a policy file with these entries, without the name of the file.
fn wrong(entries: &str) -> String {
    let folder = folder(entries);
    let file = folder.path().join("trust.toml");
    let sentence = Policy::load(&file).unwrap_err().to_string();
    sentence.strip_prefix(&format!("trust policy {}: ", file.display())).expect(&sentence).to_owned()
}

#[test]
fn entries_that_make_no_sense() {
    let team = "[[trust]] 1 (prefix \"a.example/team\"): ";
    let with = |text: &str| wrong(&format!("[[trust]]\nprefix = \"a.example/team\"\n{text}"));
    let nothing = "it says nothing of whom to trust; give it keys, or trusted_root and identities, or unsigned = true";
    let identity = format!("identities = [{{ issuer = \"{ISSUER}\", subject = \"ann@example.org\" }}]");
    for (text, sentence) in [
        ("", nothing),
        ("threshold = 1", nothing),
        ("keys = []", "keys is empty, so nothing could ever be trusted; name at least one, or leave the entry out"),
        (
            "identities = []",
            "identities is empty, so nothing could ever be trusted; name at least one, or leave the entry out",
        ),
        ("keys = [\"1.pub\"]\nthreshold = 0", "threshold 0 is not between 1 and 1, the number of its keys"),
        ("keys = [\"1.pub\", \"2.pub\"]\nthreshold = 3", "threshold 3 is not between 1 and 2, the number of its keys"),
        ("keys = [\"1.pub\", \"1.pub\"]", "keys 1.pub and 1.pub are the same key, which counts once; leave one out"),
        (
            "keys = [\"1.pub\", \"./1.pub\"]",
            "keys 1.pub and ./1.pub are the same key, which counts once; leave one out",
        ),
        ("keys = [\"none.pub\"]", "none.pub: cannot be read: No such file or directory (os error 2)"),
        (
            "keys = [\"trust.toml\"]",
            "key trust.toml: this is not a PEM file of a key (there is no line that begins with -----BEGIN)",
        ),
        (
            "keys = [\"1.pub\"]\nunsigned = true",
            "it has keys and unsigned together; use one of keys, identities and unsigned",
        ),
        (
            &format!("keys = [\"1.pub\"]\n{identity}"),
            "it has keys and identities together; use one of keys, identities and unsigned",
        ),
        (
            &format!("unsigned = true\n{identity}"),
            "it has identities and unsigned together; use one of keys, identities and unsigned",
        ),
        ("unsigned = false", "unsigned = false says nothing; leave it out"),
        ("unsigned = true\nthreshold = 1", "threshold has no meaning with unsigned = true"),
        ("trusted_root = \"r.json\"", "trusted_root goes with identities, and there are none"),
        ("keys = [\"1.pub\"]\ntrusted_root = \"r.json\"", "trusted_root goes with identities, and there are none"),
        (&identity, "identities need a trusted_root, the file with the authorities that vouch for them"),
        (
            &format!("trusted_root = \"r.json\"\n{identity}"),
            "r.json: cannot be read: No such file or directory (os error 2)",
        ),
        (
            &format!("trusted_root = \"r.json\"\nidentities = [{{ issuer = \"{ISSUER}\", subject = \"*\" }}]"),
            "identity 1: the subject \"*\" is neither an e-mail address nor a URI",
        ),
        (
            &format!(
                "identities = [{{ issuer = \"{ISSUER}\", subject = \"a@b\" }}, {{ issuer = \"{ISSUER}\", subject = \"a@b\" }}]"
            ),
            "identities 1 and 2 are the same; leave one out",
        ),
    ] {
        assert_eq!(with(text), format!("{team}{sentence}"));
    }
}

#[test]
fn prefixes_that_make_no_sense() {
    assert_eq!(
        wrong("[[trust]]\nprefix = \"oci://a.example\"\nunsigned = true"),
        "[[trust]] 1 (prefix \"oci://a.example\"): the prefix cannot be used: it has a scheme; leave it out; write it as \
         registry.example.org/team"
    );
    assert_eq!(
        wrong("[[trust]]\nprefix = \"\"\nunsigned = true"),
        "[[trust]] 1 (prefix \"\"): the prefix cannot be used: \"\" is not the name of a host; write it as \
         registry.example.org/team"
    );
    assert_eq!(
        wrong(
            "[[trust]]\nprefix = \"a.example/b\"\nunsigned = true\n[[trust]]\nprefix = \"A.example/b/\"\nkeys = [\"1.pub\"]"
        ),
        "[[trust]] 2 (prefix \"A.example/b/\"): entry 1 is for the same prefix already"
    );
}

#[test]
fn files_of_another_kind() {
    let of = |text: &str| {
        let folder = folder("");
        write(folder.path(), text);
        Policy::load(&folder.path().join("trust.toml"))
            .unwrap_err()
            .to_string()
            .split_once(".toml: ")
            .unwrap()
            .1
            .to_owned()
    };
    assert_eq!(
        of("apiVersion = \"lanner.dev/v2\"\nkind = \"TrustPolicy\"\nnews = 1"),
        "has apiVersion \"lanner.dev/v2\"; this program knows \"lanner.dev/v1\""
    );
    assert_eq!(
        of("apiVersion = \"lanner.dev/v1\"\nkind = \"Policy\""),
        "has kind \"Policy\"; a policy has kind \"TrustPolicy\""
    );
    assert!(of("kind = \"TrustPolicy\"").contains("missing field `apiVersion`"));
    assert!(of("{}").starts_with("is not TOML as a policy has it: "));
    assert!(wrong("trusts = 1").contains("unknown field `trusts`"));
    assert!(wrong("[[trust]]\nprefix = \"a\"\nkey = \"1.pub\"").contains("unknown field `key`"));
    assert!(
        wrong("[[trust]]\nprefix = \"a\"\nidentities = [{ issuer = \"i\", subject = \"s\", any = 1 }]")
            .contains("unknown field `any`")
    );
    assert!(wrong("[[trust]]\nprefix = \"a\"\nkeys = \"1.pub\"").contains("invalid type"));
    assert!(wrong("[[trust]]\nprefix = \"a\"\nkeys = [\"1.pub\"]\nthreshold = -1").contains("invalid value"));
    let none = Policy::load("/nonexistent/trust.toml".as_ref()).unwrap_err().to_string();
    assert_eq!(none, "trust policy /nonexistent/trust.toml: cannot be read: No such file or directory (os error 2)");
}

#[test]
fn an_entry_may_ask_for_more_than_signatures() {
    let policy = policy(
        "on_revocation = \"stop\"\n[[trust]]\nprefix = \"a.example/team\"\nunsigned = true\npack = \"linux\"\nmin_rules = 2\nkeep = [\"a/b\"]",
    );
    assert_eq!(policy.on_revocation(), OnRevocation::Stop);
    let admit =
        |pack: &str, rules: &[&str]| policy.admit("a.example/team/x", pack, rules).map_err(|why| why.to_string());
    assert_eq!(admit("linux", &["a/b", "a/c"]), Ok(()));
    let entry = "the entry for \"a.example/team\"";
    assert_eq!(
        admit("empty", &["a/b", "a/c"]),
        Err(format!(
            "it is the pack \"empty\", and {entry} is for the pack \"linux\": another of the same signer has taken its place"
        ))
    );
    assert_eq!(admit("linux", &["a/b"]), Err(format!("it has 1 rules, and {entry} asks for at least 2 (min_rules)")));
    assert_eq!(
        admit("linux", &["a/c", "a/d"]),
        Err(format!("it does not have the rule \"a/b\", which {entry} keeps (keep)"))
    );
    assert!(policy.admit("b.example/x", "linux", &["a/b"]).is_err(), "nothing covers it");
}

#[test]
fn an_entry_ends_when_it_says_so() {
    let at = |time: &str| time.parse().expect("a time");
    for (written, last, first) in [
        ("2027-12-31", "2027-12-31T23:59:59Z", "2028-01-01T00:00:00Z"),
        ("2027-12-31T12:00:00Z", "2027-12-31T11:59:59Z", "2027-12-31T12:00:00Z"),
    ] {
        let policy = policy(&format!("[[trust]]\nprefix = \"a.example\"\nunsigned = true\nexpires = \"{written}\""));
        assert!(policy.check_at(at(last), "a.example/x", PACK, &[]).is_ok());
        let refusal = policy.check_at(at(first), "a.example/x", PACK, &[]).unwrap_err().to_string();
        assert!(
            refusal.starts_with("nothing is trusted by the entry for \"a.example\" any more: it expired at"),
            "{refusal}"
        );
    }
    let wrong = wrong("[[trust]]\nprefix = \"a\"\nunsigned = true\nexpires = \"soon\"");
    assert!(wrong.contains("expires = \"soon\" is no date"), "{wrong}");
}
