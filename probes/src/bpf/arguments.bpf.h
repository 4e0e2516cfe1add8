// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A syscall's arguments when it returns: the registers saved at its entry. The kernel restores the caller from them,
 * so only the one that carries the result has changed. No other thread can write them, unlike what they point at.
 */
#pragma once

#if defined(__TARGET_ARCH_x86)

struct pt_regs {
	unsigned long di, si, dx, r10, r8;
} CORE;

#define ARGUMENT_0(registers) ((registers)->di)
#define ARGUMENT_1(registers) ((registers)->si)
#define ARGUMENT_2(registers) ((registers)->dx)
#define ARGUMENT_3(registers) ((registers)->r10)
#define ARGUMENT_4(registers) ((registers)->r8)

#elif defined(__TARGET_ARCH_arm64)

struct pt_regs {
	u64 regs[31];
	u64 orig_x0;
} CORE;

/* x0 holds the result by now. */
#define ARGUMENT_0(registers) ((registers)->orig_x0)
#define ARGUMENT_1(registers) ((registers)->regs[1])
#define ARGUMENT_2(registers) ((registers)->regs[2])
#define ARGUMENT_3(registers) ((registers)->regs[3])
#define ARGUMENT_4(registers) ((registers)->regs[4])

#else
#error "syscall argument registers of this architecture are missing"
#endif

/* bpf_task_pt_regs: 5.15. */
static __always_inline struct pt_regs *saved_registers(void)
{
	return (struct pt_regs *)bpf_task_pt_regs((struct task_struct *)bpf_get_current_task_btf());
}
