package texts

import (
	"bytes"
	"errors"
)

const (
	// Characters that a glob stands for at the most, * and ** not counted: each is a state, and there is one more.
	maxLength = 127
	// Globs that one with {…,…} stands for at the most.
	maxAlternatives = 64
)

// A Glob compares paths with a form. It is an automaton that is in several states at once, a bit each (Baeza-Yates and Gonnet, 1992):
// each byte of the text moves all of them by one step. There is nothing to go back to, whatever the glob and the text are.
type Glob struct {
	alternatives []alternative
}

// alternative is a glob without alternatives.
type alternative struct {
	// What every text begins and ends with; what lies between the two is for the automaton.
	begin, end []byte
	// The states that a byte leads on from; the state 0 is the first, and a step leads from each state to the next.
	steps [256]bits
	// The states that stay whatever comes (**), and those that stay unless a slash comes (*).
	stay, stayInName bits
	// The states that are the next one too when they are entered: **/ may stand for nothing.
	skip bits
	last bits
}

// bits is a set of states.
type bits struct{ low, high uint64 }

func bit(state int) bits {
	if state < 64 {
		return bits{low: 1 << state}
	}
	return bits{high: 1 << (state - 64)}
}

func (b bits) and(other bits) bits { return bits{b.low & other.low, b.high & other.high} }
func (b bits) or(other bits) bits  { return bits{b.low | other.low, b.high | other.high} }
func (b bits) next() bits          { return bits{b.low << 1, b.high<<1 | b.low>>63} }
func (b bits) none() bool          { return b.low|b.high == 0 }

// token is a piece of a glob, as it is written.
type token struct {
	is tokenKind
	// A byte that stands for itself.
	letter byte
	// A class of bytes.
	class *[256]bool
}

type tokenKind uint8

const (
	tokenByte tokenKind = iota
	tokenOne
	tokenStar
	tokenDeep
	tokenClass
	tokenOpen
	tokenComma
	tokenClose
)

// ParseGlob reads a glob. The error says what is wrong with it.
func ParseGlob(glob string) (*Glob, error) {
	all := [][]token{nil}
	// Between braces: the alternatives.
	var inside [][]token
	// Of the braces that it is in: the length of this alternative, and of the longest one.
	length, here, longest, count := 0, 0, 0, 1
	for rest := glob; rest != ""; {
		next, size, err := nextToken(rest)
		if err != nil {
			return nil, err
		}
		rest = rest[size:]
		switch {
		case next.is == tokenOpen && inside != nil:
			return nil, errors.New("a { of a glob lies between { and }")
		case next.is == tokenOpen:
			inside, here, longest = [][]token{nil}, 0, 0
		case next.is == tokenComma && inside != nil:
			inside = append(inside, nil)
			longest, here = max(longest, here), 0
		case next.is == tokenClose && inside == nil:
			return nil, errors.New("a } of a glob has no { before it")
		case next.is == tokenClose:
			length += max(longest, here)
			count *= len(inside)
			if count <= maxAlternatives {
				all = combined(all, inside)
			}
			inside, here = nil, 0
		default:
			if next.is == tokenComma {
				next = token{is: tokenByte, letter: ','}
			}
			counts := 1
			if next.is == tokenStar || next.is == tokenDeep {
				counts = 0
			}
			if inside != nil {
				last := len(inside) - 1
				inside[last] = append(inside[last], next)
				here += counts
			} else {
				for index := range all {
					all[index] = append(all[index], next)
				}
				length += counts
			}
		}
		if length+here > maxLength {
			return nil, errors.New("a glob stands for more than 127 characters")
		}
		if count > maxAlternatives || len(inside) > maxAlternatives {
			return nil, errors.New("a glob has more than 64 alternatives")
		}
	}
	if inside != nil {
		return nil, errors.New("a { of a glob has no } after it")
	}
	parsed := &Glob{}
	for _, tokens := range all {
		parsed.alternatives = append(parsed.alternatives, newAlternative(tokens))
	}
	return parsed, nil
}

// combined is each of the one followed by each of the other.
func combined(begins, ends [][]token) [][]token {
	var all [][]token
	for _, begin := range begins {
		for _, end := range ends {
			all = append(all, append(append([]token{}, begin...), end...))
		}
	}
	return all
}

