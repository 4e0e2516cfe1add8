;; What Go's runtime asks of WASI preview 1, answered without a system. See README.md.
;;
;; The functions are those that a Go program of GOOS=wasip1 always imports, and those of the package os, which fmt and others need. Who
;; opens files imports more, and is refused. The memory is the pack's own.
(module
  (import "env" "memory" (memory 0))

  ;; errno 8, EBADF: no such descriptor. There are none but the three that every program has, and nothing is known of these.
  (global $EBADF i32 (i32.const 8))
  ;; errno 52, ENOSYS: not supported.
  (global $ENOSYS i32 (i32.const 52))
  ;; What every clock says, in ns: one second. Go refuses to start where it is 0.
  (global $NOW i64 (i64.const 1000000000))
  ;; How often somebody has asked for randomness. Not of 32 bits: an adapter's one mutable global of these is taken for its stack
  ;; pointer.
  (global $asked (mut i64) (i64.const 0))

  ;; No arguments, no environment: two numbers, of items and of bytes.
  (func $none (param $items i32) (param $bytes i32) (result i32)
    (i32.store (local.get $items) (i32.const 0))
    (i32.store (local.get $bytes) (i32.const 0))
    (i32.const 0))
  (export "args_sizes_get" (func $none))
  (export "environ_sizes_get" (func $none))

  ;; There is nothing to write there.
  (func $nothing (param i32 i32) (result i32)
    (i32.const 0))
  (export "args_get" (func $nothing))
  (export "environ_get" (func $nothing))

  ;; Time stands still: a pack knows event time and no other.
  (func (export "clock_time_get") (param $id i32) (param $precision i64) (param $time i32) (result i32)
    (i64.store (local.get $time) (global.get $NOW))
    (i32.const 0))

  ;; There is one thread, and nobody to yield to.
  (func (export "sched_yield") (result i32)
    (i32.const 0))

  ;; Go's runtime asks for the seed of its hash tables once, before anything else runs, and makes up one from the clock where
  ;; it is refused: from a clock that stands still the same in every instance, so that a replay does what the host did.
  ;; Whoever asks after that wants real randomness (crypto/rand), of which there is none: it never gets anything else instead.
  (func (export "random_get") (param $buffer i32) (param $length i32) (result i32)
    (if (i64.ne (global.get $asked) (i64.const 0)) (then (unreachable)))
    (global.set $asked (i64.const 1))
    (global.get $ENOSYS))

  ;; To wait for time that stands still would be for ever.
  (func (export "poll_oneoff") (param i32 i32 i32 i32) (result i32)
    (unreachable))

  ;; What is printed goes nowhere: all of it is taken, so that nobody tries again. A pack that has something to say logs it.
  (func (export "fd_write") (param $fd i32) (param $parts i32) (param $count i32) (param $written i32) (result i32)
    (local $sum i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        ;; A part is a pointer and a length.
        (local.set $sum (i32.add (local.get $sum) (i32.load offset=4 (local.get $parts))))
        (local.set $parts (i32.add (local.get $parts) (i32.const 8)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (i32.store (local.get $written) (local.get $sum))
    (i32.const 0))

  ;; There are no files. The first call by which the package syscall looks for folders that were opened for it ends that search.
  (func (export "fd_close") (param $fd i32) (result i32)
    (global.get $EBADF))
  (func (export "fd_fdstat_get") (param $fd i32) (param $stat i32) (result i32)
    (global.get $EBADF))
  (func (export "fd_fdstat_set_flags") (param $fd i32) (param $flags i32) (result i32)
    (global.get $EBADF))
  (func (export "fd_read") (param $fd i32) (param $parts i32) (param $count i32) (param $read i32) (result i32)
    (global.get $EBADF))
  (func (export "fd_prestat_get") (param $fd i32) (param $stat i32) (result i32)
    (global.get $EBADF))
  (func (export "fd_prestat_dir_name") (param $fd i32) (param $name i32) (param $length i32) (result i32)
    (global.get $EBADF))

  ;; An exit is the end of the instance.
  (func (export "proc_exit") (param $code i32)
    (unreachable)))
