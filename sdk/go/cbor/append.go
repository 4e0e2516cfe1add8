// Package cbor writes and reads CBOR (RFC 8949), as far as the contract between the host and a pack uses it.
//
// [Marshal] and [Unmarshal] turn Go values into bytes and back, which is how a pack keeps its state; the Append functions and the
// [Decoder] do it piece by piece. Both bound what they read: no bytes make them recurse or allocate without end.
package cbor

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// The major types.
const (
	majorUnsigned = iota << 5
	majorNegative
	majorBytes
	majorText
	majorArray
	majorMap
	majorTag
	majorSimple
)

const (
	simpleFalse     = 20
	simpleTrue      = 21
	simpleNull      = 22
	simpleUndefined = 23
	infoHalf        = 25
	infoFloat       = 26
	infoDouble      = 27
	infoIndefinite  = 31
	breakByte       = majorSimple | infoIndefinite
)

// appendHead writes a major type and its number as short as it can be.
func appendHead(out []byte, major byte, number uint64) []byte {
	switch {
	case number < 24:
		return append(out, major|byte(number))
	case number <= math.MaxUint8:
		return append(out, major|24, byte(number))
	case number <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(out, major|25), uint16(number))
	case number <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(out, major|26), uint32(number))
	}
	return binary.BigEndian.AppendUint64(append(out, major|27), number)
}

// AppendUint appends a number.
func AppendUint(out []byte, number uint64) []byte { return appendHead(out, majorUnsigned, number) }

// AppendInt appends a number.
func AppendInt(out []byte, number int64) []byte {
	if number < 0 {
		return appendHead(out, majorNegative, uint64(^number))
	}
	return appendHead(out, majorUnsigned, uint64(number))
}

// AppendNegative appends -1-number, which reaches below what an int64 holds.
func AppendNegative(out []byte, number uint64) []byte { return appendHead(out, majorNegative, number) }

// AppendBytes appends bytes.
func AppendBytes(out, bytes []byte) []byte {
	return append(appendHead(out, majorBytes, uint64(len(bytes))), bytes...)
}

// AppendText appends a text. What is not UTF-8 in it becomes U+FFFD, as CBOR's texts are UTF-8.
func AppendText(out []byte, text string) []byte {
	if !utf8.ValidString(text) {
		text = string([]rune(text))
	}
	return append(appendHead(out, majorText, uint64(len(text))), text...)
}

// AppendArray begins an array of so many items, which follow.
func AppendArray(out []byte, items int) []byte { return appendHead(out, majorArray, uint64(items)) }

// AppendMap begins a map of so many entries, which follow: a key and a value each.
func AppendMap(out []byte, entries int) []byte { return appendHead(out, majorMap, uint64(entries)) }

// AppendBool appends true or false.
func AppendBool(out []byte, yes bool) []byte {
	if yes {
		return append(out, majorSimple|simpleTrue)
	}
	return append(out, majorSimple|simpleFalse)
}

// AppendFloat appends a number that need not be whole.
func AppendFloat(out []byte, number float64) []byte {
	return binary.BigEndian.AppendUint64(append(out, majorSimple|infoDouble), math.Float64bits(number))
}

// AppendNull appends null.
func AppendNull(out []byte) []byte { return append(out, majorSimple|simpleNull) }