func nextToken(glob string) (token, int, error) {
	switch glob[0] {
	case '?':
		return token{is: tokenOne}, 1, nil
	case '{':
		return token{is: tokenOpen}, 1, nil
	case ',':
		return token{is: tokenComma}, 1, nil
	case '}':
		return token{is: tokenClose}, 1, nil
	case '*':
		size := 1
		for size < len(glob) && glob[size] == '*' {
			size++
		}
		if size == 1 {
			return token{is: tokenStar}, 1, nil
		}
		return token{is: tokenDeep}, size, nil
	case '[':
		return classToken(glob)
	case '\\':
		if len(glob) == 1 {
			return token{}, 0, errors.New(`a glob ends with a \`)
		}
		return token{is: tokenByte, letter: glob[1]}, 2, nil
	}
	return token{is: tokenByte, letter: glob[0]}, 1, nil
}

// classToken reads […].
func classToken(glob string) (token, int, error) {
	at := 1
	negated := at < len(glob) && (glob[at] == '!' || glob[at] == '^')
	if negated {
		at++
	}
	first := at
	var class [256]bool
	for at < len(glob) {
		if glob[at] == ']' {
			if at == first {
				return token{}, 0, errors.New("a [ and ] of a glob have nothing between them")
			}
			for letter := range class {
				class[letter] = class[letter] != negated
			}
			class['/'] = false
			return token{is: tokenClass, class: &class}, at + 1, nil
		}
		low, next, ok := letter(glob, at)
		if !ok {
			break
		}
		high := low
		if next+1 < len(glob) && glob[next] == '-' && glob[next+1] != ']' {
			if high, next, ok = letter(glob, next+1); !ok {
				break
			}
		}
		if low > high {
			return token{}, 0, errors.New("a range of a glob ends before it begins")
		}
		if high > 0x7f {
			return token{}, 0, errors.New("a letter between [ and ] of a glob is not ASCII")
		}
		for member := int(low); member <= int(high); member++ {
			class[member] = true
		}
		at = next
	}
	return token{}, 0, errors.New("a [ of a glob has no ] after it")
}

func letter(glob string, at int) (byte, int, bool) {
	switch {
	case at >= len(glob):
		return 0, 0, false
	case glob[at] != '\\':
		return glob[at], at + 1, true
	case at+1 < len(glob):
		return glob[at+1], at + 2, true
	}
	return 0, 0, false
}

func newAlternative(tokens []token) alternative {
	var a alternative
	for len(tokens) > 0 && tokens[0].is == tokenByte {
		a.begin = append(a.begin, tokens[0].letter)
		tokens = tokens[1:]
	}
	last := len(tokens)
	for last > 0 && tokens[last-1].is == tokenByte {
		last--
	}
	// The slash of **/ goes with it.
	if last > 0 && last < len(tokens) && tokens[last-1].is == tokenDeep && tokens[last].letter == '/' {
		last++
	}
	for _, end := range tokens[last:] {
		a.end = append(a.end, end.letter)
	}
	a.compile(tokens[:last], len(a.begin) == 0 || a.begin[len(a.begin)-1] == '/')
	return a
}

// compile makes the automaton. afterSlash says that a folder's name may begin where the tokens do.
func (a *alternative) compile(tokens []token, afterSlash bool) {
	isSlash := func(at int) bool { return at < len(tokens) && tokens[at].is == tokenByte && tokens[at].letter == '/' }
	state := 0
	accept := func(next token) {
		for letter := range 256 {
			is := false
			switch next.is {
			case tokenByte:
				is = next.letter == byte(letter)
			case tokenOne:
				is = letter != '/'
			case tokenClass:
				is = next.class[letter]
			}
			if is {
				a.steps[letter] = a.steps[letter].or(bit(state))
			}
		}
		state++
	}
	for at := 0; at < len(tokens); at++ {
		next := tokens[at]
		switch next.is {
		case tokenStar:
			a.stayInName = a.stayInName.or(bit(state))
		case tokenDeep:
			a.stay = a.stay.or(bit(state))
			if afterSlash && isSlash(at+1) {
				// Folders, each with its slash, or none. Another **/ says the same again.
				a.skip = a.skip.or(bit(state))
				at++
				accept(tokens[at])
				for at+2 < len(tokens) && tokens[at+1].is == tokenDeep && isSlash(at+2) {
					at += 2
				}
				continue
			}
		default:
			accept(next)
		}
		afterSlash = next.is == tokenByte && next.letter == '/'
	}
	a.last = bit(state)
}

// Matches says whether the glob stands for all of the text.
func (g *Glob) Matches(text []byte) bool {
	for index := range g.alternatives {
		if g.alternatives[index].matches(text) {
			return true
		}
	}
	return false
}

func (a *alternative) matches(text []byte) bool {
	text, ok := bytes.CutPrefix(text, a.begin)
	if !ok {
		return false
	}
	if text, ok = bytes.CutSuffix(text, a.end); !ok {
		return false
	}
	first := bits{low: 1}
	states := first.or(first.and(a.skip).next())
	for _, letter := range text {
		stay := a.stay
		if letter != '/' {
			stay = stay.or(a.stayInName)
		}
		entered := states.and(a.steps[letter]).next()
		entered = entered.or(entered.and(a.skip).next())
		states = entered.or(states.and(stay))
		if states.none() {
			return false
		}
	}
	return !states.and(a.last).none()
}
