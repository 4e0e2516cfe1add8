// The pack {{name}}.
package main

import (
	"fmt"

	"lanner"
	"lanner/filter"
	"lanner/match"
)

// pack is the pack: its settings and its state are fields.
type pack struct {
	// What the setting takes, and the set that is made of it.
	names   []string
	trusted *match.TextSet
}

func newPack() *pack { return &pack{} }

// The pack of this component.
func init() { lanner.Export(newPack) }

// main is never called, and Go wants one.
func main() {}

// Info says what the pack is.
func (p *pack) Info() lanner.PackInfo {
	return lanner.PackInfo{Name: "{{name}}", Version: "0.1.0", Summary: "Says who reads secrets"}
}

// Settings says what the people who run the host can set.
func (p *pack) Settings(s *lanner.Settings) {
	s.Texts(&p.names, "trusted", []string{"sshd", "passwd", "login", "su", "sudo", "unix_chkpwd", "systemd"},
		"File names of programs that may read secrets")
}

// Configure is called once the settings have their values, before the first event.
func (p *pack) Configure() (err error) {
	p.trusted, err = match.Texts(match.Equals(p.names...))
	return err
}

// Rules are the pack's rules.
func (p *pack) Rules() []lanner.Rule {
	return []lanner.Rule{{
		ID:       "{{name}}/secret-read",
		Summary:  "A process that has no business with it read a secret",
		Severity: lanner.High,
		Attack:   []string{"T1003.008"},
		On: []lanner.Handler{
			// The host hands over what passes these filters, and nothing else.
			lanner.On(p.secretRead, filter.Any(
				filter.Open.Path.Equals("/etc/shadow", "/etc/gshadow"),
				filter.Open.Path.HasPrefix("/root/.ssh/"),
			)),
		},
	}}
}

// secretRead looks at each open of a secret.
func (p *pack) secretRead(e lanner.OpenEvent, out *lanner.Out) {
	exe := e.Process().Exe()
	if !e.IsRead() || p.trusted.Matches(exe.FileName()) {
		return
	}
	out.Emit(lanner.Finding{
		Message: fmt.Sprintf("%s read %s", exe, e.Path()),
		Key:     exe.String(),
		Facts:   []lanner.Fact{lanner.F("path", e.Path())},
	})
}
