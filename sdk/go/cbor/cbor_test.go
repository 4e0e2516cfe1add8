package cbor

import (
	"encoding/hex"
	"math"
	"math/rand"
	"reflect"
	"testing"
)

// Of RFC 8949, appendix A.
func TestNumbers(t *testing.T) {
	for text, number := range map[string]uint64{
		"00": 0, "17": 23, "1818": 24, "18ff": 255, "190100": 256, "1a000f4240": 1000000, "1b000000e8d4a51000": 1000000000000,
		"1bffffffffffffffff": math.MaxUint64,
	} {
		if got := hex.EncodeToString(AppendUint(nil, number)); got != text {
			t.Errorf("%d is %s, not %s", number, got, text)
		}
		if got, err := NewDecoder(unhex(t, text)).Uint(); err != nil || got != number {
			t.Errorf("%s is %d, %v", text, got, err)
		}
	}
	for text, number := range map[string]int64{"20": -1, "3863": -100, "3903e7": -1000, "3b7fffffffffffffff": math.MinInt64, "0a": 10} {
		if got := hex.EncodeToString(AppendInt(nil, number)); got != text {
			t.Errorf("%d is %s, not %s", number, got, text)
		}
		if got, err := NewDecoder(unhex(t, text)).Int(); err != nil || got != number {
			t.Errorf("%s is %d, %v", text, got, err)
		}
	}
	for text, number := range map[string]float64{
		"f90000": 0, "f93c00": 1, "f97bff": 65504, "f90001": 5.960464477539063e-8, "f90400": 0.00006103515625, "f9c400": -4,
		"fa47c35000": 100000, "fb3ff199999999999a": 1.1, "f97c00": math.Inf(1), "f9fc00": math.Inf(-1), "1818": 24, "20": -1,
	} {
		if got, err := NewDecoder(unhex(t, text)).Float(); err != nil || got != number {
			t.Errorf("%s is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"1bffffffffffffffff", "3bffffffffffffffff", "61", "f4"} {
		if got, err := NewDecoder(unhex(t, text)).Int(); err == nil {
			t.Errorf("%s is read as %d", text, got)
		}
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	bytes, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

type state struct {
	Name   string            `cbor:"name"`
	Seen   map[uint64][]int  `cbor:"seen"`
	Pair   [2]float64        `cbor:"pair"`
	Bytes  []byte            `cbor:"bytes"`
	Inner  *state            `cbor:"inner"`
	Texts  map[string]string `cbor:"texts"`
	Yes    bool
	Small  int8
	hidden int
	Left   int `cbor:"-"`
}

func TestValuesComeBack(t *testing.T) {
	want := state{
		Name: "grüße", Seen: map[uint64][]int{7: {1, -2}, math.MaxUint64: {}}, Pair: [2]float64{1.5, -2}, Bytes: []byte{0xff},
		Inner: &state{Small: -3}, Texts: map[string]string{"a": "b"}, Yes: true,
	}
	want.hidden, want.Left = 1, 2
	data, err := Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Marshal(want)
	if err != nil || string(again) != string(data) {
		t.Error("the same value gives other bytes")
	}
	var got state
	if err := Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	again, err = Marshal(got)
	if err != nil || string(again) != string(data) || got.hidden != 0 || got.Left != 0 {
		t.Errorf("%+v came back as %+v", want, got)
	}
}

func TestOtherVersionsAreRead(t *testing.T) {
	// {"name": "a", "later": [1, {2: (_ "x")}], "seen": {_ 1: [_ 2]}}, with a tag before it.
	data := unhex(t, "c1a3646e616d656161656c6174657282"+"01a1027f6178ff"+"647365656ebf019f02ffff")
	got := state{Yes: true}
	if err := Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if got.Name != "a" || !got.Yes || !reflect.DeepEqual(got.Seen, map[uint64][]int{1: {2}}) {
		t.Errorf("read as %+v", got)
	}
}

func TestNonsenseIsRefused(t *testing.T) {
	for _, text := range []string{"", "ff", "1c", "18", "a1", "a16161", "61ff", "7f00ff", "9f", "0000", "81", "1f", "5b7fffffffffffffff", "a1646e616d6500"} {
		if err := Unmarshal(unhex(t, text), &state{}); err == nil {
			t.Errorf("%q is read", text)
		}
	}
	if err := Unmarshal([]byte{0x00}, state{}); err == nil {
		t.Error("there is no pointer")
	}
	if _, err := Marshal(make(chan int)); err == nil {
		t.Error("a channel is written")
	}
}

// No bytes make it panic, hang, or allocate without end.
func TestAnyBytes(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	deep := make([]byte, 1<<20)
	for index := range deep {
		deep[index] = 0x81
	}
	if NewDecoder(deep).Skip() == nil {
		t.Error("no depth is too deep")
	}
	data, err := Marshal(state{Name: "a", Seen: map[uint64][]int{1: {2, 3}}, Inner: &state{}})
	if err != nil {
		t.Fatal(err)
	}
	for range 50_000 {
		changed := append([]byte{}, data...)
		for range 1 + random.Intn(4) {
			changed[random.Intn(len(changed))] = byte(random.Int())
		}
		changed = changed[:random.Intn(len(changed)+1)]
		_ = Unmarshal(changed, &state{})
		_ = NewDecoder(changed).Skip()
	}
}
