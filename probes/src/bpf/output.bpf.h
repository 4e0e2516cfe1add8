// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* From hook to ring: a record is built in a slot of this CPU and copied out. */
#pragma once

/* The loader's own process; 0: none. What it does is not reported, or each report would make the next. */
const volatile u32 self_tgid = 0;

/* By kind: whether it is reported. A program may serve several. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KINDS);
	__type(key, u32);
	__type(value, u64);
} wanted SEC(".maps");

/* --- slots --------------------------------------------------------------------------------------------------- */

#define SLOT_BYTES 131072
/* Of each CPU, at most. */
#define MAX_SLOTS 4

struct slot {
	char bytes[SLOT_BYTES];
	/* walk_path()'s place in `bytes`. */
	volatile u32 at;
	/* Programs that use it, or ask for it. */
	volatile u32 users;
	/* Its own. */
	u32 key;
	u32 reserved;
	/* With what the key of a walk begins; 0: it has none. */
	volatile u64 origin;
	/* The key of what was walked last, and of the folder that it is in (filter.bpf.h); 0: it has none. */
	volatile u64 walk_key;
	volatile u64 folder_key;
	/* Not 0: something was renamed under the walk. */
	volatile u64 torn;
};

/*
 * Several slots a CPU, as a program may be interrupted by another; from Linux 7.0 on by another task's too, for which there
 * are more of them. Not a per-CPU map, whose values end at 32 KiB. The loader sets the number.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct slot);
} scratch SEC(".maps");

const volatile u32 slots_per_cpu = 1;

/* Who counts himself as the only user of a slot has it, until give_back(). Atomic, as far as one CPU is concerned. */
static __always_inline struct slot *take_slot(void)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct slot *slot;

	for (u32 index = 0; index < MAX_SLOTS; index++) {
		u32 key = cpu * slots_per_cpu + index;

		if (index >= slots_per_cpu)
			break;
		slot = bpf_map_lookup_elem(&scratch, &key);
		if (!slot)
			break;
		__sync_fetch_and_add(&slot->users, 1);
		if (slot->users == 1) {
			slot->key = key;
			return slot;
		}
		__sync_fetch_and_add(&slot->users, -1);
	}
	return NULL;
}

static __always_inline void give_back(struct record *record)
{
	__sync_fetch_and_add(&((struct slot *)record)->users, -1);
}

/* --- rings --------------------------------------------------------------------------------------------------- */

/* The loader sets the sizes. */
#define RING(name)                                                                                                     \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_RINGBUF);                                                                    \
		__uint(max_entries, 4096);                                                                             \
	} name SEC(".maps")

RING(ring_process);
RING(ring_rare);
RING(ring_bulk);

struct count {
	u64 sent;
	u64 lost;
	u64 filtered;
};

/* By kind. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KINDS);
	__type(key, u32);
	__type(value, struct count);
} counts SEC(".maps");

static __always_inline void count(u32 kind, int lost)
{
	struct count *count = bpf_map_lookup_elem(&counts, &kind);

	if (!count)
		return;
	if (lost)
		count->lost++;
	else
		count->sent++;
}

/* The consumer is woken once this much waits. */
#define WAKE_BYTES 65536

/*
 * Wake-ups cost more than events, so they are moderated as a network card moderates interrupts. An empty ring means
 * that the consumer sleeps, or is about to: wake it. Otherwise it is at work and will look again by itself (Reader in
 * reader.rs tells its side of this), and is only nudged each time the backlog passes another WAKE_BYTES.
 */
static __always_inline u64 wake_up(void *ring, u32 length)
{
	u64 pending = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA);

	if (!pending || pending / WAKE_BYTES != (pending + length) / WAKE_BYTES)
		return BPF_RB_FORCE_WAKEUP;
	return BPF_RB_NO_WAKEUP;
}

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

/*
 * What was put into memory, read again. Linux 6.1 takes comparisons of an argument for decided that are not, once it was
 * compared with a range before a call: it knows nothing of memory.
 */
#define SAVED(place) (*(volatile typeof(*(place)) *)(place))

/* --- records ------------------------------------------------------------------------------------------------- */

