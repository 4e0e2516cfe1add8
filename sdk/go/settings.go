package lanner

import (
	"fmt"
	"slices"
	"strings"

	"lanner/cbor"
)

// Settings are what can be set in a pack, as the package flag has it: each has a variable that takes its value, before Configure is
// called.
type Settings struct{ all []*setting }

type setting struct {
	name, summary string
	takes         string
	choices       []string
	least, most   int64
	// What it is where nobody sets it.
	byDefault any
	// Whether a value is one of its own.
	fits func(value any) bool
	set  func(value any)
}

func (s *Settings) add(name, takes, summary string, byDefault any, set func(any)) *setting {
	added := &setting{name: name, takes: takes, summary: summary, byDefault: byDefault, set: set}
	s.all = append(s.all, added)
	return added
}

// Text adds a setting that takes any text.
func (s *Settings) Text(to *string, name, byDefault, summary string) {
	added := s.add(name, "text", summary, byDefault, func(value any) { *to = value.(string) })
	added.fits = func(value any) bool { _, ok := value.(string); return ok }
}

// OneOf adds a setting that takes one of these texts.
func (s *Settings) OneOf(to *string, name string, choices []string, byDefault, summary string) {
	added := s.add(name, "one-of", summary, byDefault, func(value any) { *to = value.(string) })
	added.choices = choices
	added.fits = func(value any) bool { text, ok := value.(string); return ok && slices.Contains(choices, text) }
}

// Texts adds a setting that takes texts, any number of them.
func (s *Settings) Texts(to *[]string, name string, byDefault []string, summary string) {
	added := s.add(name, "texts", summary, byDefault, func(value any) { *to = slices.Clone(value.([]string)) })
	added.fits = func(value any) bool { _, ok := value.([]string); return ok }
}

// Number adds a setting that takes a whole number from least to most.
func (s *Settings) Number(to *int64, name string, byDefault, least, most int64, summary string) {
	added := s.add(name, "number", summary, byDefault, func(value any) { *to = value.(int64) })
	added.least, added.most = least, most
	added.fits = func(value any) bool { number, ok := value.(int64); return ok && number >= least && number <= most }
}

// Bool adds a setting that takes yes or no.
func (s *Settings) Bool(to *bool, name string, byDefault bool, summary string) {
	added := s.add(name, "boolean", summary, byDefault, func(value any) { *to = value.(bool) })
	added.fits = func(value any) bool { _, ok := value.(bool); return ok }
}

func (s *Settings) named(name string) *setting {
	for _, setting := range s.all {
		if setting.name == name {
			return setting
		}
	}
	return nil
}

func (s *Settings) check() error {
	if len(s.all) > maxSettings {
		return fmt.Errorf("the pack has %d settings; %d are allowed", len(s.all), maxSettings)
	}
	for _, setting := range s.all {
		switch {
		case !isWord(setting.name):
			return fmt.Errorf("the setting %q is not lower-case letters, digits and -", setting.name)
		case s.named(setting.name) != setting:
			return fmt.Errorf("the setting %s stands twice", setting.name)
		case !setting.fits(setting.byDefault):
			return fmt.Errorf("the setting %s does not take its own default", setting.name)
		}
	}
	return nil
}

func (s *Settings) append(out []byte) []byte {
	out = cbor.AppendArray(out, len(s.all))
	for _, setting := range s.all {
		entries := 4
		switch setting.takes {
		case "one-of":
			entries++
		case "number":
			entries += 2
		}
		out = cbor.AppendMap(out, entries)
		out = appendEntry(out, "name", setting.name)
		out = appendEntry(out, "summary", setting.summary)
		out = appendEntry(out, "type", setting.takes)
		switch setting.takes {
		case "one-of":
			out = appendTexts(cbor.AppendText(out, "choices"), setting.choices)
		case "number":
			out = cbor.AppendInt(cbor.AppendText(out, "least"), setting.least)
			out = cbor.AppendInt(cbor.AppendText(out, "most"), setting.most)
		}
		out = cbor.AppendText(out, "default")
		switch value := setting.byDefault.(type) {
		case string:
			out = cbor.AppendText(out, value)
		case []string:
			out = appendTexts(out, value)
		case int64:
			out = cbor.AppendInt(out, value)
		case bool:
			out = cbor.AppendBool(out, value)
		}
	}
	return out
}

// configuration is what a pack is told.
type configuration struct {
	settings map[string]any
	off      map[int]bool
}

func readConfiguration(told []byte) (configuration, error) {
	read := configuration{settings: map[string]any{}, off: map[int]bool{}}
	decoder := cbor.NewDecoder(told)
	err := eachEntry(decoder, func(key string) error {
		switch key {
		case "settings":
			return eachEntry(decoder, func(name string) error {
				value, err := settingValue(decoder)
				read.settings[name] = value
				return err
			})
		case "off":
			rules, err := decoder.Array()
			for err == nil && rules.Next() {
				var rule uint64
				rule, err = decoder.Uint()
				read.off[int(rule)] = true
			}
			return err
		}
		return decoder.Skip()
	})
	return read, err
}

// eachEntry goes through a map; keys that are no texts are passed over.
func eachEntry(decoder *cbor.Decoder, entry func(key string) error) error {
	entries, err := decoder.Map()
	for err == nil && entries.Next() {
		var is cbor.Type
		if is, err = decoder.Peek(); err != nil {
			return err
		}
		if is != cbor.Text {
			if err = decoder.Skip(); err == nil {
				err = decoder.Skip()
			}
			continue
		}
		var key string
		if key, err = decoder.Text(); err == nil {
			err = entry(key)
		}
	}
	return err
}

// settingValue reads a value; nil where no setting takes such a thing.
func settingValue(decoder *cbor.Decoder) (any, error) {
	is, err := decoder.Peek()
	if err != nil {
		return nil, err
	}
	switch is {
	case cbor.Text:
		return value(decoder.Text())
	case cbor.Bool:
		return value(decoder.Bool())
	case cbor.Uint, cbor.Negative:
		return value(decoder.Int())
	case cbor.Array:
		texts := []string{}
		items, err := decoder.Array()
		for err == nil && items.Next() {
			var text string
			text, err = decoder.Text()
			texts = append(texts, text)
		}
		return texts, err
	}
	return nil, decoder.Skip()
}

func value[T any](value T, err error) (any, error) { return value, err }

// set gives each variable what was told, or the default.
func (s *Settings) set(told map[string]any) error {
	for name, value := range told {
		setting := s.named(name)
		switch {
		case setting == nil:
			known := make([]string, len(s.all))
			for index, setting := range s.all {
				known[index] = setting.name
			}
			return fmt.Errorf("there is no setting %q; there are: %s", name, strings.Join(known, ", "))
		case !setting.fits(value):
			return fmt.Errorf("the setting %s does not take %v", name, value)
		}
	}
	for _, setting := range s.all {
		value, ok := told[setting.name]
		if !ok {
			value = setting.byDefault
		}
		setting.set(value)
	}
	return nil
}
