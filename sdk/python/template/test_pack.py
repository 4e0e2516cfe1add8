"""Tests of the pack, without a host: `python -m pytest`."""

from lanner import testing
from lanner.testing import PackTest, process
from pack import pack

CAT = process("/usr/bin/cat").child_of(process("/usr/sbin/nginx"))


def test_a_secret_that_is_read_is_found() -> None:
    (found,) = PackTest(pack).feed(testing.open("/etc/shadow").read().by(CAT))
    assert found.rule == "{{name}}/secret-read"
    assert found.message == "/usr/bin/cat read /etc/shadow"
    assert found.severity == "high"
    assert found.facts == {"path": "/etc/shadow"}
    assert found.key == "/usr/bin/cat"


def test_keys_of_root_are_secrets() -> None:
    assert PackTest(pack).feed(testing.open("/root/.ssh/id_ed25519").read().by(CAT))


def test_what_is_no_secret_or_not_read_is_not_found() -> None:
    test = PackTest(pack)
    assert test.feed(testing.open("/etc/passwd").read().by(CAT)) == []
    assert test.feed(testing.open("/etc/shadow").write().by(CAT)) == []


def test_programs_that_are_trusted_may_read() -> None:
    shadow = testing.open("/etc/shadow").read()
    assert PackTest(pack).feed(shadow.by(process("/usr/sbin/sshd"))) == []
    assert PackTest(pack, {"trusted": ["cat"]}).feed(shadow.by(CAT)) == []
    assert PackTest(pack, {"trusted": ["cat"]}).feed(shadow.by(process("/usr/sbin/sshd")))