/* Credentials and namespaces of the current task. Plain loads: see fill(). */
static __always_inline void fill_identity(struct record *record, struct task_struct *task)
{
	struct cred *cred = task->cred;
	struct nsproxy *nsproxy = task->nsproxy;
	struct pid *pid = task->thread_pid;
	struct signal_struct *signal = task->signal;
	struct css_set *cgroups = task->cgroups;
	u32 level;

	record->uid = record->euid = record->suid = 0;
	record->gid = record->egid = record->sgid = 0;
	record->sid = record->pgid = 0;
	record->mnt_ns = record->pid_ns = record->net_ns = record->user_ns = 0;
	record->cgroup = 0;
	record->caps_inheritable = record->caps_permitted = record->caps_effective = 0;
	if (cred) {
		record->uid = cred->uid.val;
		record->euid = cred->euid.val;
		record->suid = cred->suid.val;
		record->gid = cred->gid.val;
		record->egid = cred->egid.val;
		record->sgid = cred->sgid.val;
		record->user_ns = cred->user_ns->ns.inum;
		/* Inheritable, permitted, effective: they stand one after the other. */
		bpf_probe_read_kernel(&record->caps_inheritable, 3 * sizeof(u64),
				      __builtin_preserve_access_index(&cred->cap_inheritable));
	}
	if (nsproxy) {
		record->mnt_ns = nsproxy->mnt_ns->ns.inum;
		record->net_ns = nsproxy->net_ns->ns.inum;
	}
	if (pid) {
		level = pid->level;
		record->pid_ns = BPF_CORE_READ(pid, numbers[level].ns, ns.inum);
	}
	if (signal) {
		record->sid = BPF_CORE_READ(signal, pids[PIDTYPE_SID], numbers[0].nr);
		record->pgid = BPF_CORE_READ(signal, pids[PIDTYPE_PGID], numbers[0].nr);
	}
	if (cgroups)
		record->cgroup = BPF_CORE_READ(cgroups, dfl_cgrp, kn, id);
}

/*
 * Gives a slot for a record of the kind, in which nothing is known yet but its flags. NULL where nothing is to be reported; else
 * fill() and submit() have to follow, or abandon().
 */
static __noinline void *prepare(enum kind kind)
{
	u64 id = bpf_get_current_pid_tgid();
	struct record *record;
	struct slot *slot;
	u32 key = kind;
	u64 *want;

	/*
	 * The loader's children are processes as any other: their birth has to be known. How a connect ends is not the doing of
	 * whoever runs at the moment.
	 */
	if (kind != KIND_FORK && kind != KIND_CONNECT_END && self_tgid && id >> 32 == self_tgid)
		return NULL;
	want = bpf_map_lookup_elem(&wanted, &key);
	if (!want || !*want)
		return NULL;
	slot = take_slot();
	if (!slot) {
		count(kind, 1);
		return NULL;
	}
	record = (void *)slot->bytes;
	record->flags = 0;
	return record;
}

/*
 * Says in a record who acts: the current task, at every hook here. Pointers are followed with plain loads, which the verifier
 * turns into ones that read 0 at a fault; those that the kernel marks __rcu must be compared with NULL first.
 */
static __noinline void fill(struct record *record, enum kind kind)
{
	u64 id = bpf_get_current_pid_tgid();
	struct task_struct *task = (struct task_struct *)bpf_get_current_task_btf();
	struct task_struct *leader = task->group_leader, *parent;

	record->kind = kind;
	if (task->flags & PF_KTHREAD)
		record->flags |= RECORD_KERNEL_THREAD;
	record->time_boot_ns = bpf_ktime_get_boot_ns();
	record->result = 0;
	record->pid = id >> 32;
	record->tid = id;
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
	fill_identity(record, task);
	record->reserved = 0;
	record->key = record->folder_key = record->image_key = 0;
	bpf_get_current_comm(record->comm, sizeof(record->comm));
}

/* prepare() for `struct name_record`, whose payload is empty. */
#define PREPARE(name, KIND)                                                                                            \
	({                                                                                                             \
		struct name##_record *prepared = prepare(KIND);                                                        \
		if (prepared)                                                                                          \
			__builtin_memset(&prepared->payload, 0, sizeof(*prepared) - sizeof(prepared->record));         \
		prepared;                                                                                              \
	})

/* Likewise, and says who acts. */
#define BEGIN(name, KIND)                                                                                              \
	({                                                                                                             \
		struct name##_record *begun = PREPARE(name, KIND);                                                     \
		if (begun)                                                                                             \
			fill(&begun->record, KIND);                                                                    \
		begun;                                                                                                 \
	})

static __noinline void submit(enum kind kind, struct record *record, u32 length)
{
	long refused;

	BOUND(length, SLOT_BYTES);
	record->length = length;
	switch (ring_of(kind)) {
	case RING_PROCESS:
		refused = bpf_ringbuf_output(&ring_process, record, length, wake_up(&ring_process, length));
		break;
	case RING_BULK:
		refused = bpf_ringbuf_output(&ring_bulk, record, length, wake_up(&ring_bulk, length));
		break;
	default:
		refused = bpf_ringbuf_output(&ring_rare, record, length, wake_up(&ring_rare, length));
	}
	give_back(record);
	count(kind, refused != 0);
}

/* Ends a record of which nothing is to be told after all. */
static __always_inline void abandon(struct record *record)
{
	give_back(record);
}
