// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What a process does to others: signals, ptrace, their memory. */
#pragma once

/* The host's id of whom the caller named: the same number, where he is in the first pid namespace. 0: not known. */
static __always_inline u32 known_pid(u32 named)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task_btf();
	struct pid *pid = task->thread_pid;

	return pid && BPF_CORE_READ(pid, level) == 0 ? named : 0;
}

/* Threads whose signal was just told: what their call has sent. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256);
	__type(key, u32);
	__type(value, u8);
} told_signals SEC(".maps");

/* Of include/uapi/asm-generic/siginfo.h: who sent it. */
enum { SI_USER = 0, SI_QUEUE = -1, SI_TKILL = -6 };
/* SEND_SIG_PRIV, instead of a pointer: the kernel itself. SEND_SIG_NOINFO, 0, is a process. */
#define SENT_BY_KERNEL 1

/* void (int signal, struct kernel_siginfo *info, struct task_struct *target, int group, int result) */
SEC("tp_btf/signal_generate")
int signal_generated(u64 *ctx)
{
	struct task_struct *target = (struct task_struct *)ctx[2];
	struct kernel_siginfo *info = (struct kernel_siginfo *)ctx[1];
	u32 own = bpf_get_current_pid_tgid() >> 32;
	struct signal_record *signal;
	u32 target_pid, thread;
	int code = SI_USER;
	u8 told = 1;

	if ((u64)info == SENT_BY_KERNEL)
		return 0;
	if (info)
		code = BPF_CORE_READ(info, si_code);
	if (code != SI_USER && code != SI_QUEUE && code != SI_TKILL)
		return 0;
	target_pid = BPF_CORE_READ(target, tgid);
	if (target_pid == own)
		return 0;
	signal = BEGIN(signal, KIND_SIGNAL);
	if (!signal)
		return 0;
	FILL(&signal->payload, SIGNAL, signal, ctx[0]);
	FILL(&signal->payload, SIGNAL, target_pid, target_pid);
	thread = signal->record.tid;
	submit(KIND_SIGNAL, &signal->record, sizeof(*signal));
	if (code == SI_QUEUE)
		bpf_map_update_elem(&told_signals, &thread, &told, BPF_ANY);
	return 0;
}

/* One that was not sent, or not told; those that are, signal_generated() tells. Signal 0 only asks. `target` 0: not known. */
static __noinline void report_signal(struct call *call, s32 target, u32 number)
{
	struct signal_record *signal;

	if (!number)
		return;
	signal = BEGIN_CALL(signal, KIND_SIGNAL);
	if (!signal)
		return;
	FILL(&signal->payload, SIGNAL, signal, number);
	if (target)
		FILL(&signal->payload, SIGNAL, target_ns_pid, target);
	if (target > 0 && known_pid(target))
		FILL(&signal->payload, SIGNAL, target_pid, target);
	submit(KIND_SIGNAL, &signal->record, sizeof(*signal));
}

static __always_inline void report_refused_signal(struct call *call, s32 target, u32 number)
{
	if (call->result < 0)
		report_signal(call, target, number);
}

/*
 * Here the caller says what kind of signal it is, and may say that it is a timer's, say, which signal_generated() cannot tell
 * from one.
 */
static __always_inline void report_queued_signal(struct call *call, s32 target, u32 number)
{
	u32 thread = bpf_get_current_pid_tgid(), own = bpf_get_current_pid_tgid() >> 32;

	if (call->result >= 0 && !bpf_map_delete_elem(&told_signals, &thread))
		return;
	if (call->result < 0 || known_pid(target) != own)
		report_signal(call, target, number);
}

CALL(kill)
{
	report_refused_signal(call, ARG(0), ARG(1));
}

CALL(tkill)
{
	report_refused_signal(call, ARG(0), ARG(1));
}

CALL(tgkill)
{
	report_refused_signal(call, ARG(0), ARG(2));
}

/* (int pidfd, int signal, siginfo_t *info, unsigned int flags); without info it is as kill(). */
CALL(pidfd_send_signal)
{
	if (call->result < 0)
		report_signal(call, 0, ARG(1));
	else if (ARG(2))
		report_queued_signal(call, 0, ARG(1));
}

CALL(rt_sigqueueinfo)
{
	report_queued_signal(call, ARG(0), ARG(1));
}

CALL(rt_tgsigqueueinfo)
{
	report_queued_signal(call, ARG(0), ARG(2));
}

/* Of uapi/linux/ptrace.h: what is more than steering and reading. */
enum {
	PTRACE_TRACEME = 0,
	PTRACE_POKETEXT = 4,
	PTRACE_POKEDATA = 5,
	PTRACE_POKEUSR = 6,
	PTRACE_SETREGS = 13,
	PTRACE_SETFPREGS = 15,
	PTRACE_ATTACH = 16,
	PTRACE_SETREGSET = 0x4205,
	PTRACE_SEIZE = 0x4206,
};

CALL(ptrace)
{
	struct ptrace_record *ptrace;
	u32 request = ARG(0), pid;

	switch (request) {
	case PTRACE_TRACEME:
	case PTRACE_POKETEXT:
	case PTRACE_POKEDATA:
	case PTRACE_POKEUSR:
	case PTRACE_SETREGS:
	case PTRACE_SETFPREGS:
	case PTRACE_ATTACH:
	case PTRACE_SETREGSET:
	case PTRACE_SEIZE:
		break;
	default:
		return;
	}
	ptrace = BEGIN_CALL(ptrace, KIND_PTRACE);
	if (!ptrace)
		return;
	FILL(&ptrace->payload, PTRACE, request, request);
	/* Who asks to be traced names nobody. */
	FILL(&ptrace->payload, PTRACE, target_ns_pid, request == PTRACE_TRACEME ? 0 : ARG(1));
	pid = known_pid(ptrace->payload.target_ns_pid);
	if (pid)
		FILL(&ptrace->payload, PTRACE, target_pid, pid);
	if (request != PTRACE_TRACEME)
		FILL(&ptrace->payload, PTRACE, address, ARG(2));
	submit(KIND_PTRACE, &ptrace->record, sizeof(*ptrace));
}

static __noinline void report_process_memory(struct call *call, bool written)
{
	struct process_memory_record *memory = BEGIN_CALL(process_memory, KIND_PROCESS_MEMORY);
	u32 pid;

	if (!memory)
		return;
	FILL(&memory->payload, PROCESS_MEMORY, written, written);
	FILL(&memory->payload, PROCESS_MEMORY, target_ns_pid, ARG(0));
	pid = known_pid(ARG(0));
	if (pid)
		FILL(&memory->payload, PROCESS_MEMORY, target_pid, pid);
	submit(KIND_PROCESS_MEMORY, &memory->record, sizeof(*memory));
}

CALL(process_vm_readv)
{
	report_process_memory(call, false);
}

CALL(process_vm_writev)
{
	report_process_memory(call, true);
}
