package lanner

// Export makes packs of this kind the one of the component. It is called once, in an init function of package main, with a function
// that gives a new pack:
//
//	func init() { lanner.Export(newPack) }
//
//	func main() {}
func Export[P Pack](newPack func() P) {
	if exported != nil {
		panic("lanner.Export is called twice: a component has one pack")
	}
	exported = func() Pack { return newPack() }
}

var exported func() Pack
