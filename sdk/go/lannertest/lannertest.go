// Package lannertest tests packs natively, in go test: events are made up, written as a real frame, and handled by the same code that runs
// in the pack.
//
//	func TestSecretRead(t *testing.T) {
//		pack := lannertest.New(t, newPack())
//		nginx := lannertest.Process("/usr/sbin/nginx")
//		cat := lannertest.Process("/usr/bin/cat").ChildOf(nginx)
//		found := pack.Feed(lannertest.Open("/etc/shadow").Read().By(cat))
//		if len(found) != 1 || found[0].Message != "/usr/bin/cat read /etc/shadow" {
//			t.Errorf("found %v", found)
//		}
//	}
package lannertest

import (
	"fmt"
	"testing"
	"time"

	"lanner"
	"lanner/cbor"
)

const (
	// When the first event happens: any time will do, but not 0.
	beginning = 1_700_000_000_000_000_000
	// Between two events, where nothing is said.
	step = uint64(time.Millisecond)
	// The host ticks at every full second of event time.
	second = uint64(time.Second)
	// After a jump in time it makes up for so many ticks.
	missedTicks = 3600
)

// A Pack is a pack under test.
type Pack struct {
	t        testing.TB
	pack     lanner.Pack
	instance *lanner.Instance
	rules    []lanner.Rule
	told     []byte
	found    []Finding
	now      uint64
	// When the next tick is due.
	nextTick uint64
	seq      uint64
}

// An Option is how a pack is loaded.
type Option func(*options)

type options struct {
	settings []setting
	off      []string
	told     []byte
}

type setting struct {
	name  string
	value any
}

// SettingValue is what a setting can be set to.
type SettingValue interface {
	string | []string | int | int64 | bool
}

// Set sets a setting.
func Set[T SettingValue](name string, value T) Option {
	return func(o *options) { o.settings = append(o.settings, setting{name, value}) }
}

// Off switches rules off.
func Off(rules ...string) Option { return func(o *options) { o.off = append(o.off, rules...) } }

// Configuration is what a host would say, as CBOR, in place of Set and Off.
func Configuration(told []byte) Option { return func(o *options) { o.told = told } }

// New loads a pack. The test fails where a host would refuse it, or its settings.
func New(t testing.TB, pack lanner.Pack, with ...Option) *Pack {
	t.Helper()
	var o options
	for _, option := range with {
		option(&o)
	}
	p := &Pack{t: t, pack: pack, rules: pack.Rules(), now: beginning, nextTick: beginning + second}
	p.told = cbor.AppendMap(nil, 2)
	p.told = cbor.AppendMap(cbor.AppendText(p.told, "settings"), len(o.settings))
	for _, setting := range o.settings {
		value, err := cbor.Marshal(setting.value)
		if err != nil {
			t.Fatal(err)
		}
		p.told = append(cbor.AppendText(p.told, setting.name), value...)
	}
	p.told = cbor.AppendArray(cbor.AppendText(p.told, "off"), len(o.off))
	for _, id := range o.off {
		p.told = cbor.AppendUint(p.told, uint64(p.rule(id)))
	}
	if o.told != nil {
		p.told = o.told
	}
	if err := p.load(pack); err != nil {
		t.Fatalf("a host would refuse the pack: %v", err)
	}
	return p
}

func (p *Pack) rule(id string) int {
	p.t.Helper()
	for number, rule := range p.rules {
		if rule.ID == id {
			return number
		}
	}
	p.t.Fatalf("the pack has no rule %s", id)
	return 0
}

func (p *Pack) load(pack lanner.Pack) error {
	p.pack = pack
	instance, err := lanner.NewInstance(pack, func(finding []byte) {
		read, err := readFinding(finding, p.rules)
		if err != nil {
			p.t.Errorf("a finding cannot be read: %v", err)
		}
		p.found = append(p.found, read)
	})
	if err != nil {
		return err
	}
	p.instance = instance
	return instance.Configure(p.told)
}

func (p *Pack) take() []Finding {
	found := p.found
	p.found = nil
	return found
}

// Feed lets events happen, one after the other; gives what was raised.
func (p *Pack) Feed(events ...*Event) []Finding {
	p.t.Helper()
	var batch []happening
	for _, event := range events {
		after := step
		if event.after != nil {
			after = uint64(*event.after)
		}
		p.now += after
		p.seq++
		if p.now >= p.nextTick {
			p.evaluate(batch)
			p.tick()
			batch = nil
		}
		batch = append(batch, happening{event, p.seq, p.now})
	}
	p.evaluate(batch)
	return p.take()
}

// Judge has the pack judge a frame that was made elsewhere, as a host hands it over; gives what was raised.
func (p *Pack) Judge(frame []byte) []Finding {
	p.t.Helper()
	if err := p.instance.Evaluate(frame); err != nil {
		p.t.Fatal(err)
	}
	return p.take()
}

// Wait lets time go by; gives what was raised.
func (p *Pack) Wait(time time.Duration) []Finding {
	p.now += uint64(time)
	p.tick()
	return p.take()
}

// Saved is what the pack saves now.
func (p *Pack) Saved() []byte {
	p.t.Helper()
	state, err := p.instance.Save()
	if err != nil {
		p.t.Fatalf("the state cannot be saved: %v", err)
	}
	return state
}

// Restore has a new pack, with the same settings, take the place of this one and start with a state. The error is what it says of the
// state.
func (p *Pack) Restore(pack lanner.Pack, state []byte, version string) error {
	p.t.Helper()
	if err := p.load(pack); err != nil {
		p.t.Fatal(err)
	}
	return p.instance.Restore(state, version)
}

// Reload has a new pack take the place of this one, with what it saved, as the host does with another version.
func (p *Pack) Reload(pack lanner.Pack) {
	p.t.Helper()
	if err := p.Restore(pack, p.Saved(), p.pack.Info().Version); err != nil {
		p.t.Fatalf("the pack does not take what it saved: %v", err)
	}
}

// tick ticks at every full second that has passed, as the host does.
func (p *Pack) tick() {
	if behind := (p.now - p.now%second) - min(p.now-p.now%second, missedTicks*second); p.nextTick < behind {
		p.nextTick = behind
	}
	for ; p.nextTick <= p.now; p.nextTick += second {
		p.instance.Tick(p.nextTick)
	}
}

func (p *Pack) evaluate(batch []happening) {
	p.t.Helper()
	if len(batch) == 0 {
		return
	}
	frame, err := frameOf(batch)
	if err == nil {
		err = p.instance.Evaluate(frame)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// A Finding is what a rule raised.
type Finding struct {
	// Rule is the rule's id.
	Rule    string
	Message string
	// Severity is the finding's, or where it has none the rule's.
	Severity string
	// Events are the sequence numbers of the events behind it; the first event that was fed has 1.
	Events []uint64
	// Process is the image id of the process it is about, where that was said.
	Process uint64
	Key     string
	// Facts are in the order in which they were given.
	Facts []Fact
}

// A Fact is a name and a value.
type Fact struct {
	Name string
	// Is is what the value is: text, number, float, bool, path, address, process or list.
	Is string
	// Value is the value as people would write it; a path as its bytes.
	Value string
}

// Fact is the value of a fact; empty where there is none of that name.
func (f Finding) Fact(name string) string {
	for _, fact := range f.Facts {
		if fact.Name == name {
			return fact.Value
		}
	}
	return ""
}

// String is the finding in one line.
func (f Finding) String() string { return fmt.Sprintf("%s (%s): %s", f.Rule, f.Severity, f.Message) }
