// Package vectors reads the vectors that all SDKs are tested with: tests/conformance of the repository, whose README says what they are.
package vectors

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Path is the place of a file, from the folder with all tests.
func Path(name ...string) string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(append([]string{filepath.Dir(here), "../../../../tests"}, name...)...)
}

// File is the content of a file.
func File(t testing.TB, name ...string) []byte {
	t.Helper()
	content, err := os.ReadFile(Path(name...))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// A Field is a part of a row.
type Field struct {
	Text []byte
	// Known is false where it stands for what is not known.
	Known bool
}

// String is the field's text.
func (f Field) String() string { return string(f.Text) }

// Yes says whether it is a yes.
func (f Field) Yes() bool { return f.String() == "yes" }

// Hex is what it says in hexadecimal.
func (f Field) Hex(t testing.TB) []byte {
	t.Helper()
	decoded, err := hex.DecodeString(f.String())
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// Rows are the rows of a file of vectors, as fields; there are at least so many.
func Rows(t testing.TB, least int, name ...string) [][]Field {
	t.Helper()
	var rows [][]Field
	lines := bytes.Split(bytes.TrimSuffix(File(t, name...), []byte("\n")), []byte("\n"))
	for _, line := range lines[1:] {
		var row []Field
		for _, field := range bytes.Split(line, []byte("\t")) {
			row = append(row, Field{unescape(t, field), string(field) != "-"})
		}
		rows = append(rows, row)
	}
	if len(rows) < least {
		t.Fatalf("%v has %d rows", name, len(rows))
	}
	return rows
}

func unescape(t testing.TB, field []byte) []byte {
	t.Helper()
	out := []byte{}
	for len(field) > 0 {
		if field[0] != '\\' {
			out, field = append(out, field[0]), field[1:]
			continue
		}
		letter, err := hex.DecodeString(string(field[2:4]))
		if err != nil {
			t.Fatal(err)
		}
		out, field = append(out, letter...), field[4:]
	}
	return out
}
