package lannertest

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"lanner"
	"lanner/filter"
	"lanner/match"
)

// example is a pack that does a little of everything.
type example struct {
	trusted []string
	mode    string
	burst   int64
	private bool
	state   struct {
		Seen  map[string]int `cbor:"seen"`
		Ticks []uint64       `cbor:"ticks"`
	}
}

var secrets = match.MustTexts(match.Equals("/etc/shadow"), match.HasPrefix("/root/.ssh/"))

func (p *example) Info() lanner.PackInfo {
	return lanner.PackInfo{Name: "example", Version: "1.2.3", Summary: "An example"}
}

func (p *example) Settings(s *lanner.Settings) {
	s.Texts(&p.trusted, "trusted", []string{"sshd"}, "Programs that may")
	s.OneOf(&p.mode, "mode", []string{"strict", "lax"}, "strict", "How strict it is")
	s.Number(&p.burst, "burst", 2, 1, 10, "How many are too many")
	s.Bool(&p.private, "private", false, "Private addresses too")
}

func (p *example) Configure() error {
	if p.mode == "lax" && p.burst == 1 {
		return errors.New("a burst of 1 is not lax")
	}
	return nil
}

func (p *example) State() any { return &p.state }

func (p *example) Rules() []lanner.Rule {
	return []lanner.Rule{{
		ID: "example/secret", Summary: "A secret was read", Severity: lanner.High, Attack: []string{"T1003.008"},
		On: []lanner.Handler{lanner.On(p.secret, secrets.Filter(filter.Open.Path), filter.Not(filter.Failed()))},
	}, {
		ID: "example/connect", Severity: lanner.Low,
		On: []lanner.Handler{lanner.On(func(e lanner.ConnectEvent, out *lanner.Out) {
			address, _ := e.Address()
			if e.IsPublic() || p.private {
				out.Emit(lanner.Finding{
					Message: "connected", Severity: lanner.Critical, Process: e.Process().Image(), Events: []uint64{1, e.Seq()},
					Facts: []lanner.Fact{
						lanner.F("address", address), lanner.F("ratio", 1.5), lanner.F("odd", true), lanner.F("below", int8(-3)),
						lanner.FList("names", []lanner.Text{e.Process().Exe(), lanner.TextOf("\xff")}),
						lanner.F("by", e.Process()), lanner.FList("ports", []uint16{1, 2}),
					},
				})
			}
		}, filter.Connect.Port.Between(1, 1024))},
	}, {
		ID: "example/count",
		On: []lanner.Handler{
			lanner.OnKinds([]lanner.Kind{lanner.KindUnlink, lanner.KindRename}, p.gone, filter.Process.UID.Equals(0)),
			lanner.OnTick(func(now uint64, out *lanner.Out) {
				p.state.Ticks = append(p.state.Ticks, now)
				if len(p.state.Ticks) == 3 {
					out.Emit(lanner.Finding{Message: "three ticks"})
				}
			}),
		},
	}}
}

func (p *example) secret(e lanner.OpenEvent, out *lanner.Out) {
	if e.IsRead() && !e.Process().Exe().FileName().OneOf(p.trusted...) {
		exe := e.Process().Exe()
		out.Emit(lanner.Finding{Message: fmt.Sprintf("%s read %s", exe, e.Path()), Key: exe.String(), Facts: []lanner.Fact{lanner.F("path", e.Path())}})
	}
}

func (p *example) gone(e lanner.Event, out *lanner.Out) {
	path := lanner.Text{}
	if unlink, ok := lanner.As[lanner.UnlinkEvent](e); ok {
		path = unlink.Path()
	}
	if rename, ok := lanner.As[lanner.RenameEvent](e); ok {
		path = rename.OldPath()
	}
	if p.state.Seen == nil {
		p.state.Seen = map[string]int{}
	}
	p.state.Seen[path.Raw()]++
	if int64(p.state.Seen[path.Raw()]) > p.burst {
		out.Emit(lanner.Finding{Message: path.String() + " is gone again"})
	}
}

func messages(found []Finding) string {
	var all []string
	for _, finding := range found {
		all = append(all, finding.Message)
	}
	return strings.Join(all, "; ")
}

