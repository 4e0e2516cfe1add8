package match

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"lanner"
	"lanner/filter"
	"lanner/internal/condition"
	"lanner/internal/vectors"
)

func TestGlobs(t *testing.T) {
	for _, row := range vectors.Rows(t, 200, "conformance/glob.tsv") {
		set, err := Texts(Glob(row[0].String()))
		if err != nil {
			t.Fatal(err)
		}
		if set.MatchesString(row[1].String()) != row[2].Yes() {
			t.Errorf("%.80q and %.80q: not %s", row[0], row[1], row[2])
		}
	}
	for _, row := range vectors.Rows(t, 20, "conformance/glob-wrong.tsv") {
		if _, err := Texts(Glob(row[0].String())); err == nil {
			t.Errorf("%.80q is a glob, although %s", row[0], row[1])
		}
	}
}

func TestTextSets(t *testing.T) {
	lists := map[string][]List{}
	sets := map[string]*TextSet{}
	how := map[string]func(...string) List{
		"equals": Equals, "starts-with": HasPrefix, "ends-with": HasSuffix, "contains": Contains, "file-name": FileName, "glob": Glob,
	}
	for _, row := range vectors.Rows(t, 500, "conformance/text-set.tsv") {
		name, what, text := row[0].String(), row[1].String(), row[2].String()
		if what != "text" {
			lists[name] = append(lists[name], how[what](text))
			continue
		}
		if sets[name] == nil {
			sets[name] = MustTexts(lists[name]...)
		}
		set := sets[name]
		if set.MatchesString(text) != row[3].Yes() {
			t.Errorf("%s and %.80q: not %s", name, text, row[3])
		}
		if pattern, found := set.Find(lanner.TextOf(text)); found && !MustTexts(among(lists[name], pattern)...).MatchesString(text) {
			t.Errorf("%s: %q is said to be like %q", name, text, pattern)
		}
		if set.Matches(lanner.Text{}) {
			t.Errorf("%s has what is not known", name)
		}
	}
	if len(sets) < 8 {
		t.Errorf("there are %d sets", len(sets))
	}
}

// among are the lists with a text.
func among(lists []List, text string) []List {
	var these []List
	for _, list := range lists {
		if list.texts[0] == text {
			these = append(these, list)
		}
	}
	return these
}

func TestNetworks(t *testing.T) {
	for _, row := range vectors.Rows(t, 40, "conformance/network.tsv") {
		written := strings.Fields(row[0].String())
		address, _ := netip.AddrFromSlice(row[1].Hex(t))
		if MustNetworks(written...).Contains(address) != row[2].Yes() || MustNetworks(written...).Contains(address.Unmap()) != row[2].Yes() {
			t.Errorf("%q and %s: not %s", written, address, row[2])
		}
	}
	for _, row := range vectors.Rows(t, 10, "conformance/network-bits.tsv") {
		net, err := condition.ParseNet(row[0].String())
		if err != nil || string(net.Address[:]) != string(row[1].Hex(t)) || row[2].String() != strconv.Itoa(net.Bits) {
			t.Errorf("%s is %v, %v", row[0], net, err)
		}
	}
	for _, row := range vectors.Rows(t, 30, "conformance/network-wrong.tsv") {
		if _, err := ParseNetworks(row[0].String()); err == nil {
			t.Errorf("%q is a network", row[0])
		}
	}
	if MustNetworks("::/0").Contains(netip.Addr{}) {
		t.Error("no address lies in a network")
	}
}

func TestSetsAsFilters(t *testing.T) {
	set := MustTexts(Equals("/a"), FileName("b"), HasPrefix(), Contains("c"))
	got := set.Filter(filter.Open.Path).Condition().Append(nil)
	want := filter.Any(filter.Open.Path.Equals("/a"), filter.Open.Path.FileName("b"), filter.Open.Path.Contains("c")).Condition().Append(nil)
	if string(got) != string(want) {
		t.Errorf("%x, not %x", got, want)
	}
	if got := MustNetworks("10.0.0.0/8").Filter(filter.Connect.Address).Condition(); got.Nets[0].Bits != 104 {
		t.Errorf("%v", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("a set with globs is a filter")
		}
	}()
	MustTexts(Glob("*")).Filter(filter.Open.Path)
}
