package lanner

import (
	"bytes"
	"iter"
	"strconv"

	"lanner/internal/schema"
)

// hostUserNS is the host's own user namespace (PROC_USER_INIT_INO of include/linux/proc_ns.h).
const hostUserNS = 0xefff_fffd

// Known says whether the frame has it. Of a process that it does not have, nothing is known.
func (p Process) Known() bool { return len(p.record) > 0 }

// Known says whether the frame has it. Where a process has no container that is known, nothing of it is.
func (c Container) Known() bool { return len(c.record) > 0 }

// Ancestors are its parent, the parent's parent, and so on.
func (p Process) Ancestors() iter.Seq[Process] {
	return func(yield func(Process) bool) {
		if !p.Known() {
			return
		}
		// A line longer than there are processes is a circle.
		for left := p.frame.count(schema.Process); left > 0; left-- {
			if p = p.Parent(); !p.Known() || !yield(p) {
				return
			}
		}
	}
}

// Name is what it is called: the file name of its executable, or where there is none the kernel's short name.
func (p Process) Name() Text {
	if name := p.Exe().FileName(); name.Len() > 0 {
		return name
	}
	return p.Comm()
}

// entries are texts of which each is ended by a NUL, but the last where it was cut off.
func entries(text []byte) iter.Seq[Text] {
	return func(yield func(Text) bool) {
		for len(text) > 0 {
			entry, rest, _ := bytes.Cut(text, []byte{0})
			if !yield(Text{entry, true}) {
				return
			}
			text = rest
		}
	}
}

// Args are the arguments, the program's name first.
func (p Process) Args() iter.Seq[Text] { return entries(p.Argv().bytes) }

// CommandLine is the arguments in one line, escaped as [Text.String] does it.
func (p Process) CommandLine() string {
	out := make([]byte, 0, p.Argv().Len()+8)
	first := true
	for arg := range p.Args() {
		if !first {
			out = append(out, ' ')
		}
		out, first = arg.escaped(out, false), false
	}
	return string(out)
}

// Env is what an entry of the environment is set to that the image began with. Unknown where it is not set, and where no filter asks
// for it by its name: there are secrets among the others.
func (p Process) Env(name string) Text {
	for value := range p.Envs(name) {
		return value
	}
	return Text{}
}

// Envs is the same of each entry of that name: programs take the first (getenv), others the last, as the dynamic linker does.
func (p Process) Envs(name string) iter.Seq[Text] {
	return func(yield func(Text) bool) {
		for entry := range entries(p.Environment().bytes) {
			if value, ok := bytes.CutPrefix(entry.bytes, []byte(name+"=")); ok && !yield(Text{value, true}) {
				return
			}
		}
	}
}

// IsRoot says whether it acts as root.
func (p Process) IsRoot() bool { return p.EUID() == 0 }

func (p Process) has(flag uint32) bool { return p.Flags()&flag != 0 }

// IsUpper says whether the executable lies on the upper layer of an overlay: it was written after the container began.
func (p Process) IsUpper() bool { return p.has(ProcessExeUpper) }

// IsMemfd says whether the executable is an anonymous memory file.
func (p Process) IsMemfd() bool { return p.has(ProcessExeMemfd) }

// IsDeleted says whether the executable had been deleted when it was run.
func (p Process) IsDeleted() bool { return p.has(ProcessExeDeleted) }

// IsSetuid says whether the executable is setuid or setgid.
func (p Process) IsSetuid() bool { return p.has(ProcessExeSetuid) }

// IsWritable says whether the executable is writable by its group or by everybody.
func (p Process) IsWritable() bool { return p.has(ProcessExeWritable) }

// IsPartial says whether not all of it is known: its exec was lost or came before the host.
func (p Process) IsPartial() bool { return p.has(ProcessPartial) }

// IsKernelThread says whether it is a thread of the kernel.
func (p Process) IsKernelThread() bool { return p.has(ProcessKernelThread) }

// IsSelfTest says whether the host's own self-test started it.
func (p Process) IsSelfTest() bool { return p.has(ProcessSelfTest) }

// ExeIsGenuine says whether the executable is what its path says, as far as the kernel tells: it lies at that path in the process's own
// mount namespace, belongs to root, and nobody else may write it; and the process is in the host's user namespace, as in another one
// anybody may have mounted what he likes at that path. What is not known does not count against it. A path alone can be forged: ask
// this of a process before you trust it by its path.
func (p Process) ExeIsGenuine() bool {
	const forged = ProcessExeDeleted | ProcessExeMemfd | ProcessExeWritable | ProcessExeUnreachable | ProcessExeForeign
	owner, ownerKnown := p.ExeUID()
	userNS, userNSKnown := p.UserNS()
	return !p.has(forged) && !(ownerKnown && owner != 0) && !(userNSKnown && userNS != hostUserNS)
}

// String is the process as it stands in messages: cat (pid 123, root).
func (p Process) String() string {
	if !p.Known() {
		return "an unknown process"
	}
	name, user := "?", "uid "+strconv.FormatUint(uint64(p.UID()), 10)
	if text := p.Name(); text.Len() > 0 {
		name = text.String()
	}
	if text := p.User(); text.Len() > 0 {
		user = text.String()
	}
	return name + " (pid " + strconv.FormatUint(uint64(p.PID()), 10) + ", " + user + ")"
}
