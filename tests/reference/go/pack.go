// The reference pack in Go. tests/reference/README.md says what it does.
package main

import (
	"fmt"
	"net/netip"

	"lanner"
	"lanner/filter"
	"lanner/match"
)

// Programs that read secrets as a matter of course.
var readers = match.MustTexts(match.Equals("sshd", "passwd", "login", "su", "sudo", "cron", "nginx", "apache2", "systemd", "dockerd"))

// By the kernel's short names.
var servers = match.MustTexts(match.Equals("nginx", "httpd", "apache2", "java", "node", "php-fpm", "postgres"))

type pack struct {
	private bool
	burst   int64
	windows windows
}

func newPack() *pack { return &pack{} }

func init() { lanner.Export(newPack) }

func main() {}

func (p *pack) Info() lanner.PackInfo {
	return lanner.PackInfo{Name: "reference", Version: "1.0.0", Summary: "The same five rules in every language"}
}

func (p *pack) Settings(s *lanner.Settings) {
	s.Bool(&p.private, "private", false, "Report odd ports at addresses that are not public too")
	s.Number(&p.burst, "burst", 20, 1, 10_000, "Files below /etc that a process may open within 10 s")
}

func (p *pack) Save() []byte { return p.windows.save() }

func (p *pack) Restore(state []byte, _ string) error { return p.windows.restore(state) }

func (p *pack) Rules() []lanner.Rule {
	return []lanner.Rule{{
		ID:       "reference/secret-open",
		Summary:  "A process that has no business with it read a secret",
		Severity: lanner.High,
		Attack:   []string{"T1552.004"},
		On: []lanner.Handler{lanner.On(p.secretOpen, filter.Any(
			filter.Open.Path.Equals("/etc/shadow"),
			filter.Open.Path.HasPrefix("/root/.ssh/"),
			filter.Open.Path.HasSuffix(".pem"),
		))},
	}, {
		ID:       "reference/exec-from-tmp",
		Summary:  "A program was run from a folder that anybody may write to",
		Severity: lanner.Medium,
		Attack:   []string{"T1059.004"},
		On:       []lanner.Handler{lanner.On(p.execFromTmp, filter.Exec.Image.Exe.HasPrefix("/tmp/", "/var/tmp/", "/dev/shm/"))},
	}, {
		ID:       "reference/odd-port",
		Summary:  "A process connected to a port that remote shells are known for",
		Severity: lanner.Medium,
		Attack:   []string{"T1571"},
		On:       []lanner.Handler{lanner.On(p.oddPort, filter.Connect.Port.Equals(4444, 1337, 31337))},
	}, {
		ID:       "reference/shell-of-server",
		Summary:  "A server started a shell",
		Severity: lanner.High,
		Attack:   []string{"T1505.003"},
		On:       []lanner.Handler{lanner.On(p.shellOfServer, filter.Exec.Image.Exe.HasSuffix("/sh", "/bash", "/dash", "/zsh"))},
	}, {
		ID:       "reference/many-opens",
		Summary:  "A process opened many files below /etc in a short time",
		Severity: lanner.Low,
		Attack:   []string{"T1083"},
		On:       []lanner.Handler{lanner.On(p.manyOpens, filter.Open.Path.HasPrefix("/etc/"))},
	}}
}

// exe is what messages call a process.
func exe(process lanner.Process) lanner.Text {
	if exe := process.Exe(); exe.Known() {
		return exe
	}
	return process.Comm()
}

func (p *pack) secretOpen(e lanner.OpenEvent, out *lanner.Out) {
	if !e.IsRead() || e.Failed() || readers.Matches(e.Process().Exe().FileName()) {
		return
	}
	name := exe(e.Process()).String()
	out.Emit(lanner.Finding{
		Message: fmt.Sprintf("%s read %s", name, e.Path()),
		Key:     name,
		Facts:   []lanner.Fact{lanner.F("path", e.Path())},
	})
}

func (p *pack) execFromTmp(e lanner.ExecEvent, out *lanner.Out) {
	image := e.Image()
	out.Emit(lanner.Finding{
		Message: fmt.Sprintf("%s was run from a folder that anybody may write to", image.Exe()),
		Facts:   []lanner.Fact{lanner.F("exe", image.Exe()), lanner.F("command_line", image.CommandLine())},
	})
}

func (p *pack) oddPort(e lanner.ConnectEvent, out *lanner.Out) {
	address, known := e.Address()
	port, portKnown := e.Port()
	if !known || !portKnown || !e.IsPublic() && !p.private {
		return
	}
	out.Emit(lanner.Finding{
		Message: fmt.Sprintf("%s connects to %s", exe(e.Process()), netip.AddrPortFrom(address, port)),
		Facts:   []lanner.Fact{lanner.F("address", address), lanner.F("port", port)},
	})
}

func (p *pack) shellOfServer(e lanner.ExecEvent, out *lanner.Out) {
	image := e.Image()
	for ancestor := range image.Ancestors() {
		if servers.Matches(ancestor.Comm()) {
			out.Emit(lanner.Finding{
				Message: fmt.Sprintf("%s started a shell: %s", ancestor.Comm(), image.CommandLine()),
				Facts:   []lanner.Fact{lanner.F("server", ancestor)},
			})
			return
		}
	}
}

func (p *pack) manyOpens(e lanner.OpenEvent, out *lanner.Out) {
	process := e.Process()
	if !process.Known() {
		return
	}
	if count, exceeded := p.windows.opened(process.ID(), e.Time(), uint64(p.burst)); exceeded {
		out.Emit(lanner.Finding{
			Message: fmt.Sprintf("%s opened %d files below /etc within 10 s", exe(process), count),
			Facts:   []lanner.Fact{lanner.F("count", count)},
		})
	}
}
