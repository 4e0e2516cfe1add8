package cbor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// MaxDepth is how deep items may lie in one another.
const MaxDepth = 64

// maxItems is how many items may be read from one Decoder. Each may become a hundred times as long in memory as it was in bytes, so
// that the length of the bytes alone bounds nothing.
const maxItems = 1 << 20

// ErrCut is that the bytes end in the middle of an item.
var ErrCut = errors.New("cbor: the bytes end in the middle of an item")

// Type is what an item is.
type Type uint8

// The types of items.
const (
	Invalid Type = iota
	Uint
	// Negative is a number below 0.
	Negative
	Bytes
	Text
	Array
	Map
	Bool
	Float
	// Null is also what is undefined.
	Null
	// Simple is a simple value that has no meaning here.
	Simple
)

// A Decoder reads items one after the other. Tags are passed over. After an error it stays where it was.
type Decoder struct {
	rest  []byte
	items int
}

// NewDecoder reads these bytes.
func NewDecoder(bytes []byte) *Decoder { return &Decoder{rest: bytes} }

// Len is how many bytes are left.
func (d *Decoder) Len() int { return len(d.rest) }

// head is an item's first bytes.
type head struct {
	major  byte
	info   byte
	number uint64
	size   int
}

func (d *Decoder) head() (head, error) {
	at := 0
	for {
		h, err := headAt(d.rest[at:])
		if err != nil || h.major != majorTag {
			h.size += at
			return h, err
		}
		at += h.size
	}
}

func headAt(rest []byte) (head, error) {
	if len(rest) == 0 {
		return head{}, ErrCut
	}
	h := head{major: rest[0] &^ 31, info: rest[0] & 31, size: 1}
	switch {
	case h.info < 24:
		h.number = uint64(h.info)
	case h.info <= 27:
		length := 1 << (h.info - 24)
		if len(rest) < 1+length {
			return head{}, ErrCut
		}
		var number [8]byte
		copy(number[8-length:], rest[1:1+length])
		h.number, h.size = binary.BigEndian.Uint64(number[:]), 1+length
	case h.info == infoIndefinite && h.major != majorUnsigned && h.major != majorNegative && h.major != majorTag:
	default:
		return head{}, fmt.Errorf("cbor: no item begins with %#02x", rest[0])
	}
	return h, nil
}

// Peek is the type of the next item.
func (d *Decoder) Peek() (Type, error) {
	h, err := d.head()
	if err != nil {
		return Invalid, err
	}
	switch h.major {
	case majorUnsigned:
		return Uint, nil
	case majorNegative:
		return Negative, nil
	case majorBytes:
		return Bytes, nil
	case majorText:
		return Text, nil
	case majorArray:
		return Array, nil
	case majorMap:
		return Map, nil
	}
	switch h.info {
	case simpleFalse, simpleTrue:
		return Bool, nil
	case simpleNull, simpleUndefined:
		return Null, nil
	case infoHalf, infoFloat, infoDouble:
		return Float, nil
	case infoIndefinite:
		return Invalid, errors.New("cbor: something ends that did not begin")
	}
	return Simple, nil
}

// take goes beyond the head of an item of that major type.
func (d *Decoder) take(major byte, what string) (head, error) {
	h, err := d.head()
	if err != nil {
		return h, err
	}
	if h.major != major {
		return h, fmt.Errorf("cbor: %s is expected, and something else there", what)
	}
	if d.items++; d.items > maxItems {
		return h, errors.New("cbor: there are too many items")
	}
	d.rest = d.rest[h.size:]
	return h, nil
}

// Uint reads a number that is not negative.
func (d *Decoder) Uint() (uint64, error) {
	h, err := d.take(majorUnsigned, "a number")
	return h.number, err
}

// Int reads a number.
func (d *Decoder) Int() (int64, error) {
	h, err := d.head()
	if err == nil && h.number > math.MaxInt64 && (h.major == majorUnsigned || h.major == majorNegative) {
		return 0, errors.New("cbor: a number is too large")
	}
	if err == nil && h.major == majorNegative {
		_, err = d.take(majorNegative, "")
		return ^int64(h.number), err
	}
	h, err = d.take(majorUnsigned, "a number")
	return int64(h.number), err
}

// Negative reads a number below 0 as what it is less than -1.
func (d *Decoder) Negative() (uint64, error) {
	h, err := d.take(majorNegative, "a negative number")
	return h.number, err
}

// Bytes reads bytes. They are not copied, unless they stand in pieces.
func (d *Decoder) Bytes() ([]byte, error) { return d.string(majorBytes, "bytes are") }

// Text reads a text.
func (d *Decoder) Text() (string, error) {
	before := *d
	text, err := d.string(majorText, "a text is")
	if err == nil && !utf8.Valid(text) {
		*d = before
		return "", errors.New("cbor: a text is not UTF-8")
	}
	return string(text), err
}

