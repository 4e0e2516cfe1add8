package lanner

import (
	"fmt"
	"strings"

	"lanner/cbor"
	"lanner/filter"
	"lanner/internal/schema"
)

// A Pack is rules that travel together, and their state: the fields of the type that implements it.
//
// It may do more: [Settable], [Configurable], [Stateful] and [Saver] are asked for where it implements them.
type Pack interface {
	// Info says what it is.
	Info() PackInfo
	// Rules are its rules, the same at every call.
	Rules() []Rule
}

// A Settable pack has settings.
type Settable interface {
	// Settings adds what can be set, and the variables that take it, as the package flag has it.
	Settings(s *Settings)
}

// A Configurable pack is told when its settings are set: once, before the first event.
type Configurable interface {
	// Configure prepares what depends on settings. An error keeps the pack from being loaded.
	Configure() error
}

// A Stateful pack has state that outlives it: the next version, and a host that begins again from a checkpoint, start with it.
type Stateful interface {
	// State points to the state: a struct, a map or whatever else [cbor.Marshal] takes. It is written when the host saves, and read
	// into before the first event where there is something to be restored.
	State() any
}

// A Saver is for a state that wants bytes of its own, in place of a [Stateful].
type Saver interface {
	// Save gives the state that the next version shall start from.
	Save() []byte
	// Restore takes over what that version of the pack saved. It is not called where nothing was saved. An error keeps the old
	// version running.
	Restore(state []byte, version string) error
}

// PackInfo says what a pack is.
type PackInfo struct {
	// Name is lower-case letters, digits and -.
	Name string
	// Version is the pack's version (semver).
	Version string
	// Summary says what it is for, in one line.
	Summary string
	// Properties are anything else worth saying, as names and values.
	Properties [][2]string
}

// A Rule is a detection.
type Rule struct {
	// ID is unique among all packs that a host runs: lower-case words, - and one slash, such as credential-access/shadow-read.
	ID string
	// Summary says what it means when this rule raises a finding, in one line.
	Summary string
	// Severity says how bad its findings are; Medium where nothing is said.
	Severity Severity
	// Attack are the MITRE ATT&CK techniques that it detects, such as T1003.008.
	Attack []string
	// Properties are anything else worth saying, as names and values.
	Properties [][2]string
	// On are its handlers.
	On []Handler
}

// Severity says how bad something is. Where none is said, it is that of the rule.
type Severity uint8

// The severities.
const (
	_ Severity = iota
	Info
	Low
	Medium
	High
	Critical
)

// String is its name.
func (s Severity) String() string {
	names := [...]string{"medium", "info", "low", "medium", "high", "critical"}
	if int(s) >= len(names) {
		return names[0]
	}
	return names[s]
}

// A Handler is what a rule does with the events that it wants.
type Handler struct {
	kinds  []Kind
	filter *filter.Filter
	run    func(Event, *Out)
	tick   func(now uint64, out *Out)
}

// On handles the events of one kind, which the parameter of the function says: On(p.opened) where opened takes an [OpenEvent]. With filters
// it sees the events that pass all of them; the host does not even hand over the others.
func On[E eventView[E]](handle func(E, *Out), filters ...filter.Filter) Handler {
	var none E
	run := func(event Event, out *Out) {
		if view, ok := none.from(event); ok {
			handle(view, out)
		}
	}
	return Handler{kinds: []Kind{none.kindOf()}, filter: joined(filters), run: run}
}

// OnKinds handles the events of several kinds; [As] gives what a kind has of its own. Filters must go with all of them.
func OnKinds(kinds []Kind, handle func(Event, *Out), filters ...filter.Filter) Handler {
	return Handler{kinds: kinds, filter: joined(filters), run: handle}
}

// OnTick is called at every full second of event time, between two batches, with that time: ns since 1970 (UTC).
func OnTick(handle func(now uint64, out *Out)) Handler { return Handler{tick: handle} }

func joined(filters []filter.Filter) *filter.Filter {
	switch len(filters) {
	case 0:
		return nil
	case 1:
		return &filters[0]
	}
	all := filter.All(filters...)
	return &all
}

// Limits of the contract.
const (
	maxRules         = 4096
	maxSubscriptions = 4096
	maxProperties    = 32
	maxProperty      = 1024
	maxName          = 128
	maxSettings      = 256
)

// check says what is wrong with what a pack says of itself.
func check(info PackInfo, rules []Rule, settings *Settings) error {
	if !isWord(info.Name) {
		return fmt.Errorf("the pack's name %q is not lower-case letters, digits and -", info.Name)
	}
	if info.Version == "" {
		return fmt.Errorf("the pack %s has no version", info.Name)
	}
	if err := checkProperties("the pack "+info.Name, info.Properties); err != nil {
		return err
	}
	if len(rules) == 0 || len(rules) > maxRules {
		return fmt.Errorf("the pack %s has %d rules; 1 to %d are allowed", info.Name, len(rules), maxRules)
	}
	seen, subscriptions := map[string]bool{}, 0
	for _, rule := range rules {
		if seen[rule.ID] {
			return fmt.Errorf("the rule id %s stands twice", rule.ID)
		}
		seen[rule.ID] = true
		if err := rule.check(); err != nil {
			return err
		}
		for _, handler := range rule.On {
			subscriptions += len(handler.kinds)
		}
	}
	switch {
	case subscriptions == 0:
		return fmt.Errorf("the pack %s handles no events", info.Name)
	case subscriptions > maxSubscriptions:
		return fmt.Errorf("the pack %s has %d handlers; %d are allowed", info.Name, subscriptions, maxSubscriptions)
	}
	return settings.check()
}

