package cbor

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// Marshal gives a value as CBOR: booleans, numbers, strings, byte slices, slices, arrays, pointers (nil is null), structs (a map by
// the names of the exported fields, or what a `cbor:"name"` tag says; "-" leaves a field out) and maps. The keys of maps are sorted,
// so that the same value always gives the same bytes.
func Marshal(value any) ([]byte, error) { return appendValue(nil, reflect.ValueOf(value), 0) }

// Unmarshal reads what [Marshal] made into what value points to. What it does not have is passed over, and what the bytes do not have
// stays as it is, so that the next version may have other fields.
func Unmarshal(data []byte, value any) error {
	to := reflect.ValueOf(value)
	if to.Kind() != reflect.Pointer || to.IsNil() {
		return errors.New("cbor: Unmarshal needs a pointer")
	}
	decoder := NewDecoder(data)
	if err := decoder.value(to.Elem(), 0); err != nil {
		return err
	}
	if decoder.Len() > 0 {
		return errors.New("cbor: something follows the item")
	}
	return nil
}

// fieldName is what a field of a struct is called; empty where it is left out.
func fieldName(field reflect.StructField) string {
	name, tagged := field.Tag.Lookup("cbor")
	switch {
	case !field.IsExported(), name == "-":
		return ""
	case tagged && name != "":
		return name
	}
	return field.Name
}

func appendValue(out []byte, value reflect.Value, depth int) ([]byte, error) {
	if depth > MaxDepth {
		return nil, errors.New("cbor: values lie too deep in one another")
	}
	var err error
	switch value.Kind() {
	case reflect.Invalid:
		return AppendNull(out), nil
	case reflect.Bool:
		return AppendBool(out, value.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return AppendInt(out, value.Int()), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return AppendUint(out, value.Uint()), nil
	case reflect.Float32, reflect.Float64:
		return AppendFloat(out, value.Float()), nil
	case reflect.String:
		return AppendText(out, value.String()), nil
	case reflect.Pointer, reflect.Interface:
		if value.IsNil() {
			return AppendNull(out), nil
		}
		return appendValue(out, value.Elem(), depth+1)
	case reflect.Slice, reflect.Array:
		if value.Type().Elem().Kind() == reflect.Uint8 {
			copied := make([]byte, value.Len())
			reflect.Copy(reflect.ValueOf(copied), value)
			return AppendBytes(out, copied), nil
		}
		out = AppendArray(out, value.Len())
		for index := 0; index < value.Len() && err == nil; index++ {
			out, err = appendValue(out, value.Index(index), depth+1)
		}
		return out, err
	case reflect.Map:
		return appendMap(out, value, depth)
	case reflect.Struct:
		count := 0
		for index := range value.NumField() {
			if fieldName(value.Type().Field(index)) != "" {
				count++
			}
		}
		out = AppendMap(out, count)
		for index := 0; index < value.NumField() && err == nil; index++ {
			if name := fieldName(value.Type().Field(index)); name != "" {
				out, err = appendValue(AppendText(out, name), value.Field(index), depth+1)
			}
		}
		return out, err
	}
	return nil, fmt.Errorf("cbor: a %s cannot be written", value.Type())
}

func appendMap(out []byte, value reflect.Value, depth int) ([]byte, error) {
	type entry struct {
		key   []byte
		value reflect.Value
	}
	var entries []entry
	for from := value.MapRange(); from.Next(); {
		key, err := appendValue(nil, from.Key(), depth+1)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{key, from.Value()})
	}
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare(a.key, b.key) })
	out = AppendMap(out, len(entries))
	for _, entry := range entries {
		var err error
		if out, err = appendValue(append(out, entry.key...), entry.value, depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (d *Decoder) value(to reflect.Value, depth int) error {
	if depth > MaxDepth {
		return errors.New("cbor: items lie too deep in one another")
	}
	next, err := d.Peek()
	if err != nil {
		return err
	}
	if next == Null {
		to.SetZero()
		return d.Null()
	}
	switch to.Kind() {
	case reflect.Bool:
		yes, err := d.Bool()
		to.SetBool(yes)
		return err
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		number, err := d.Int()
		if err == nil && to.OverflowInt(number) {
			return fmt.Errorf("cbor: %d is too large for a %s", number, to.Type())
		}
		to.SetInt(number)
		return err
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		number, err := d.Uint()
		if err == nil && to.OverflowUint(number) {
			return fmt.Errorf("cbor: %d is too large for a %s", number, to.Type())
		}
		to.SetUint(number)
		return err
	case reflect.Float32, reflect.Float64:
		number, err := d.Float()
		to.SetFloat(number)
		return err
	case reflect.String:
		text, err := d.Text()
		to.SetString(text)
		return err
	case reflect.Pointer:
		inside := reflect.New(to.Type().Elem())
		to.Set(inside)
		return d.value(inside.Elem(), depth+1)
	case reflect.Slice, reflect.Array:
		if to.Type().Elem().Kind() == reflect.Uint8 {
			return d.bytesInto(to)
		}
		return d.arrayInto(to, depth)
	case reflect.Map:
		return d.mapInto(to, depth)
	case reflect.Struct:
		return d.structInto(to, depth)
	}
	return fmt.Errorf("cbor: a %s cannot be read", to.Type())
}

func (d *Decoder) bytesInto(to reflect.Value) error {
	data, err := d.Bytes()
	switch {
	case err != nil:
		return err
	case to.Kind() == reflect.Slice:
		to.SetBytes(bytes.Clone(data))
		return nil
	case to.Len() != len(data):
		return fmt.Errorf("cbor: %d bytes are not a %s", len(data), to.Type())
	}
	reflect.Copy(to, reflect.ValueOf(data))
	return nil
}

func (d *Decoder) arrayInto(to reflect.Value, depth int) error {
	items, err := d.Array()
	if err != nil {
		return err
	}
	if to.Kind() == reflect.Slice {
		to.Set(reflect.MakeSlice(to.Type(), 0, 0))
	}
	count := 0
	for ; items.Next(); count++ {
		if to.Kind() == reflect.Slice {
			to.Set(reflect.Append(to, reflect.Zero(to.Type().Elem())))
		} else if count >= to.Len() {
			return fmt.Errorf("cbor: there are more items than a %s has", to.Type())
		}
		if err := d.value(to.Index(count), depth+1); err != nil {
			return err
		}
	}
	if to.Kind() == reflect.Array && count < to.Len() {
		return fmt.Errorf("cbor: there are fewer items than a %s has", to.Type())
	}
	return nil
}

func (d *Decoder) mapInto(to reflect.Value, depth int) error {
	entries, err := d.Map()
	if err != nil {
		return err
	}
	to.Set(reflect.MakeMap(to.Type()))
	for entries.Next() {
		key := reflect.New(to.Type().Key()).Elem()
		value := reflect.New(to.Type().Elem()).Elem()
		if err := d.value(key, depth+1); err != nil {
			return err
		}
		if err := d.value(value, depth+1); err != nil {
			return err
		}
		to.SetMapIndex(key, value)
	}
	return nil
}

func (d *Decoder) structInto(to reflect.Value, depth int) error {
	entries, err := d.Map()
	if err != nil {
		return err
	}
	for entries.Next() {
		name, err := d.Text()
		if err != nil {
			return err
		}
		field := reflect.Value{}
		for index := range to.NumField() {
			if fieldName(to.Type().Field(index)) == name {
				field = to.Field(index)
			}
		}
		if !field.IsValid() {
			err = d.Skip()
		} else {
			err = d.value(field, depth+1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