func expect(t *testing.T, found []Finding, want string) {
	t.Helper()
	if got := messages(found); got != want {
		t.Errorf("found %q, not %q", got, want)
	}
}

func TestFiltersAndHandlers(t *testing.T) {
	pack := New(t, &example{})
	cat := Process("/usr/bin/cat").ChildOf(Process("/usr/sbin/nginx").UID(33))
	found := pack.Feed(
		Open("/etc/shadow").Read().By(cat),
		Open("/etc/shadow").Write().By(cat),
		Open("/etc/shadow").Failed(13).By(cat),
		Open("/etc/passwd").By(cat),
		Open("/root/.ssh/id\x1b").By(Process("/opt/\xff")),
		Open("/etc/shadow").By(Process("/usr/sbin/sshd")),
		Exec(cat),
	)
	expect(t, found, "/usr/bin/cat read /etc/shadow; /opt/\ufffd read /root/.ssh/id\\x1b")
	first := found[0]
	if first.Rule != "example/secret" || first.Severity != "high" || first.Key != "/usr/bin/cat" || !slices.Equal(first.Events, []uint64{1}) {
		t.Errorf("%+v", first)
	}
	if first.Fact("path") != "/etc/shadow" || first.Facts[0].Is != "path" || first.Fact("none") != "" || first.String() != "example/secret (high): /usr/bin/cat read /etc/shadow" {
		t.Errorf("%+v", first)
	}
	expect(t, pack.Feed(Connect("1.1.1.1:443").By(cat), Connect("1.1.1.1:4444").By(cat), Connect("10.0.0.1:443").By(cat)), "connected")
	expect(t, pack.Feed(Unlink("/a"), Unlink("/a").By(Process("/x").UID(7)), Rename("/a", "/b"), Unlink("/a"), Unlink("/b")), "/a is gone again")
}

func TestFacts(t *testing.T) {
	nc := Process("/usr/bin/nc")
	found := New(t, &example{}, Set("private", true)).Feed(Open("/x"), Connect("10.0.0.1:80").By(nc))
	expect(t, found, "connected")
	got := fmt.Sprintf("%q", found[0].Facts)
	want := fmt.Sprintf(`[{"address" "address" "10.0.0.1"} {"ratio" "float" "1.5"} {"odd" "bool" "true"} {"below" "number" "-3"} {"names" "list" "/usr/bin/nc, \xff"} {"by" "process" "%d"} {"ports" "list" "1, 2"}]`, nc.Image())
	if got != want || found[0].Severity != "critical" || found[0].Process != nc.Image() || !slices.Equal(found[0].Events, []uint64{1, 2}) {
		t.Errorf("%s, not %s; %+v", got, want, found[0])
	}
}

func TestSettingsAndRulesThatAreOff(t *testing.T) {
	shadow := func() *Event { return Open("/etc/shadow").By(Process("/usr/bin/cat")) }
	expect(t, New(t, &example{}, Set("trusted", []string{"cat"})).Feed(shadow()), "")
	expect(t, New(t, &example{}, Set("trusted", []string{})).Feed(shadow()), "/usr/bin/cat read /etc/shadow")
	expect(t, New(t, &example{}, Off("example/secret")).Feed(shadow(), Connect("8.8.8.8:53")), "connected")
	expect(t, New(t, &example{}, Set("burst", 1)).Feed(Unlink("/a"), Unlink("/a")), "/a is gone again")
	for wrong, want := range map[string]Option{
		"the setting mode does not take other":   Set("mode", "other"),
		"the setting burst does not take 11":     Set("burst", 11),
		"the setting private does not take yes":  Set("private", "yes"),
		`there is no setting "other"; there are`: Set("other", true),
	} {
		if said := refusal(func(t testing.TB) { New(t, &example{}, want) }); !strings.Contains(said, wrong) {
			t.Errorf("%q, not %q", said, wrong)
		}
	}
	said := refusal(func(t testing.TB) { New(t, &example{}, Set("mode", "lax"), Set("burst", 1)) })
	if said != "a host would refuse the pack: a burst of 1 is not lax" {
		t.Error(said)
	}
}

// refused is a test that fails on purpose.
type refused struct {
	testing.TB
	said string
}

