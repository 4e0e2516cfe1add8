// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * From hook to ring: a record is built in this CPU's slot of `scratch` and copied out. Every hook here runs with
 * preemption off and none of them nests in another, so a slot has one user at a time.
 */
#pragma once

/* The loader's own process; 0: none. What it does is not reported, or each report would make the next. */
const volatile u32 self_tgid = 0;

/* The loader sets the size. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} events SEC(".maps");

#define SLOT_BYTES 65536

struct slot {
	char bytes[SLOT_BYTES];
	/* append_path()'s place in `bytes`. */
	volatile u32 at;
	u32 reserved;
};

/* One slot a CPU; not a per-CPU map, whose values end at 32 KiB. The loader sets the number. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct slot);
} scratch SEC(".maps");

struct count {
	u64 ok;
	u64 lost;
};

/* By kind. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KINDS);
	__type(key, u32);
	__type(value, struct count);
} counts SEC(".maps");

/*
 * Bounds a value in the register that is used afterwards. In C the compiler may compare one copy and use another, and
 * verifiers of before 6.2 do not know that these are the same.
 */
#define BOUND(value, limit)                                                                                            \
	({                                                                                                             \
		u64 bounded = (value);                                                                                 \
		asm volatile("if %0 <= %1 goto +1\n%0 = %1" : "+r"(bounded) : "i"(limit));                             \
		(value) = bounded;                                                                                     \
	})

static __always_inline struct slot *current_slot(void)
{
	u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&scratch, &cpu);
}

static __always_inline void count(u32 kind, int lost)
{
	struct count *count = bpf_map_lookup_elem(&counts, &kind);

	if (!count)
		return;
	if (lost)
		count->lost++;
	else
		count->ok++;
}

/*
 * Begins a record about the current task, which at every hook here is the one that acts. NULL where nothing is to be
 * reported. Pointers are followed with plain loads, which the verifier turns into ones that read 0 at a fault; those
 * that the kernel marks __rcu must be compared with NULL first.
 */
static __always_inline void *begin(enum kind kind)
{
	u64 id = bpf_get_current_pid_tgid();
	struct task_struct *task, *leader, *parent;
	struct cred *cred;
	struct record *record;
	struct slot *slot;

	/* The loader's children are processes as any other: their birth has to be known. */
	if (kind != KIND_FORK && self_tgid && id >> 32 == self_tgid)
		return NULL;
	slot = current_slot();
	if (!slot)
		return NULL;

	record = (void *)slot->bytes;
	task = (struct task_struct *)bpf_get_current_task_btf();
	record->kind = kind;
	record->flags = task->flags & PF_KTHREAD ? RECORD_KERNEL_THREAD : 0;
	record->time_boot_ns = bpf_ktime_get_boot_ns();
	record->result = 0;
	record->pid = id >> 32;
	record->tid = id;
	leader = task->group_leader;
	record->start_boot_ns = leader ? leader->start_boottime : 0;
	record->parent_pid = 0;
	record->parent_start_boot_ns = 0;
	parent = task->real_parent;
	if (parent) {
		record->parent_pid = parent->tgid;
		leader = parent->group_leader;
		if (leader)
			record->parent_start_boot_ns = leader->start_boottime;
	}
	cred = task->cred;
	record->uid = record->euid = record->gid = record->egid = 0;
	if (cred) {
		record->uid = cred->uid.val;
		record->euid = cred->euid.val;
		record->gid = cred->gid.val;
		record->egid = cred->egid.val;
	}
	record->reserved = 0;
	bpf_get_current_comm(record->comm, sizeof(record->comm));
	return record;
}

/* begin() for `struct name_record`, in which nothing but the task is known yet. */
#define BEGIN(name, KIND)                                                                                              \
	({                                                                                                             \
		struct name##_record *begun = begin(KIND);                                                             \
		if (begun)                                                                                             \
			__builtin_memset(&begun->payload, 0, sizeof(*begun) - sizeof(begun->record));                  \
		begun;                                                                                                 \
	})

/* The consumer is woken once this much waits. */
#define WAKE_BYTES 65536

/*
 * Wake-ups cost more than events, so they are moderated as a network card moderates interrupts. An empty ring means
 * that the consumer sleeps, or is about to: wake it. Otherwise it is at work and will look again by itself (Reader in
 * reader.rs tells its side of this), and is only nudged each time the backlog passes another WAKE_BYTES.
 */
static __always_inline u64 wake_up(u32 length)
{
	u64 pending = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);

	if (!pending || pending / WAKE_BYTES != (pending + length) / WAKE_BYTES)
		return BPF_RB_FORCE_WAKEUP;
	return BPF_RB_NO_WAKEUP;
}

static __always_inline void submit(struct record *record, u32 length)
{
	u32 kind = record->kind;

	BOUND(length, SLOT_BYTES);
	record->length = length;
	count(kind, bpf_ringbuf_output(&events, record, length, wake_up(length)) != 0);
}
