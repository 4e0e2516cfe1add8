package lanner

import (
	"encoding/hex"
	"fmt"
	"math/rand"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"lanner/internal/schema"
	"lanner/internal/vectors"
)

func goldenValue(value any) string { return printed(value) }

func goldenOptional[T any](value T, known bool) string {
	if !known {
		return "-"
	}
	return printed(value)
}

// Kinds have names, and stand there by their numbers.
func printed(value any) string {
	if kind, ok := value.(Kind); ok {
		value = uint16(kind)
	}
	return fmt.Sprint(value)
}

func golden(text Text) string {
	if !text.Known() {
		return "-"
	}
	out := []byte{'"'}
	for _, letter := range text.Bytes() {
		if letter < ' ' || letter >= 0x7f || letter == '"' || letter == '\\' {
			out = append(out, fmt.Sprintf("\\x%02x", letter)...)
		} else {
			out = append(out, letter)
		}
	}
	return string(append(out, '"'))
}

func goldenList[T interface{ of(*Frame, record) T }](list List[T]) string {
	return goldenOptional(list.Len(), list.Known())
}

func goldenAddress(address netip.Addr, known bool) string {
	bytes := address.As16()
	return goldenOptional(hex.EncodeToString(bytes[:]), known)
}

func dumped(f *Frame) string {
	var out strings.Builder
	dump(f, func(section string, row int, field, value string) {
		fmt.Fprintf(&out, "%s %d %s %s\n", section, row, field, value)
	})
	return out.String()
}

func TestGoldenFrames(t *testing.T) {
	for _, name := range [][2]string{
		{"golden/frame-v2.bin", "golden/frame-v2.txt"},
		{"released/2/frame.bin", ""},
		{"conformance/newer.bin", "conformance/newer.txt"},
		{"conformance/older.bin", "conformance/older.txt"},
		{"conformance/lying.bin", "conformance/lying.txt"},
	} {
		frame, err := ParseFrame(vectors.File(t, name[0]))
		if err != nil {
			t.Fatal(name[0], err)
		}
		got := strings.Split(dumped(frame), "\n")
		if name[1] == "" {
			// Every line of then is still read as it was.
			for _, line := range strings.Split(string(vectors.File(t, "released/2/frame.txt")), "\n") {
				if !slices.Contains(got, line) {
					t.Errorf("%s: %q is read otherwise now", name[0], line)
				}
			}
			continue
		}
		want := strings.Split(string(vectors.File(t, name[1])), "\n")
		for index := range max(len(got), len(want)) {
			if index >= len(got) || index >= len(want) || got[index] != want[index] {
				t.Fatalf("%s, line %d: %q, not %q", name[0], index+1, at(got, index), at(want, index))
			}
		}
	}
}

func at(lines []string, index int) string {
	if index >= len(lines) {
		return "nothing"
	}
	return lines[index]
}

// everything reads all that there is in a frame.
func everything(f *Frame) {
	dump(f, func(string, int, string, string) {})
	for process := range f.Processes() {
		_ = process.String() + process.CommandLine() + process.Env("PATH").String()
		for ancestor := range process.Ancestors() {
			_ = ancestor.Name().Len()
		}
		for label := range process.Container().Labels().All() {
			_ = label.Name().Lossy()
		}
	}
	for event := range f.Events() {
		_ = event.Subject().Exe().IsUnder("/usr")
		if connect, ok := As[ConnectEvent](event); ok {
			_ = connect.IsPublic()
		}
	}
	for subscription := range 200 {
		_, _ = f.Passed(0, subscription)
	}
}

func TestFramesThatLie(t *testing.T) {
	whole := vectors.File(t, "golden/frame-v2.bin")
	for length := range whole {
		if _, err := ParseFrame(whole[:length]); err == nil {
			t.Fatalf("%d bytes of %d are a frame", length, len(whole))
		}
	}
	random := rand.New(rand.NewSource(7))
	read := 0
	for range 3_000 {
		changed := slices.Clone(whole)
		// More often in what says where things are.
		reach := len(changed)
		if random.Intn(2) == 0 {
			reach = headerSize + entrySize*len(schema.Records)
		}
		for range 1 + random.Intn(8) {
			changed[random.Intn(reach)] = byte(random.Int())
		}
		if frame, err := ParseFrame(changed); err == nil {
			everything(frame)
			read++
		}
	}
	if read < 100 {
		t.Errorf("only %d frames were read at all", read)
	}
}

func TestFramesThatAreRefused(t *testing.T) {
	for _, row := range vectors.Rows(t, 30, "conformance/frame-wrong.tsv") {
		_, err := ParseFrame(row[0].Hex(t))
		if (err != nil) != row[1].Yes() {
			t.Errorf("%.40s…: %v", row[0], err)
		}
		if err != nil && err.Error() != row[2].String() {
			t.Errorf("%.40s…: %q, not %q", row[0], err, row[2])
		}
	}
}

func TestTables(t *testing.T) {
	for index := range schema.Records {
		record := &schema.Records[index]
		if schema.IndexOf(record.Section) != index {
			t.Errorf("%s is not found by its section", record.Name)
		}
		for _, field := range record.Fields {
			if field.At+field.Type.Size() > record.Size || field.Byte >= field.At {
				t.Errorf("%s.%s lies outside of its record", record.Name, field.Name)
			}
		}
	}
	if schema.IndexOf(passedSection) != -1 || schema.KindNamed("open").Number != uint16(KindOpen) || KindIOUring.String() != "io_uring" {
		t.Error("kinds and sections are not found")
	}
}
