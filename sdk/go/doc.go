// Package lanner is for writing packs: rules that the runtime detection Lanner judges kernel events by, as WebAssembly.
//
// A [Pack] says what it is and has [Rule]s; a rule has handlers, made by [On], of the kinds of events that it wants; a handler looks at
// an event, such as an [OpenEvent], and raises a [Finding]. Package filter narrows what a handler sees, package match has sets of texts
// and networks, package lannertest tests packs without a host. [Export] makes the pack the one of the component.
//
// Nothing that is not known is zero or empty: what may be missing comes with a second value that says whether it is there, and a [Text],
// a [Process] and a [List] say so themselves.
package lanner
