package texts

import "bytes"

// automaton finds all parts at once (Aho and Corasick, 1975): a byte of the text is looked at once, however many parts there are.
type automaton struct {
	// One part is searched for as it is.
	single []byte
	number int
	nodes  []node
	root   [256]int32
}

// node is a beginning of parts. Node 0 is the empty one.
type node struct {
	// The first of its edges; each edge has the next.
	edges int32
	next  int32
	// Where the edge to it comes from and which byte it has are known to who stands there.
	letter byte
	// The longest end of this beginning that is another one.
	fail int32
	// The number of a part that ends here, plus one.
	found int32
}

func newAutomaton(parts []numbered) *automaton {
	a := &automaton{number: parts[0].number}
	if len(parts) == 1 {
		a.single = parts[0].text
		return a
	}
	a.nodes = make([]node, 1)
	for _, part := range parts {
		at := int32(0)
		for _, letter := range part.text {
			next := a.child(at, letter)
			if next == 0 {
				next = int32(len(a.nodes))
				a.nodes = append(a.nodes, node{letter: letter, next: a.nodes[at].edges})
				a.nodes[at].edges = next
			}
			at = next
		}
		if a.nodes[at].found == 0 {
			a.nodes[at].found = int32(part.number) + 1
		}
	}
	var queue []int32
	for child := a.nodes[0].edges; child != 0; child = a.nodes[child].next {
		a.root[a.nodes[child].letter] = child
		queue = append(queue, child)
	}
	for ; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		for child := a.nodes[at].edges; child != 0; child = a.nodes[child].next {
			fail := a.step(a.nodes[at].fail, a.nodes[child].letter)
			a.nodes[child].fail = fail
			if a.nodes[child].found == 0 {
				a.nodes[child].found = a.nodes[fail].found
			}
			queue = append(queue, child)
		}
	}
	return a
}

// child is the node that an edge with this byte leads to; 0 where there is none.
func (a *automaton) child(at int32, letter byte) int32 {
	for child := a.nodes[at].edges; child != 0; child = a.nodes[child].next {
		if a.nodes[child].letter == letter {
			return child
		}
	}
	return 0
}

func (a *automaton) step(at int32, letter byte) int32 {
	for at != 0 {
		if child := a.child(at, letter); child != 0 {
			return child
		}
		at = a.nodes[at].fail
	}
	return a.root[letter]
}

func (a *automaton) find(text []byte) (int, bool) {
	if a.nodes == nil {
		return a.number, bytes.Contains(text, a.single)
	}
	at := int32(0)
	for index := 0; ; index++ {
		if found := a.nodes[at].found; found != 0 {
			return int(found) - 1, true
		}
		if index == len(text) {
			return 0, false
		}
		at = a.step(at, text[index])
	}
}