func (r *Rule) check() error {
	group, name, ok := strings.Cut(r.ID, "/")
	if !ok || !isWord(group) || !isWord(name) {
		return fmt.Errorf("the rule id %q is not of the form group/name in lower-case letters, digits and -", r.ID)
	}
	for _, technique := range r.Attack {
		if !isTechnique(technique) {
			return fmt.Errorf("rule %s: %q is not an ATT&CK technique id such as T1003.008", r.ID, technique)
		}
	}
	if r.Severity > Critical {
		return fmt.Errorf("rule %s: %d is no severity", r.ID, r.Severity)
	}
	if err := checkProperties("rule "+r.ID, r.Properties); err != nil {
		return err
	}
	if len(r.On) == 0 {
		return fmt.Errorf("rule %s handles nothing; add a lanner.On to it", r.ID)
	}
	for _, handler := range r.On {
		if handler.tick == nil && (handler.run == nil || len(handler.kinds) == 0) {
			return fmt.Errorf("rule %s has a handler of no events; make handlers with lanner.On, OnKinds and OnTick", r.ID)
		}
		for _, number := range handler.kinds {
			kind := schema.KindNumbered(uint16(number))
			if kind == nil {
				return fmt.Errorf("rule %s: %d is the number of no kind of event", r.ID, number)
			}
			if handler.filter == nil {
				continue
			}
			if err := handler.filter.Condition().Check(kind); err != nil {
				return fmt.Errorf("rule %s: %w", r.ID, err)
			}
		}
	}
	return nil
}

func checkProperties(of string, properties [][2]string) error {
	if len(properties) > maxProperties {
		return fmt.Errorf("%s has %d properties; %d are allowed", of, len(properties), maxProperties)
	}
	for _, property := range properties {
		if len(property[0]) > maxProperty || len(property[1]) > maxProperty {
			return fmt.Errorf("%s has a property of more than %d bytes", of, maxProperty)
		}
	}
	return nil
}

func isWord(text string) bool {
	for index := range len(text) {
		if c := text[index]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return text != "" && len(text) <= maxName
}

// isTechnique says whether it is T and four digits, with three more after a dot for a sub-technique.
func isTechnique(text string) bool {
	for index := range len(text) {
		switch c := text[index]; index {
		case 0:
			if c != 'T' {
				return false
			}
		case 5:
			if c != '.' {
				return false
			}
		default:
			if c < '0' || c > '9' {
				return false
			}
		}
	}
	return len(text) == 5 || len(text) == 9
}

// describe is what the pack says of itself, as it travels.
func describe(info PackInfo, rules []Rule, settings *Settings) []byte {
	properties := append([][2]string{{"sdk", "go/" + Version}}, info.Properties...)
	entries := 5
	if len(settings.all) > 0 {
		entries++
	}
	out := cbor.AppendMap(nil, entries)
	out = appendEntry(out, "name", info.Name)
	out = appendEntry(out, "version", info.Version)
	out = appendEntry(out, "summary", info.Summary)
	out = cbor.AppendArray(cbor.AppendText(out, "rules"), len(rules))
	for _, rule := range rules {
		out = rule.append(out)
	}
	if len(settings.all) > 0 {
		out = settings.append(cbor.AppendText(out, "settings"))
	}
	return appendProperties(cbor.AppendText(out, "properties"), properties)
}

func (r *Rule) append(out []byte) []byte {
	entries, subscriptions := 3, 0
	for _, handler := range r.On {
		subscriptions += len(handler.kinds)
	}
	for _, there := range [...]bool{len(r.Attack) > 0, subscriptions > 0, len(r.Properties) > 0} {
		if there {
			entries++
		}
	}
	out = cbor.AppendMap(out, entries)
	out = appendEntry(out, "id", r.ID)
	out = appendEntry(out, "summary", r.Summary)
	out = appendEntry(out, "severity", r.Severity.String())
	if len(r.Attack) > 0 {
		out = appendTexts(cbor.AppendText(out, "attack"), r.Attack)
	}
	if subscriptions > 0 {
		out = cbor.AppendArray(cbor.AppendText(out, "events"), subscriptions)
		for _, handler := range r.On {
			for _, kind := range handler.kinds {
				out = handler.subscription(out, kind)
			}
		}
	}
	if len(r.Properties) > 0 {
		out = appendProperties(cbor.AppendText(out, "properties"), r.Properties)
	}
	return out
}

func (h *Handler) subscription(out []byte, kind Kind) []byte {
	if h.filter == nil {
		return appendEntry(cbor.AppendMap(out, 1), "kind", kind.String())
	}
	out = appendEntry(cbor.AppendMap(out, 2), "kind", kind.String())
	return h.filter.Condition().Append(cbor.AppendText(out, "filter"))
}

func appendEntry(out []byte, key, text string) []byte {
	return cbor.AppendText(cbor.AppendText(out, key), text)
}

func appendTexts(out []byte, texts []string) []byte {
	out = cbor.AppendArray(out, len(texts))
	for _, text := range texts {
		out = cbor.AppendText(out, text)
	}
	return out
}

func appendProperties(out []byte, properties [][2]string) []byte {
	out = cbor.AppendArray(out, len(properties))
	for _, property := range properties {
		out = appendTexts(out, property[:])
	}
	return out
}
