package main

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"lanner/cbor"
)

const (
	windowLength = uint64(10 * time.Second)
	// Processes that are remembered.
	mostWindows = 1024
)

// windows is how many files each process opened lately: by process.
type windows map[uint64]*window

type window struct {
	process, start, count uint64
	reported              bool
}

// earlier is the order in which windows are forgotten, and saved.
func earlier(a, b *window) int {
	return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.process, b.process))
}

// opened counts an open; it is exceeded where the count is more than burst for the first time in its window.
func (w *windows) opened(process, now, burst uint64) (count uint64, exceeded bool) {
	there := (*w)[process]
	if there == nil || now > there.start && now-there.start > windowLength {
		w.begin(&window{process: process, start: now, count: 1})
		// A burst is at least 1.
		return 1, false
	}
	there.count++
	if there.reported || there.count <= burst {
		return there.count, false
	}
	there.reported = true
	return there.count, true
}

func (w *windows) begin(next *window) {
	if *w == nil {
		*w = windows{}
	}
	if (*w)[next.process] == nil && len(*w) >= mostWindows {
		var oldest *window
		for _, other := range *w {
			if oldest == nil || earlier(other, oldest) < 0 {
				oldest = other
			}
		}
		delete(*w, oldest.process)
	}
	(*w)[next.process] = next
}

func (w windows) save() []byte {
	all := make([]*window, 0, len(w))
	for _, window := range w {
		all = append(all, window)
	}
	slices.SortFunc(all, earlier)
	out := cbor.AppendText(cbor.AppendMap(nil, 1), "windows")
	out = cbor.AppendArray(out, len(all))
	for _, window := range all {
		out = cbor.AppendUint(cbor.AppendArray(out, 4), window.process)
		out = cbor.AppendUint(cbor.AppendUint(out, window.start), window.count)
		out = cbor.AppendBool(out, window.reported)
	}
	return out
}

func (w *windows) restore(state []byte) error {
	*w = windows{}
	d := cbor.NewDecoder(state)
	entries, err := d.Map()
	for err == nil && entries.Next() {
		var name string
		if name, err = d.Text(); err == nil {
			if name == "windows" {
				err = w.restoreAll(d)
			} else {
				err = d.Skip()
			}
		}
	}
	return err
}

func (w *windows) restoreAll(d *cbor.Decoder) error {
	all, err := d.Array()
	for err == nil && all.Next() {
		next := &window{}
		number := 0
		var values *cbor.Iterator
		for values, err = d.Array(); err == nil && values.Next(); number++ {
			switch number {
			case 0:
				next.process, err = d.Uint()
			case 1:
				next.start, err = d.Uint()
			case 2:
				next.count, err = d.Uint()
			case 3:
				next.reported, err = d.Bool()
			}
			if number > 3 {
				err = errors.New("a window is more than four values")
			}
		}
		if err == nil && number != 4 {
			err = errors.New("a window is not four values")
		}
		w.begin(next)
	}
	return err
}
