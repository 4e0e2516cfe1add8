// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * System calls, when they return. One program looks at all of them and passes on those that some kind is about, by number:
 * to native and to 32-bit ones alike, which the tracepoints of single calls leave out.
 *
 * A call's arguments are the registers saved at its entry. The kernel restores the caller from them, so only the one that
 * carries the result has changed. No other thread can write them, unlike what they point at.
 */
#pragma once

struct call {
	u64 argument[6];
	/* A negative errno where it failed. */
	s64 result;
	u32 number;
	/* 32-bit: what the arguments point at is laid out for i386. */
	bool compat;
	/* What an event says of it: EVENT_…. With EVENT_IO_URING it is a request of io_uring's, and has no arguments but one. */
	u16 flags;
};

/* Of a request: the socket that it is about, where that is known. */
static __always_inline struct file *file_of_request(struct call *call)
{
	return call->flags & EVENT_IO_URING ? (struct file *)call->argument[0] : NULL;
}

/* Instead of a descriptor that is not known. */
#define NO_FD 0xffffffff

/* Numbers of 32-bit calls stand behind all others; those of x32 that have a number of their own are 512 and more. */
#define COMPAT_CALLS 1024
#define CALLS 2048

/* By number; the loader enters the programs. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, CALLS);
	__type(key, u32);
	__type(value, u32);
} calls SEC(".maps");

#if defined(__TARGET_ARCH_x86)

struct pt_regs {
	unsigned long di, si, dx, r10, r8, r9, bx, cx, bp, orig_ax;
} CORE;

#define TS_COMPAT 2
#define X32_CALL 0x40000000

static __always_inline bool is_compat(struct task_struct *task)
{
	return (task->thread_info.status & TS_COMPAT) != 0;
}

static __always_inline u32 call_number(struct pt_regs *registers)
{
	return (u32)registers->orig_ax & ~X32_CALL;
}

static __always_inline void read_arguments(struct call *call, struct pt_regs *registers)
{
	if (call->compat) {
		call->argument[0] = (u32)registers->bx;
		call->argument[1] = (u32)registers->cx;
		call->argument[2] = (u32)registers->dx;
		call->argument[3] = (u32)registers->si;
		call->argument[4] = (u32)registers->di;
		call->argument[5] = (u32)registers->bp;
		return;
	}
	call->argument[0] = registers->di;
	call->argument[1] = registers->si;
	call->argument[2] = registers->dx;
	call->argument[3] = registers->r10;
	call->argument[4] = registers->r8;
	call->argument[5] = registers->r9;
}

#elif defined(__TARGET_ARCH_arm64)

struct pt_regs {
	u64 regs[31];
	u64 orig_x0;
	s32 syscallno;
} CORE;

#define TIF_32BIT (1UL << 22)

static __always_inline bool is_compat(struct task_struct *task)
{
	return (task->thread_info.flags & TIF_32BIT) != 0;
}

static __always_inline u32 call_number(struct pt_regs *registers)
{
	return registers->syscallno;
}

static __always_inline void read_arguments(struct call *call, struct pt_regs *registers)
{
	/* x0 holds the result by now. */
	call->argument[0] = registers->orig_x0;
	call->argument[1] = registers->regs[1];
	call->argument[2] = registers->regs[2];
	call->argument[3] = registers->regs[3];
	call->argument[4] = registers->regs[4];
	call->argument[5] = registers->regs[5];
	if (!call->compat)
		return;
	for (int index = 0; index < 6; index++)
		call->argument[index] = (u32)call->argument[index];
}

#else
#error "the registers of system calls on this architecture are missing"
#endif

/* void (pt_regs *registers, long result), of every call. */
SEC("tp_btf/sys_exit")
int call_returned(u64 *ctx)
{
	u32 number = call_number((struct pt_regs *)ctx[0]);

	if (is_compat((struct task_struct *)bpf_get_current_task_btf()))
		number |= COMPAT_CALLS;
	bpf_tail_call(ctx, &calls, number);
	return 0;
}

/* False where nothing is to be told: the kernel will make the call again. */
static __noinline bool call_of(struct call *call, u64 *ctx)
{
	struct pt_regs *registers = (struct pt_regs *)ctx[0];
	s64 result = ctx[1];

	call->number = call_number(registers);
	call->compat = is_compat((struct task_struct *)bpf_get_current_task_btf());
	call->flags = call->compat ? EVENT_COMPAT : 0;
	read_arguments(call, registers);
	/* -1 to -4095, as 32 bits. */
	if (call->compat && result >= 0xfffff001LL && result <= 0xffffffffLL)
		result = (s32)result;
	if (result == -ERESTARTNOINTR)
		return false;
	if (result <= -ERESTARTSYS && result >= -ERESTART_RESTARTBLOCK)
		result = -EINTR;
	call->result = result;
	return true;
}

/* CALL(name) { … } is the program for a call, which has it as `call`. */
#define CALL(name)                                                                                                     \
	static __always_inline void name##_call(struct call *call);                                                    \
	SEC("tp_btf/sys_exit")                                                                                         \
	int name##_returned(u64 *ctx)                                                                                  \
	{                                                                                                              \
		struct call call;                                                                                      \
		if (call_of(&call, ctx))                                                                             \
			name##_call(&call);                                                                            \
		return 0;                                                                                              \
	}                                                                                                              \
	static __always_inline void name##_call(struct call *call)

/* The arguments of the program's call. */
#define ARG(index) (call->argument[index])

/* BEGIN() for what the program's call did. */
#define BEGIN_CALL(name, KIND)                                                                                         \
	({                                                                                                             \
		struct name##_record *made = BEGIN(name, KIND);                                                        \
		if (made) {                                                                                            \
			made->record.result = call->result;                                                            \
			made->record.flags |= call->flags;                                                             \
		}                                                                                                      \
		made;                                                                                                  \
	})