func (d *Decoder) string(major byte, what string) ([]byte, error) {
	before := *d
	h, err := d.take(major, what)
	if err != nil {
		return nil, err
	}
	if h.info != infoIndefinite {
		if h.number > uint64(len(d.rest)) {
			*d = before
			return nil, ErrCut
		}
		text := d.rest[:h.number:h.number]
		d.rest = d.rest[h.number:]
		return text, nil
	}
	text := []byte{}
	for !d.atBreak() {
		// Pieces have lengths, and no tags.
		piece, err := headAt(d.rest)
		if err == nil && (piece.major != major || piece.info == infoIndefinite) {
			err = errors.New("cbor: a piece of a text is not one")
		}
		if err == nil && piece.number > uint64(len(d.rest)-piece.size) {
			err = ErrCut
		}
		if err != nil {
			*d = before
			return nil, err
		}
		end := piece.size + int(piece.number)
		text = append(text, d.rest[piece.size:end]...)
		d.rest = d.rest[end:]
	}
	d.rest = d.rest[1:]
	return text, nil
}

// Bool reads true or false.
func (d *Decoder) Bool() (bool, error) {
	if next, err := d.Peek(); err != nil || next != Bool {
		return false, orElse(err, "cbor: true or false is expected, and something else there")
	}
	h, err := d.take(majorSimple, "")
	return h.info == simpleTrue, err
}

// Float reads a number that need not be whole.
func (d *Decoder) Float() (float64, error) {
	next, err := d.Peek()
	switch {
	case err != nil:
		return 0, err
	case next == Uint || next == Negative:
		number, err := d.Int()
		return float64(number), err
	case next != Float:
		return 0, errors.New("cbor: a number is expected, and something else there")
	}
	h, err := d.take(majorSimple, "")
	switch h.info {
	case infoHalf:
		return half(uint16(h.number)), err
	case infoFloat:
		return float64(math.Float32frombits(uint32(h.number))), err
	}
	return math.Float64frombits(h.number), err
}

func half(bits uint16) float64 {
	fraction, exponent := float64(bits&0x3ff), int(bits>>10&31)
	number := math.Ldexp(fraction+1024, exponent-25)
	switch exponent {
	case 0:
		number = math.Ldexp(fraction, -24)
	case 31:
		if number = math.Inf(1); fraction != 0 {
			return math.NaN()
		}
	}
	if bits>>15 != 0 {
		return -number
	}
	return number
}

// Null reads null, or undefined.
func (d *Decoder) Null() error {
	if next, err := d.Peek(); err != nil || next != Null {
		return orElse(err, "cbor: null is expected, and something else there")
	}
	_, err := d.take(majorSimple, "")
	return err
}

func orElse(err error, message string) error {
	if err != nil {
		return err
	}
	return errors.New(message)
}

// An Iterator says whether there is another item of an array, or another entry of a map.
type Iterator struct {
	decoder *Decoder
	left    uint64
	open    bool
	ended   bool
}

// Array begins to read an array. Its items are read as long as Next says so.
func (d *Decoder) Array() (*Iterator, error) { return d.many(majorArray, "an array is") }

// Map begins to read a map. Keys and values are read as long as Next says so.
func (d *Decoder) Map() (*Iterator, error) { return d.many(majorMap, "a map is") }

func (d *Decoder) many(major byte, what string) (*Iterator, error) {
	h, err := d.take(major, what)
	if err != nil {
		return nil, err
	}
	return &Iterator{decoder: d, left: h.number, open: h.info == infoIndefinite}, nil
}

func (d *Decoder) atBreak() bool { return len(d.rest) > 0 && d.rest[0] == breakByte }

// Next says whether there is another one. It is true where the bytes end too early, so that the reading of it fails.
func (i *Iterator) Next() bool {
	switch {
	case i.ended:
		return false
	case i.open:
		if i.decoder.atBreak() {
			i.decoder.rest = i.decoder.rest[1:]
			i.ended = true
		}
		return !i.ended
	case i.left == 0:
		return false
	}
	i.left--
	return true
}

// Skip passes over an item, whatever it is.
func (d *Decoder) Skip() error { return d.skip(0) }

func (d *Decoder) skip(depth int) error {
	if depth > MaxDepth {
		return errors.New("cbor: items lie too deep in one another")
	}
	next, err := d.Peek()
	if err != nil {
		return err
	}
	switch next {
	case Bytes:
		_, err = d.Bytes()
	case Text:
		_, err = d.string(majorText, "")
	case Array, Map:
		major := byte(majorArray)
		if next == Map {
			major = majorMap
		}
		items, err := d.many(major, "")
		for err == nil && items.Next() {
			if err = d.skip(depth + 1); err == nil && next == Map {
				err = d.skip(depth + 1)
			}
		}
		return err
	default:
		h, _ := d.head()
		_, err = d.take(h.major, "")
	}
	return err
}
