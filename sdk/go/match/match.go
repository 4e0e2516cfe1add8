// Package match has sets of texts and of networks, prepared once: whether a path is in one of them costs about as much for a hundred texts
// as for ten. A rule that compares with more than two or three texts should have a set.
//
//	var secrets = match.MustTexts(
//		match.Equals("/etc/shadow", "/etc/gshadow"),
//		match.HasPrefix("/etc/ssl/private/", "/root/.ssh/"),
//		match.FileName("id_rsa", "id_ed25519"),
//		match.Glob("/home/*/.config/{gcloud,doctl}/**"),
//	)
//
// A set can be a filter too, so that the host compares: secrets.Filter(filter.Open.Path).
package match

import (
	"fmt"

	"lanner"
	"lanner/filter"
	"lanner/internal/texts"
)

// A List is texts, and how others are compared with them.
type List struct {
	how   how
	texts []string
}

type how uint8

const (
	equals how = iota
	prefix
	suffix
	part
	fileName
	glob
)

// Equals are texts that are one of these.
func Equals(texts ...string) List { return List{equals, texts} }

// HasPrefix are texts that begin with one of these. What lies below a folder begins with its name and a slash: /etc/cron.d/.
func HasPrefix(texts ...string) List { return List{prefix, texts} }

// HasSuffix are texts that end with one of these.
func HasSuffix(texts ...string) List { return List{suffix, texts} }

// Contains are texts that have one of these somewhere in them.
func Contains(texts ...string) List { return List{part, texts} }

// FileName are paths that have one of these after their last slash, and names that are one of these.
func FileName(names ...string) List { return List{fileName, names} }

// Glob are paths that have the form of one of these globs, as a whole:
//
//   - * stands for bytes but the slash, or none;
//   - ** for bytes, the slash too, or none; **/ between two slashes or at the beginning for any folders, or none;
//   - ? for a byte but the slash;
//   - [a-z_] for one of these ASCII characters, [!a-z] for none of these and no slash;
//   - {etc,usr/etc} for one of these, which may be globs; they do not lie in one another;
//   - \* for the character itself.
//
// A glob stands for 127 characters at the most, * not counted, and for 64 globs without {…}.
func Glob(globs ...string) List { return List{glob, globs} }

// A TextSet is texts that other texts are compared with: paths, names, arguments. A text is in the set where it passes any of its
// comparisons. Texts are compared as bytes; one that is not known is in no set. Whatever the text is, the time grows with its length
// and no faster.
type TextSet struct {
	lists   []List
	texts   []string
	matcher *texts.Matcher
	globs   []numberedGlob
}

type numberedGlob struct {
	glob   *texts.Glob
	number int
}

// Texts makes a set of these lists. The error says which glob is none, and why.
func Texts(lists ...List) (*TextSet, error) {
	set := &TextSet{lists: lists}
	var builder texts.Builder
	for _, list := range lists {
		for _, text := range list.texts {
			number := len(set.texts)
			set.texts = append(set.texts, text)
			switch list.how {
			case equals:
				builder.Equals(text, number)
			case prefix:
				builder.Prefix(text, number)
			case suffix:
				builder.Suffix(text, number)
			case part:
				builder.Part(text, number)
			case fileName:
				builder.Equals(text, number)
				builder.Suffix("/"+text, number)
			case glob:
				parsed, err := texts.ParseGlob(text)
				if err != nil {
					return nil, fmt.Errorf("%q is no glob: %w", text, err)
				}
				set.globs = append(set.globs, numberedGlob{parsed, number})
			}
		}
	}
	set.matcher = builder.Build()
	return set, nil
}

// MustTexts makes a set of what is known to be sound, such as what stands in the source. It panics where a glob is none.
func MustTexts(lists ...List) *TextSet {
	set, err := Texts(lists...)
	if err != nil {
		panic(err)
	}
	return set
}

// Matches says whether a text is in the set.
func (s *TextSet) Matches(text lanner.Text) bool {
	_, found := s.find(text)
	return found
}

// MatchesString is the same of a string.
func (s *TextSet) MatchesString(text string) bool { return s.Matches(lanner.TextOf(text)) }

// Find gives the text of the set that a text equals, begins with and so on, as it is written there; of several, one that is cheap to
// find.
func (s *TextSet) Find(text lanner.Text) (pattern string, found bool) {
	number, found := s.find(text)
	if !found {
		return "", false
	}
	return s.texts[number], true
}

func (s *TextSet) find(text lanner.Text) (int, bool) {
	if s == nil || !text.Known() {
		return 0, false
	}
	if number, found := s.matcher.Find(text.Bytes()); found {
		return number, true
	}
	for _, glob := range s.globs {
		if glob.glob.Matches(text.Bytes()) {
			return glob.number, true
		}
	}
	return 0, false
}

// Filter is the set as a filter on a field. It panics where the set has globs, which a host does not compare: ask for them in the
// handler.
func (s *TextSet) Filter(field filter.TextField) filter.Filter {
	var any []filter.Filter
	for _, list := range s.lists {
		if len(list.texts) == 0 {
			continue
		}
		switch list.how {
		case equals:
			any = append(any, field.Equals(list.texts...))
		case prefix:
			any = append(any, field.HasPrefix(list.texts...))
		case suffix:
			any = append(any, field.HasSuffix(list.texts...))
		case part:
			any = append(any, field.Contains(list.texts...))
		case fileName:
			any = append(any, field.FileName(list.texts...))
		case glob:
			panic(fmt.Sprintf("the set with the glob %q cannot be a filter: the host compares no globs", list.texts[0]))
		}
	}
	return filter.Any(any...)
}
