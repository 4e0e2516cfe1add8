// Package schema has the frame's layout as tables.
package schema

import "strings"

// A Record is what one section holds.
type Record struct {
	Name    string
	Section uint16
	// Size is how many bytes a record has as this version writes it; a host may write longer or shorter ones.
	Size   int
	Fields []Field
}

// A Field is a part of a record.
type Field struct {
	Name string
	Type Type
	// At is the offset in the record.
	At int
	// Byte and Mask are the byte of the record, and the bit of it, that say whether the field is there.
	Byte int
	Mask byte
	// Reads is what a number stands for.
	Reads Reads
	// Of is the record that a row or a list is of.
	Of int
	// Always says that every host gives it.
	Always bool
}

// A Kind is a kind of event.
type Kind struct {
	Name   string
	Number uint16
	// Record is the index of its payload's record.
	Record int
	// Process says that its events are somebody's doing.
	Process bool
}

// Type is how a field is written.
type Type uint8

// The types.
const (
	U8 Type = iota
	U16
	U32
	U64
	I32
	I64
	Text
	Bytes16
	List
)

// Reads is what a field stands for beyond its type.
type Reads uint8

// What fields stand for.
const (
	ReadsPlain Reads = iota
	ReadsRow
	ReadsPayload
	ReadsKind
	ReadsBool
	ReadsUser
	ReadsGroup
	ReadsAddress
)

// Size is how many bytes a value of the type has in a record.
func (t Type) Size() int {
	switch t {
	case U8:
		return 1
	case U16:
		return 2
	case U32, I32:
		return 4
	case Bytes16:
		return 16
	default:
		return 8
	}
}

// Field finds a field by its name; nil where there is none.
func (r *Record) Field(name string) *Field {
	for i := range r.Fields {
		if r.Fields[i].Name == name {
			return &r.Fields[i]
		}
	}
	return nil
}

// KindNamed finds a kind by its name; nil where there is none.
func KindNamed(name string) *Kind {
	for i := range Kinds {
		if Kinds[i].Name == name {
			return &Kinds[i]
		}
	}
	return nil
}

// KindNumbered finds a kind by its number; nil where there is none.
func KindNumbered(number uint16) *Kind {
	for i := range Kinds {
		if Kinds[i].Number == number {
			return &Kinds[i]
		}
	}
	return nil
}

// Scope says whose a field is.
type Scope uint8

// The scopes.
const (
	OfEvent Scope = iota
	OfProcess
	OfParent
	OfContainer
	// OfPayload is what the kind has of its own.
	OfPayload
	// OfNamed is of a process that the payload names.
	OfNamed
)

// A Ref is a field as filters name it.
type Ref struct {
	Scope Scope
	Field *Field
	// Named is the field of the payload with the row of the process.
	Named *Field
}

// Resolve finds the field of a name such as open.path in events of a kind. The error is the end of a sentence about the rule.
func Resolve(kind *Kind, name string) (Ref, error) {
	unknown := wrong("events of the kind " + kind.Name + " have no field " + quoted(name))
	owner, rest, ok := strings.Cut(name, ".")
	if !ok {
		return Ref{}, unknown
	}
	ref := Ref{}
	record := &Records[kind.Record]
	switch owner {
	case "event":
		record = &Records[Event]
	case "process", "parent", "container":
		if !kind.Process {
			return Ref{}, wrong("events of the kind " + kind.Name + " are nobody's doing, and have no field " + quoted(name))
		}
		record = &Records[Process]
		switch owner {
		case "process":
			ref.Scope = OfProcess
		case "parent":
			ref.Scope = OfParent
		default:
			ref.Scope, record = OfContainer, &Records[Container]
		}
	case kind.Name:
		ref.Scope = OfPayload
		if named, inside, ok := strings.Cut(rest, "."); ok {
			field := record.Field(named)
			if field == nil || field.Reads != ReadsRow || field.Of != Process {
				return Ref{}, unknown
			}
			ref.Scope, ref.Named, record, rest = OfNamed, field, &Records[Process], inside
		}
	default:
		return Ref{}, unknown
	}
	ref.Field = record.Field(rest)
	switch {
	case ref.Field == nil:
		return Ref{}, unknown
	case ref.Field.Type == List, ref.Field.Reads == ReadsRow, ref.Field.Reads == ReadsPayload:
		return Ref{}, wrong("the field " + quoted(name) + " is a row or a list, which cannot be compared")
	}
	return ref, nil
}

type wrong string

func (w wrong) Error() string { return string(w) }

func quoted(text string) string { return `"` + text + `"` }