func (r *refused) Helper() {}

func (r *refused) Fatalf(format string, args ...any) {
	r.said = fmt.Sprintf(format, args...)
	panic(r)
}

// refusal is what a test says that fails.
func refusal(test func(testing.TB)) (said string) {
	r := &refused{}
	defer func() {
		if reason := recover(); reason != nil && reason != any(r) {
			panic(reason)
		}
		said = r.said
	}()
	test(r)
	return ""
}

func TestTicksAndState(t *testing.T) {
	pack := New(t, &example{})
	pack.Feed(Unlink("/a"), Unlink("/a"))
	expect(t, pack.Wait(2500*time.Millisecond), "")
	pack.Reload(&example{})
	expect(t, pack.Feed(Unlink("/a")), "/a is gone again")
	expect(t, pack.Feed(Unlink("/b").After(time.Second)), "three ticks")
	state := string(pack.Saved())
	fresh := &example{}
	if err := pack.Restore(fresh, []byte(state), "1.0.0"); err != nil || fresh.state.Seen["/a"] != 3 || len(fresh.state.Ticks) != 3 {
		t.Errorf("%v, %+v", err, fresh.state)
	}
	err := pack.Restore(&example{}, []byte("\x00"), "1.0.0")
	if err == nil || !strings.Contains(err.Error(), "the state of version 1.0.0 cannot be read") {
		t.Error(err)
	}
	// Times of a jump beyond an hour are made up for in part.
	pack = New(t, &example{})
	pack.Wait(100 * 24 * time.Hour)
	fresh = pack.pack.(*example)
	if ticks := fresh.state.Ticks; len(ticks) != missedTicks+1 || ticks[len(ticks)-1] != pack.now {
		t.Errorf("%d ticks", len(ticks))
	}
}

// wrong is a pack of these rules.
type wrong struct {
	name  string
	rules []lanner.Rule
}

func (w wrong) Info() lanner.PackInfo { return lanner.PackInfo{Name: w.name, Version: "1.0.0"} }
func (w wrong) Rules() []lanner.Rule  { return w.rules }

func TestPacksThatAreRefused(t *testing.T) {
	opens := func(filters ...filter.Filter) []lanner.Handler {
		return []lanner.Handler{lanner.On(func(lanner.OpenEvent, *lanner.Out) {}, filters...)}
	}
	rule := func(id string, on []lanner.Handler) []lanner.Rule { return []lanner.Rule{{ID: id, On: on}} }
	deep := filter.Open.Path.Known()
	for range 17 {
		deep = filter.Not(deep)
	}
	for _, test := range []struct {
		name  string
		rules []lanner.Rule
		want  string
	}{
		{"A", rule("a/b", opens()), `the pack's name "A" is not lower-case letters, digits and -`},
		{"a", nil, "the pack a has 0 rules; 1 to 4096 are allowed"},
		{"a", append(rule("a/b", opens()), rule("a/b", opens())...), "the rule id a/b stands twice"},
		{"a", rule("a", opens()), `the rule id "a" is not of the form group/name in lower-case letters, digits and -`},
		{"a", rule("a/b/c", opens()), `the rule id "a/b/c" is not of the form group/name in lower-case letters, digits and -`},
		{"a", rule("a/b", nil), "rule a/b handles nothing; add a lanner.On to it"},
		{"a", rule("a/b", []lanner.Handler{{}}), "rule a/b has a handler of no events; make handlers with lanner.On, OnKinds and OnTick"},
		{"a", rule("a/b", []lanner.Handler{lanner.OnTick(func(uint64, *lanner.Out) {})}), "the pack a handles no events"},
		{"a", rule("a/b", []lanner.Handler{lanner.OnKinds([]lanner.Kind{127}, func(lanner.Event, *lanner.Out) {})}), "rule a/b: 127 is the number of no kind of event"},
		{"a", []lanner.Rule{{ID: "a/b", Attack: []string{"T1"}, On: opens()}}, `rule a/b: "T1" is not an ATT&CK technique id such as T1003.008`},
		{"a", []lanner.Rule{{ID: "a/b", Severity: 9, On: opens()}}, "rule a/b: 9 is no severity"},
		{"a", []lanner.Rule{{ID: "a/b", Properties: [][2]string{{"a", strings.Repeat("b", 1025)}}, On: opens()}}, "rule a/b has a property of more than 1024 bytes"},
		{"a", rule("a/b", opens(filter.Connect.Port.Equals(1))), `rule a/b: events of the kind open have no field "connect.port"`},
		{"a", rule("a/b", opens(filter.Open.Path.Equals())), `rule a/b: the field "open.path" is tested by "equals" with no value at all`},
		{"a", rule("a/b", opens(filter.Open.Flags.Between(2, 1))), `rule a/b: the field "open.flags" is tested for a range that ends before it begins`},
		{"a", rule("a/b", opens(deep)), "rule a/b: a filter lies deeper than 16 in others"},
		{"a", rule("a/b", []lanner.Handler{lanner.On(func(lanner.ConnectEvent, *lanner.Out) {}, filter.Connect.Address.Within("10.0.0.0/33"))}),
			`rule a/b: "10.0.0.0/33" is no network: networks are written like 10.0.0.0/8 or fd00::/8`},
		{"a", rule("a/b", []lanner.Handler{lanner.On(func(lanner.ConnectEvent, *lanner.Out) {}, filter.Connect.Address.Equals("10.0.0"))}),
			`rule a/b: "10.0.0" is no address: addresses are written like 192.0.2.7 or 2001:db8::7`},
		{"a", rule("a/b", []lanner.Handler{lanner.On(func(lanner.LossEvent, *lanner.Out) {}, filter.Process.Exe.Known())}),
			`rule a/b: events of the kind loss are nobody's doing, and have no field "process.exe"`},
	} {
		_, err := lanner.NewInstance(wrong{test.name, test.rules}, func([]byte) {})
		if err == nil || err.Error() != test.want {
			t.Errorf("%v, not %s", err, test.want)
		}
	}
}

