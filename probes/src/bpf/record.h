// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What goes through the ring buffer: a fixed part, which begins with `struct record`, then the byte strings whose
 * lengths the fixed part tells, in the order of those lengths. Host byte order. decode/ reads it, field by field.
 */
#pragma once

enum record_kind { RECORD_EXEC = 1, RECORD_FORK, RECORD_EXIT, RECORD_OPEN, RECORD_CONNECT, RECORD_KINDS };

/* record.flags */
enum {
	RECORD_KERNEL_THREAD = 1 << 0,
	/* From kernel state; without it from the caller's memory. */
	RECORD_RESOLVED = 1 << 1,
	RECORD_CREATED = 1 << 2,
	RECORD_ARGV_TRUNCATED = 1 << 3,
	/* The caller's string was longer than STRING_BYTES. */
	RECORD_NAME_TRUNCATED = 1 << 4,
};

/* A walked path: its components from the leaf to the root, each ended by a NUL, then one byte of these. */
enum {
	PATH_TRUNCATED = 1 << 0,
	/* Not under any root: its one component is a label, such as `memfd:x`. */
	PATH_PSEUDO = 1 << 1,
	PATH_DELETED = 1 << 2,
};

/* A path's last name may begin just below the limit; decode trims to it. */
#define PATH_LIMIT 4096
#define NAME_BYTES 256
#define PATH_ROOM (PATH_LIMIT + NAME_BYTES + 8)
#define STRING_BYTES 4096
#define ARGV_BYTES 32768
/* sockaddr_storage */
#define ADDRESS_BYTES 128

struct record {
	u16 kind;
	u16 flags;
	u32 length;
	u64 time_boot_ns;
	u32 pid;
	u32 tid;
	u64 start_boot_ns;
	u64 parent_start_boot_ns;
	u32 parent_pid;
	u32 uid;
	u32 euid;
	u32 gid;
	u32 egid;
	u32 reserved;
	char comm[16];
};

struct file_facts {
	u64 inode;
	u32 dev;
	u32 mode;
	u32 uid;
	u32 fs_magic;
	u32 upper;
	u32 reserved;
};

struct socket_facts {
	u16 family;
	u16 type;
	u16 protocol;
	u16 peer_port;
	u16 local_port;
	u16 reserved[3];
	u8 peer[16];
	u8 local[16];
};

struct stdio_facts {
	u32 mode;
	u32 rdev;
	struct socket_facts socket;
};

/* then argv, path of the file, working directory, filename, interpreter */
struct exec_record {
	struct record record;
	struct file_facts file;
	u32 suid;
	u32 login_uid;
	u32 sid;
	u32 pgid;
	u32 ns_pid;
	u32 mnt_ns;
	u32 pid_ns;
	u32 net_ns;
	u32 user_ns;
	u32 argv_length;
	u64 caps_effective;
	u64 caps_permitted;
	u64 caps_inheritable;
	struct stdio_facts stdio[3];
	u32 file_path_length;
	u32 cwd_length;
	u32 filename_length;
	u32 interpreter_length;
};

struct fork_record {
	struct record record;
	u64 child_start_boot_ns;
	u32 child_pid;
	u32 child_ns_pid;
};

struct exit_record {
	struct record record;
	/* As wait() has it: code << 8 | signal. */
	u32 status;
	u32 reserved;
};

/* then a path, the file's or, where not resolved, the folder that the name is relative to, and the caller's name */
struct open_record {
	struct record record;
	s64 result;
	u32 flags;
	u32 mode;
	struct file_facts file;
	u32 path_length;
	u32 name_length;
};

/* then, where resolved, a unix socket's name, else the caller's sockaddr */
struct connect_record {
	struct record record;
	s64 result;
	s32 fd;
	u32 address_length;
	struct socket_facts socket;
};

_Static_assert(sizeof(struct record) == 80, "decode reads a packed header");
_Static_assert(sizeof(struct file_facts) == 32, "");
_Static_assert(sizeof(struct socket_facts) == 48, "");
_Static_assert(sizeof(struct exec_record) == 80 + 32 + 40 + 24 + 3 * 56 + 16, "");
_Static_assert(sizeof(struct fork_record) == 80 + 16, "");
_Static_assert(sizeof(struct exit_record) == 80 + 8, "");
_Static_assert(sizeof(struct open_record) == 80 + 16 + 32 + 8, "");
_Static_assert(sizeof(struct connect_record) == 80 + 16 + 48, "");
