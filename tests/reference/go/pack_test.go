package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"lanner"
	"lanner/lannertest"
)

var escape = regexp.MustCompile(`\\x([0-9a-f]{2})`)

func unescape(field string) string {
	return escape.ReplaceAllStringFunc(field, func(escaped string) string {
		letter, _ := hex.DecodeString(escaped[2:])
		return string(letter)
	})
}

func unhex(t *testing.T, field string) []byte {
	t.Helper()
	decoded, err := hex.DecodeString(field)
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// shown is a finding as the script has it.
func shown(rules []lanner.Rule, found lannertest.Finding) []string {
	number := 0
	for rules[number].ID != found.Rule {
		number++
	}
	events := strings.Trim(fmt.Sprint(found.Events), "[]")
	key := found.Key
	if key == "" {
		key = "-"
	}
	fields := []string{"finding", fmt.Sprint(number), found.Message, key, events}
	for _, fact := range found.Facts {
		fields = append(fields, fact.Name, fact.Is+":"+fact.Value)
	}
	return fields
}

// What it does is what it does in every language.
func TestScript(t *testing.T) {
	file, err := os.Open("../script.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	var pack *lannertest.Pack
	var found []lannertest.Finding
	rules := newPack().Rules()
	findings := 0
	for line := 1; lines.Scan(); line++ {
		fields := strings.Split(lines.Text(), "\t")
		if fields[0] != "finding" && len(found) > 0 {
			t.Fatalf("line %d: there is %q too", line, found)
		}
		switch fields[0] {
		case "configure":
			pack = lannertest.New(t, newPack(), lannertest.Configuration(unhex(t, fields[1])))
		case "restore":
			if err := pack.Restore(newPack(), unhex(t, fields[1]), "1.0.0"); err != nil {
				t.Fatalf("line %d: %v", line, err)
			}
		case "frame":
			found = pack.Judge(unhex(t, fields[1]))
		case "finding":
			for index := range fields {
				fields[index] = unescape(fields[index])
			}
			if len(found) == 0 || fmt.Sprintf("%q", shown(rules, found[0])) != fmt.Sprintf("%q", fields) {
				t.Fatalf("line %d: %q, not %q", line, found, fields)
			}
			found = found[1:]
			findings++
		case "saved":
			if state := pack.Saved(); !bytes.Equal(state, unhex(t, fields[1])) {
				t.Fatalf("line %d: %x", line, state)
			}
		}
	}
	if findings < 50 {
		t.Errorf("the script has %d findings", findings)
	}
}

func TestStatesThatAreRefused(t *testing.T) {
	for _, state := range []string{"x", "\xa1\x67windows\x81\x83\x01\x02\x03", "\xa1\x67windows\x81\x84\x01\x02\x03", "\xa1"} {
		if err := newPack().Restore([]byte(state), "1.0.0"); err == nil {
			t.Errorf("%q is taken", state)
		}
	}
	if err := newPack().Restore([]byte("\xa2\x61x\x80\x67windows\x80"), "1.1.0"); err != nil {
		t.Error(err)
	}
}
