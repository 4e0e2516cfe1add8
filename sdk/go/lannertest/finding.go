package lannertest

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"lanner"
	"lanner/cbor"
)

func readFinding(bytes []byte, rules []lanner.Rule) (Finding, error) {
	var finding Finding
	d := cbor.NewDecoder(bytes)
	entries, err := d.Map()
	for err == nil && entries.Next() {
		var key string
		if key, err = d.Text(); err != nil {
			break
		}
		switch key {
		case "rule":
			var number uint64
			if number, err = d.Uint(); err == nil && number >= uint64(len(rules)) {
				err = fmt.Errorf("the pack has no rule %d", number)
			}
			if err == nil {
				finding.Rule = rules[number].ID
				if finding.Severity == "" {
					finding.Severity = rules[number].Severity.String()
				}
			}
		case "message":
			finding.Message, err = d.Text()
		case "severity":
			finding.Severity, err = d.Text()
		case "events":
			err = each(d, func() error {
				event, err := d.Uint()
				finding.Events = append(finding.Events, event)
				return err
			})
		case "process":
			finding.Process, err = d.Uint()
		case "key":
			finding.Key, err = d.Text()
		case "fields":
			err = each(d, func() error {
				fact, err := readFact(d)
				finding.Facts = append(finding.Facts, fact)
				return err
			})
		default:
			err = fmt.Errorf("a finding has no %q", key)
		}
	}
	if err == nil && d.Len() > 0 {
		err = fmt.Errorf("something follows it")
	}
	return finding, err
}

// each goes through an array.
func each(d *cbor.Decoder, read func() error) error {
	items, err := d.Array()
	for err == nil && items.Next() {
		err = read()
	}
	return err
}

func readFact(d *cbor.Decoder) (fact Fact, err error) {
	number := 0
	err = each(d, func() error {
		number++
		if number == 1 {
			fact.Name, err = d.Text()
		} else {
			fact.Is, fact.Value, err = readValue(d)
		}
		return err
	})
	if err == nil && number != 2 {
		err = fmt.Errorf("a fact is a name and a value")
	}
	return fact, err
}

func readValue(d *cbor.Decoder) (is, value string, err error) {
	kind, err := d.Peek()
	if err != nil {
		return "", "", err
	}
	switch kind {
	case cbor.Text:
		value, err = d.Text()
		return "text", value, err
	case cbor.Uint:
		number, err := d.Uint()
		return "number", strconv.FormatUint(number, 10), err
	case cbor.Negative:
		number, err := d.Int()
		return "number", strconv.FormatInt(number, 10), err
	case cbor.Float:
		number, err := d.Float()
		return "float", strconv.FormatFloat(number, 'g', -1, 64), err
	case cbor.Bool:
		yes, err := d.Bool()
		return "bool", strconv.FormatBool(yes), err
	}
	// An array that begins with what it is.
	var values []string
	err = each(d, func() error {
		if is == "" {
			is, err = d.Text()
			return err
		}
		var value string
		switch is {
		case "path", "address":
			var bytes []byte
			if bytes, err = d.Bytes(); is == "address" {
				address, ok := netip.AddrFromSlice(bytes)
				if !ok {
					return fmt.Errorf("an address has 4 or 16 bytes")
				}
				value = address.String()
			} else {
				value = string(bytes)
			}
		case "process":
			var image uint64
			image, err = d.Uint()
			value = strconv.FormatUint(image, 10)
		case "list":
			_, value, err = readValue(d)
		default:
			err = fmt.Errorf("there are no facts of the kind %q", is)
		}
		values = append(values, value)
		return err
	})
	if err == nil && is != "list" && len(values) != 1 {
		err = fmt.Errorf("a %s is one value", is)
	}
	return is, strings.Join(values, ", "), err
}
