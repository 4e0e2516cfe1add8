// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What goes through the ring buffer: `struct record`, the fields of the kind (generated.h), with an exec those of the
 * process that begins; then the byte strings of their texts, in the order of the texts. Host byte order. decode/ reads it.
 */
#pragma once

/* record.flags: those of an event (generated.h), and */
enum { RECORD_KERNEL_THREAD = 1 << 15 };

/* A walked path: its components from the leaf to the root, each ended by a NUL, then one byte of these. */
enum {
	PATH_TRUNCATED = 1 << 0,
	/* Not under any root: its one component is a label, such as `memfd:x`. */
	PATH_PSEUDO = 1 << 1,
	PATH_DELETED = 1 << 2,
	/* Its topmost mount belongs to no mount namespace: unmounted lazily, or never mounted (open_tree, fsmount). */
	PATH_UNREACHABLE = 1 << 3,
	/* Its topmost mount belongs to another mount namespace than the task's. */
	PATH_FOREIGN = 1 << 4,
	/* Something was renamed meanwhile, each time that it was tried: it may never have been this path. */
	PATH_MOVED = 1 << 5,
};

/* A path's last name may begin just below the limit; decode trims to it. */
#define PATH_LIMIT 4096
#define NAME_BYTES 256
#define PATH_ROOM (PATH_LIMIT + NAME_BYTES + 8)
#define STRING_BYTES 4096
#define ARGV_BYTES 32768
#define ENVIRONMENT_BYTES 32768
/* sockaddr_storage */
#define ADDRESS_BYTES 128

struct record {
	u16 kind;
	u16 flags;
	u32 length;
	u64 time_boot_ns;
	/* What the call returned, where there is one. */
	s64 result;
	u32 pid;
	u32 tid;
	u64 start_boot_ns;
	u64 parent_start_boot_ns;
	u32 parent_pid;
	u32 uid;
	u32 euid;
	u32 suid;
	u32 gid;
	u32 egid;
	u32 sgid;
	u32 sid;
	u32 pgid;
	/* Inode numbers. */
	u32 mnt_ns;
	u32 pid_ns;
	u32 net_ns;
	u32 user_ns;
	u32 reserved;
	u64 cgroup;
	u64 caps_inheritable;
	u64 caps_permitted;
	u64 caps_effective;
	/* What it can be filtered by (filter.bpf.h), and with it all like it of one folder; 0: nothing. */
	u64 key;
	u64 folder_key;
	/* The key of the process's program, as its exec had it; 0: it is not known. */
	u64 image_key;
	char comm[16];
};

_Static_assert(sizeof(struct record) == 176, "decode reads a packed header");

#include "generated.h"
