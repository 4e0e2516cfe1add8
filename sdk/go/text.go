package lanner

import (
	"bytes"
	"unicode/utf8"
)

// A Text is a text of the kernel: bytes, most often UTF-8, never certainly.
//
// It may be unknown, which is not the same as empty: an unknown text equals no other, begins and ends with none, and nothing is
// in it. Its bytes are those of the frame: they hold until the handler returns. What is kept beyond it is a copy, such as
// [Text.Raw] and [Text.String] make.
type Text struct {
	bytes []byte
	known bool
}

// TextOf is a text that is known.
func TextOf[T string | []byte](text T) Text { return Text{[]byte(text), true} }

// Known says whether it is known.
func (t Text) Known() bool { return t.known }

// Bytes are its bytes, not copied; none where it is unknown.
func (t Text) Bytes() []byte { return t.bytes }

// Raw is a copy of its bytes, whatever they are; empty where it is unknown.
func (t Text) Raw() string { return string(t.bytes) }

// Len is how many bytes are in it.
func (t Text) Len() int { return len(t.bytes) }

// Equals says whether it is this text, as bytes.
func (t Text) Equals(text string) bool { return t.known && string(t.bytes) == text }

// OneOf says whether it is one of these texts. For more than a few, a [lanner/match.TextSet] is faster.
func (t Text) OneOf(texts ...string) bool {
	for _, text := range texts {
		if t.Equals(text) {
			return true
		}
	}
	return false
}

// HasPrefix says whether it begins with this.
func (t Text) HasPrefix(prefix string) bool {
	return t.known && len(t.bytes) >= len(prefix) && string(t.bytes[:len(prefix)]) == prefix
}

// HasSuffix says whether it ends with this.
func (t Text) HasSuffix(suffix string) bool {
	return t.known && len(t.bytes) >= len(suffix) && string(t.bytes[len(t.bytes)-len(suffix):]) == suffix
}

// Contains says whether this is anywhere in it.
func (t Text) Contains(part string) bool {
	return t.known && bytes.Contains(t.bytes, []byte(part))
}

// FileName is what follows the last slash of a path.
func (t Text) FileName() Text {
	return Text{t.bytes[bytes.LastIndexByte(t.bytes, '/')+1:], t.known}
}

// Directory is what stands before the last slash of a path: / for what lies at the top, empty where there is no slash.
func (t Text) Directory() Text {
	slash := bytes.LastIndexByte(t.bytes, '/')
	if slash < 0 {
		return Text{nil, t.known}
	}
	return Text{t.bytes[:max(slash, 1)], t.known}
}

// IsUnder says whether a path lies below this directory, at any depth. A path is not below itself, and /etc/cron.daily not below
// /etc/cron.
func (t Text) IsUnder(directory string) bool {
	if n := len(directory); n > 0 && directory[n-1] == '/' {
		directory = directory[:n-1]
	}
	return t.HasPrefix(directory) && len(t.bytes) > len(directory)+1 && t.bytes[len(directory)] == '/'
}

// Lossy is the text as UTF-8; what is not becomes U+FFFD. Nothing is escaped: for messages there is [Text.String].
func (t Text) Lossy() string {
	out := make([]byte, 0, len(t.bytes))
	for rest := t.bytes; len(rest) > 0; {
		r, size := decode(rest)
		out = utf8.AppendRune(out, r)
		rest = rest[size:]
	}
	return string(out)
}

// String is the text as it is safe to print: what is not UTF-8 becomes U+FFFD, control characters are escaped (\n, \x1b), and so
// are those that change the direction of text (\u{202e}), so that whoever names a file cannot act on the terminal or deceive the
// eye of the one who reads it. A text that is unknown is ?.
func (t Text) String() string {
	if !t.known {
		return "?"
	}
	return string(t.escaped(make([]byte, 0, len(t.bytes)+8), false))
}

// Quoted is the same in quotes, with quotes and backslashes escaped.
func (t Text) Quoted() string {
	if !t.known {
		return "?"
	}
	return string(append(t.escaped([]byte{'"'}, true), '"'))
}

func (t Text) escaped(out []byte, quoted bool) []byte {
	rest := t.bytes
	for len(rest) > 0 {
		// Most texts are printable ASCII from end to end.
		plain := 0
		for plain < len(rest) && rest[plain] >= ' ' && rest[plain] < 0x7f && !(quoted && (rest[plain] == '"' || rest[plain] == '\\')) {
			plain++
		}
		out = append(out, rest[:plain]...)
		if rest = rest[plain:]; len(rest) == 0 {
			break
		}
		r, size := decode(rest)
		rest = rest[size:]
		switch {
		case r == '\n':
			out = append(out, '\\', 'n')
		case r == '\r':
			out = append(out, '\\', 'r')
		case r == '\t':
			out = append(out, '\\', 't')
		case quoted && (r == '"' || r == '\\'):
			out = append(out, '\\', byte(r))
		case r < ' ' || r == 0x7f:
			out = append(out, '\\', 'x', hexDigits[r>>4], hexDigits[r&15])
		case acts(r):
			out = append(out, '\\', 'u', '{')
			out = appendHex(out, uint32(r))
			out = append(out, '}')
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}

const hexDigits = "0123456789abcdef"

func appendHex(out []byte, n uint32) []byte {
	if n >= 16 {
		out = appendHex(out, n>>4)
	}
	return append(out, hexDigits[n&15])
}

// acts says whether a character acts on a terminal, or on the direction of what surrounds it.
func acts(r rune) bool {
	switch {
	case r < ' ', r >= 0x7f && r <= 0x9f:
		return true
	case r == 0x61c, r == 0x200e, r == 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return false
}

// decode reads the first character. Of what is not UTF-8 it takes as much as could have begun one, and gives one U+FFFD for it, as
// the Unicode Standard recommends (section 3.9); the standard library takes single bytes.
func decode(text []byte) (rune, int) {
	r, size := utf8.DecodeRune(text)
	if r != utf8.RuneError || size != 1 {
		return r, size
	}
	first := text[0]
	// What the second byte may be depends on the first.
	low, high, more := byte(0x80), byte(0xbf), 0
	switch {
	case first >= 0xc2 && first <= 0xdf:
		more = 1
	case first >= 0xe0 && first <= 0xef:
		more = 2
	case first >= 0xf0 && first <= 0xf4:
		more = 3
	}
	switch first {
	case 0xe0:
		low = 0xa0
	case 0xed:
		high = 0x9f
	case 0xf0:
		low = 0x90
	case 0xf4:
		high = 0x8f
	}
	size = 1
	for size <= more && size < len(text) && text[size] >= low && text[size] <= high {
		low, high = 0x80, 0xbf
		size++
	}
	return utf8.RuneError, size
}
