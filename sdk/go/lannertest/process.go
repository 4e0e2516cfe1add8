package lannertest

import (
	"strings"
	"sync/atomic"

	"lanner"
	"lanner/internal/schema"
)

// next is the number of the next process: no two of a test run share one.
var next atomic.Uint64

func init() { next.Store(1000) }

// A TestProcess is a process, made up: the image that its events come from. What it is is said once, before its first event.
type TestProcess struct {
	record    *made
	parent    *TestProcess
	container *TestContainer
	// The fields that the test has said something of.
	said map[string]bool
}

// Process is a process that runs this executable, as root; where that is empty, nothing is known of it.
func Process(exe string) *TestProcess {
	number := next.Add(1)
	p := &TestProcess{record: newMade(schema.Process), said: map[string]bool{}}
	for name, value := range map[string]uint64{
		"id": number, "image": number << 32, "pid": number, "ns_pid": number, "start": beginning, "image_start": beginning, "flags": 0,
		// A regular file that everybody may run, on ext4.
		"exe_mode": 0o100755, "exe_fs": 0xef53, "uid": 0, "euid": 0, "suid": 0, "gid": 0, "egid": 0,
	} {
		p.record.number(name, value)
	}
	p.record.set("cwd", "/")
	if exe != "" {
		p.record.set("exe", exe)
	}
	return p
}

// Set gives any field a value: a number, a text or bytes, true or false. It panics where the field does not take it.
func (p *TestProcess) Set(field string, value any) *TestProcess {
	p.record.set(field, value)
	p.said[field] = true
	return p
}

// Without says that a field is not known.
func (p *TestProcess) Without(field string) *TestProcess {
	p.record.forget(field)
	p.said[field] = true
	return p
}

// Args are its arguments, the program's name first. Where nothing is said, there is only that.
func (p *TestProcess) Args(args ...string) *TestProcess {
	return p.Set("argv", strings.Join(args, "\x00")+"\x00")
}

// Env are entries of its environment, NAME=VALUE.
func (p *TestProcess) Env(entries ...string) *TestProcess {
	return p.Set("environment", strings.Join(entries, "\x00")+"\x00")
}

// ChildOf says which process it was forked from.
func (p *TestProcess) ChildOf(parent *TestProcess) *TestProcess {
	p.parent = parent
	return p
}

// In says which container it runs in.
func (p *TestProcess) In(container *TestContainer) *TestProcess {
	p.container = container
	return p
}

// Comm is the kernel's short name; where nothing is said, the beginning of the executable's.
func (p *TestProcess) Comm(comm string) *TestProcess { return p.Set("comm", comm) }

// UID is the real, effective and saved user id.
func (p *TestProcess) UID(uid uint32) *TestProcess {
	return p.Set("uid", uid).Set("euid", uid).Set("suid", uid)
}

// EUID is the effective user id, after UID.
func (p *TestProcess) EUID(euid uint32) *TestProcess { return p.Set("euid", euid) }

// User is the name of the user; where nothing is said, root for 0 and nothing for others.
func (p *TestProcess) User(user string) *TestProcess { return p.Set("user", user) }

// Cwd is the working directory.
func (p *TestProcess) Cwd(cwd string) *TestProcess { return p.Set("cwd", cwd) }

// Script is the script that the executable interprets.
func (p *TestProcess) Script(script string) *TestProcess { return p.Set("script", script) }

func (p *TestProcess) flag(flag uint32) *TestProcess {
	return p.Set("flags", p.record.value("flags")|uint64(flag))
}

// Memfd says that it runs from an anonymous memory file.
func (p *TestProcess) Memfd() *TestProcess { return p.flag(lanner.ProcessExeMemfd) }

// Deleted says that its executable had been deleted.
func (p *TestProcess) Deleted() *TestProcess { return p.flag(lanner.ProcessExeDeleted) }

// Upper says that its executable lies on the upper layer of an overlay.
func (p *TestProcess) Upper() *TestProcess { return p.flag(lanner.ProcessExeUpper) }

// PID is its process id.
func (p *TestProcess) PID() uint32 { return uint32(p.record.value("pid")) }

// Image is its image id.
func (p *TestProcess) Image() uint64 { return p.record.value("image") }

// before is the same process before it became this image: a fork of its parent, or where that is not known, of nobody.
func (p *TestProcess) before() *TestProcess {
	from := p.parent
	if from == nil {
		from = Process("")
	}
	copied := &TestProcess{record: from.record.clone(), parent: p.parent, container: from.container, said: map[string]bool{}}
	for field := range from.said {
		copied.said[field] = true
	}
	copied.record.number("id", p.record.value("id"))
	copied.record.number("image", p.Image()-1)
	copied.record.number("pid", p.record.value("pid"))
	return copied
}

// finished is its record, with what follows from the rest.
func (p *TestProcess) finished() *made {
	record := p.record.clone()
	follows := func(field string, value any) {
		if !p.said[field] {
			record.set(field, value)
		}
	}
	exe, known := record.texts["exe"]
	name := exe[strings.LastIndexByte(exe, '/')+1:]
	// The kernel keeps 15 bytes of it.
	follows("comm", name[:min(len(name), 15)])
	if known {
		follows("argv", name+"\x00")
	}
	if record.value("uid") == 0 {
		follows("user", "root")
	}
	ppid := uint32(0)
	if p.parent != nil {
		ppid = p.parent.PID()
	}
	follows("ppid", ppid)
	return record
}

// A TestContainer is a container, made up.
type TestContainer struct {
	record *made
	lists  map[string][]*made
}

// Container is a container with this id.
func Container(id string) *TestContainer {
	c := &TestContainer{record: newMade(schema.Container), lists: map[string][]*made{}}
	return c.Set("id", id)
}

// Set gives any field a value.
func (c *TestContainer) Set(field string, value any) *TestContainer {
	c.record.set(field, value)
	return c
}

// Image is the image that it was made from.
func (c *TestContainer) Image(image string) *TestContainer { return c.Set("image", image) }

// Name is its name.
func (c *TestContainer) Name(name string) *TestContainer { return c.Set("name", name) }

// Label adds a label.
func (c *TestContainer) Label(name, value string) *TestContainer {
	return c.label("labels", name, value)
}

// PodLabel adds a label of its pod.
func (c *TestContainer) PodLabel(name, value string) *TestContainer {
	return c.label("pod_labels", name, value)
}

func (c *TestContainer) label(list, name, value string) *TestContainer {
	label := newMade(schema.Label)
	label.set("name", name)
	label.set("value", value)
	c.lists[list] = append(c.lists[list], label)
	return c
}

// Mount adds a part of the host that is mounted into it.
func (c *TestContainer) Mount(source, destination string, writable bool) *TestContainer {
	mount := newMade(schema.ContainerMount)
	mount.set("source", source)
	mount.set("destination", destination)
	mount.set("writable", writable)
	c.lists["mounts"] = append(c.lists["mounts"], mount)
	return c
}
