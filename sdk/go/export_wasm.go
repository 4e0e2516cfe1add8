//go:build wasip1

package lanner

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"unsafe"
)

// The exports of the contract (sdk/wit/lanner.wit), by the canonical ABI of the component model: lists and texts are a pointer and a
// length, what the host passes in lies where cabi_realloc said, and what is given back lies where a returned pointer says.

// memoryLimit has the collector work harder before the host's limit of 64 MiB ends the instance.
const memoryLimit = 48 << 20

func init() { debug.SetMemoryLimit(memoryLimit) }

//go:wasmimport lanner:pack/host@2.0.0 emit
func hostEmit(finding unsafe.Pointer, length uint32)

//go:wasmimport lanner:pack/host@2.0.0 log
func hostLog(level uint32, message unsafe.Pointer, length uint32)

func emit(finding []byte) { hostEmit(unsafe.Pointer(unsafe.SliceData(finding)), uint32(len(finding))) }

func say(level Level, message string) {
	hostLog(uint32(level), unsafe.Pointer(unsafe.StringData(message)), uint32(len(message)))
}

// the is the one pack of this component.
var the *Instance

func instance() *Instance {
	if the == nil {
		if exported == nil {
			panic("the component has no pack: call lanner.Export in an init function")
		}
		made, err := NewInstance(exported(), emit)
		if err != nil {
			panic(err.Error())
		}
		the = made
	}
	return the
}

// guard says why an instance ends, which nobody would know otherwise: what a panic prints goes nowhere.
func guard() {
	reason := recover()
	if reason == nil {
		return
	}
	frames := runtime.CallersFrames(callers())
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, "runtime.") && frame.Function != "lanner.guard" {
			say(LevelError, fmt.Sprintf("panic: %v, in %s (%s:%d)", reason, frame.Function, frame.File, frame.Line))
			break
		}
		if !more {
			say(LevelError, fmt.Sprintf("panic: %v", reason))
			break
		}
	}
	panic(reason)
}

func callers() []uintptr {
	places := make([]uintptr, 64)
	// Without itself and runtime.Callers.
	return places[:runtime.Callers(2, places)]
}

// kept are what the host writes into: the collector must not take it before the call ends. The largest is used again, as each batch
// needs as much as the one before.
var kept struct {
	largest []byte
	used    bool
	others  [][]byte
}

// maxKept is how large a buffer is kept for the next call: a frame has about 4 MiB.
const maxKept = 8 << 20

//go:wasmexport cabi_realloc
func cabiRealloc(old, oldSize, align, size uint32) uint32 {
	if size == 0 {
		return align
	}
	// Go aligns what is as large as a word to words, and no type here wants more than 8.
	size = (size + 7) &^ 7
	var buffer []byte
	switch {
	case !kept.used && int(size) <= cap(kept.largest):
		buffer = kept.largest[:size]
		kept.used = true
	case !kept.used && size <= maxKept:
		// Room for a batch that is a little larger.
		kept.largest = make([]byte, size, size+size/4)
		buffer = kept.largest
		kept.used = true
	default:
		buffer = make([]byte, size)
		kept.others = append(kept.others, buffer)
	}
	if old != 0 {
		copy(buffer, memory(old, oldSize))
	}
	return address(buffer)
}

func memory(at, length uint32) []byte {
	if length == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(uintptr(at))), length)
}

func address(bytes []byte) uint32 { return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(bytes)))) }

// release lets go of what was passed in.
func release() {
	kept.used = false
	kept.others = nil
}

// What the last call gave back, until the next one.
var (
	returned [3]uint32
	answer   []byte
)

// list is where a list lies.
func list(bytes []byte) uint32 {
	answer = bytes
	returned = [3]uint32{address(bytes), uint32(len(bytes))}
	return uint32(uintptr(unsafe.Pointer(&returned)))
}

// result is where it says whether something went well, or what went wrong.
func result(err error) uint32 {
	returned = [3]uint32{}
	if err != nil {
		answer = []byte(err.Error())
		returned = [3]uint32{1, address(answer), uint32(len(answer))}
	}
	return uint32(uintptr(unsafe.Pointer(&returned)))
}

//go:wasmexport lanner:pack/rules@2.0.0#describe
func exportDescribe() uint32 {
	defer guard()
	return list(instance().Describe())
}

//go:wasmexport lanner:pack/rules@2.0.0#configure
func exportConfigure(at, length uint32) uint32 {
	defer guard()
	defer release()
	return result(instance().Configure(memory(at, length)))
}

//go:wasmexport lanner:pack/rules@2.0.0#evaluate
func exportEvaluate(at, length uint32) {
	defer guard()
	defer release()
	if err := instance().Evaluate(memory(at, length)); err != nil {
		Errorf("a batch could not be read: %v", err)
	}
}

//go:wasmexport lanner:pack/rules@2.0.0#tick
func exportTick(now uint64) {
	defer guard()
	instance().Tick(now)
}

//go:wasmexport lanner:pack/rules@2.0.0#save
func exportSave() uint32 {
	defer guard()
	state, err := instance().Save()
	if err != nil {
		panic("the state cannot be saved: " + err.Error())
	}
	return list(state)
}

//go:wasmexport lanner:pack/rules@2.0.0#restore
func exportRestore(at, length, versionAt, versionLength uint32) uint32 {
	defer guard()
	defer release()
	// A copy: the pack may keep of it what it likes.
	state := append([]byte(nil), memory(at, length)...)
	return result(instance().Restore(state, string(memory(versionAt, versionLength))))
}
