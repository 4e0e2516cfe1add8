package main

import (
	"testing"

	"lanner/lannertest"
)

func TestSecretRead(t *testing.T) {
	pack := lannertest.New(t, newPack())
	cat := lannertest.Process("/usr/bin/cat").ChildOf(lannertest.Process("/usr/sbin/nginx"))

	found := pack.Feed(lannertest.Open("/etc/shadow").Read().By(cat))
	if len(found) != 1 || found[0].Message != "/usr/bin/cat read /etc/shadow" || found[0].Fact("path") != "/etc/shadow" {
		t.Errorf("found %q", found)
	}
}

func TestWhatIsQuiet(t *testing.T) {
	pack := lannertest.New(t, newPack())
	cat := lannertest.Process("/usr/bin/cat")

	found := pack.Feed(
		lannertest.Open("/etc/shadow").Read().By(lannertest.Process("/usr/sbin/sshd")),
		lannertest.Open("/etc/shadow").Write().By(cat),
		lannertest.Open("/etc/passwd").Read().By(cat),
	)
	if len(found) != 0 {
		t.Errorf("found %q", found)
	}
}

func TestTrusted(t *testing.T) {
	pack := lannertest.New(t, newPack(), lannertest.Set("trusted", []string{"cat"}))

	found := pack.Feed(
		lannertest.Open("/root/.ssh/id_ed25519").Read().By(lannertest.Process("/usr/bin/cat")),
		lannertest.Open("/root/.ssh/id_ed25519").Read().By(lannertest.Process("/usr/sbin/sshd")),
	)
	if len(found) != 1 || found[0].Message != "/usr/sbin/sshd read /root/.ssh/id_ed25519" {
		t.Errorf("found %q", found)
	}
}
