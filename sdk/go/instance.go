package lanner

import (
	"fmt"

	"lanner/cbor"
	"lanner/internal/schema"
)

// Version is the version of the SDK.
const Version = "0.1.0"

// Level says how much a line of the log matters.
type Level uint8

// The levels.
const (
	LevelDebug Level = iota
	LevelInfo
	LevelWarn
	LevelError
)

// An Instance is a pack that runs, as a host calls it. [Export] makes one for the host, and package lannertest those of tests.
type Instance struct {
	pack        Pack
	rules       []Rule
	settings    Settings
	description []byte
	version     string
	handlers    []*running
	// Those that are not off, by the number of their kind, and those of ticks.
	byKind [][]*running
	ticks  []*running
	frame  Frame
	out    Out
}

// running is a handler of one kind, or of ticks.
type running struct {
	rule    int
	handler Handler
	kind    Kind
	// The number of what it asked for, by which the host says what passed.
	subscription int
	// Everything passes where there is none.
	test *test
	// The index of the payload's record.
	record int
}

// NewInstance makes a pack ready, whose findings go to emit as CBOR. The error says what a host would refuse it for.
func NewInstance(pack Pack, emit func(finding []byte)) (*Instance, error) {
	info := pack.Info()
	i := &Instance{pack: pack, rules: pack.Rules(), version: info.Version}
	i.out.emit = emit
	if settable, ok := pack.(Settable); ok {
		settable.Settings(&i.settings)
	}
	if err := check(info, i.rules, &i.settings); err != nil {
		return nil, err
	}
	i.description = describe(info, i.rules, &i.settings)
	subscription := 0
	for number, rule := range i.rules {
		for _, handler := range rule.On {
			if handler.tick != nil {
				i.handlers = append(i.handlers, &running{rule: number, handler: handler})
			}
			for _, kind := range handler.kinds {
				table := schema.KindNumbered(uint16(kind))
				added := &running{rule: number, handler: handler, kind: kind, subscription: subscription, record: table.Record}
				if handler.filter != nil {
					added.test = prepare(handler.filter.Condition(), table)
				}
				i.handlers = append(i.handlers, added)
				subscription++
			}
		}
	}
	return i, nil
}

// Describe is what the pack says of itself, as CBOR.
func (i *Instance) Describe() []byte { return i.description }

// Configure takes settings and which rules are not to run, as CBOR.
func (i *Instance) Configure(told []byte) error {
	read, err := readConfiguration(told)
	if err != nil {
		return fmt.Errorf("the configuration cannot be read: %w", err)
	}
	if err := i.settings.set(read.settings); err != nil {
		return err
	}
	i.byKind, i.ticks = nil, nil
	for _, handler := range i.handlers {
		switch {
		case read.off[handler.rule]:
		case handler.handler.tick != nil:
			i.ticks = append(i.ticks, handler)
		default:
			for len(i.byKind) <= int(handler.kind) {
				i.byKind = append(i.byKind, nil)
			}
			i.byKind[handler.kind] = append(i.byKind[handler.kind], handler)
		}
	}
	if configurable, ok := i.pack.(Configurable); ok {
		return configurable.Configure()
	}
	return nil
}

// Evaluate judges a batch.
func (i *Instance) Evaluate(frame []byte) error {
	f := &i.frame
	if err := f.parse(frame); err != nil {
		return err
	}
	events := &f.sections[schema.Event]
	for row := range events.count {
		event := Event{f, events.row(uint32(row))}
		kind := int(event.Kind())
		if kind >= len(i.byKind) {
			continue
		}
		for _, handler := range i.byKind[kind] {
			if handler.passes(event, row) {
				i.out.rule, i.out.event, i.out.hasEvent = handler.rule, event.Seq(), true
				handler.handler.run(event, &i.out)
			}
		}
	}
	return nil
}

// passes says whether an event is for the handler. The host hands over what any handler of the pack wants, and may have said which.
func (r *running) passes(event Event, row int) bool {
	if r.test == nil {
		return true
	}
	if passed, known := event.frame.Passed(row, r.subscription); known {
		return passed
	}
	return r.test.holds(event, event.frame.at(r.record, event.PayloadRow()))
}

// Tick says that event time has reached a full second: ns since 1970 (UTC).
func (i *Instance) Tick(now uint64) {
	for _, handler := range i.ticks {
		i.out.rule, i.out.event, i.out.hasEvent = handler.rule, 0, false
		handler.handler.tick(now, &i.out)
	}
}

// Save gives the state.
func (i *Instance) Save() ([]byte, error) {
	switch pack := i.pack.(type) {
	case Saver:
		return pack.Save(), nil
	case Stateful:
		return cbor.Marshal(pack.State())
	}
	return nil, nil
}

// Restore takes over a state that a version of the pack saved.
func (i *Instance) Restore(state []byte, version string) error {
	if len(state) == 0 {
		return nil
	}
	switch pack := i.pack.(type) {
	case Saver:
		return pack.Restore(state, version)
	case Stateful:
		if err := cbor.Unmarshal(state, pack.State()); err != nil {
			return fmt.Errorf("the state of version %s cannot be read: %w", version, err)
		}
	}
	return nil
}