func TestMadeUpEvents(t *testing.T) {
	if address := netip.MustParseAddr("1.2.3.4"); NewEvent(lanner.KindConnect).Set("address", address).Set("address", "::1") == nil {
		t.Error("an address is not taken")
	}
	for _, set := range []func(){
		func() { Open("/x").Set("path", 1) },
		func() { Open("/x").Set("flags", uint64(1)<<32) },
		func() { Open("/x").Set("flags", -1) },
		func() { Open("/x").Set("no_such_field", 1) },
		func() { NewEvent(9999) },
		func() { Connect("1.2.3.4") },
		func() { Unlink("/x").Write() },
		func() { Process("/x").Set("uid", "root") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("nonsense is taken")
				}
			}()
			set()
		}()
	}
	seen := 0
	check := wrong{"a", []lanner.Rule{{ID: "a/b", On: []lanner.Handler{lanner.On(func(e lanner.OpenEvent, out *lanner.Out) {
		seen++
		p := e.Process()
		result, known := e.Result()
		got := fmt.Sprint(p, " ", p.CommandLine(), " ", p.Parent().Name(), " ", p.Container().ID(), " ", p.Env("A"), " ", result, known, e.Failed())
		want := fmt.Sprintf("cat (pid %d, uid 7) cat -n nginx c0ffee 1 -2 true true", p.PID())
		if got != want {
			t.Errorf("%s, not %s", got, want)
		}
		label := p.Container().Labels().At(1)
		if p.Container().Labels().Len() != 2 || label.Name().Raw() != "c" || label.Value().Raw() != "d" || p.Container().PodLabels().Known() {
			t.Error("labels are not there")
		}
		mount := p.Container().Mounts().At(0)
		if !mount.Writable() || mount.Source().Raw() != "/" || p.Container().Mounts().At(1).Source().Known() {
			t.Error("mounts are not there")
		}
	})}}}}
	container := Container("c0ffee").Label("a", "b").Label("c", "d").Mount("/", "/host", true)
	cat := Process("/usr/bin/cat").UID(7).Args("cat", "-n").Env("B=2", "A=1").In(container).ChildOf(Process("/usr/sbin/nginx"))
	New(t, check).Feed(Open("/etc/x").By(cat).Failed(2))
	if seen != 1 {
		t.Error("the event was not seen")
	}
}
