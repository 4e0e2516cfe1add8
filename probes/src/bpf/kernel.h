// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The kernel types that the probes read, and of them only the fields they read. preserve_access_index makes each
 * access a CO-RE relocation: fields are found by name in the running kernel's BTF, so neither order nor size matters
 * here, except where a comment says so.
 */
#pragma once

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

typedef __u8 u8;
typedef __u16 u16;
typedef __s32 s32;
typedef __u32 u32;
typedef __s64 s64;
typedef __u64 u64;
typedef _Bool bool;
enum { false, true };

/* Of uapi/linux/bpf.h, which would bring in every other header. */
enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PROG_ARRAY = 3,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
};
enum { BPF_ANY = 0 };
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };
enum { BPF_RB_AVAIL_DATA = 0 };

#define NULL ((void *)0)
#define CORE __attribute__((preserve_access_index))

/* --- constants that BTF does not carry ----------------------------------------------------------------------- */

#define PF_KTHREAD 0x00200000
#define SIGNAL_GROUP_EXIT 0x00000004
#define FMODE_CREATED 0x100000
#define AT_FDCWD (-100)
#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT 2
#define EINTR 4
#define EAGAIN 11
#define ECONNABORTED 103
#define EINPROGRESS 115
/* What a call returns within the kernel where a signal interrupted it: the caller sees EINTR, or makes it again. */
#define ERESTARTSYS 512
#define ERESTARTNOINTR 513
#define ERESTART_RESTARTBLOCK 516
#define OVERLAYFS_SUPER_MAGIC 0x794c7630
#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define AF_VSOCK 40
#define IPPROTO_TCP 6
#define IPPROTO_MPTCP 262
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define MSG_FASTOPEN 0x20000000
#define S_IFMT 0170000
#define S_IFIFO 0010000
#define S_IFCHR 0020000
#define S_IFBLK 0060000
#define S_IFSOCK 0140000

/* The same on x86-64 and arm64. */
#define O_WRONLY 01
#define O_CREAT 0100
#define O_TRUNC 01000
/* What do_dentry_open() clears in f_flags: O_CREAT, O_EXCL, O_NOCTTY, O_TRUNC; and O_CLOEXEC, which is the descriptor's. */
#define O_ONLY_ARGUMENT (0100 | 0200 | 0400 | 01000 | 02000000)

enum { PIDTYPE_PGID = 2, PIDTYPE_SID = 3 };

/* --- files --------------------------------------------------------------------------------------------------- */

typedef struct {
	u32 val;
} CORE kuid_t;

typedef struct {
	u32 val;
} CORE kgid_t;

struct qstr {
	u64 hash_len;
	const unsigned char *name;
} CORE;

struct hlist_bl_node {
	struct hlist_bl_node **pprev;
} CORE;

struct super_block {
	u32 s_dev;
	unsigned long s_magic;
	struct dentry *s_root;
} CORE;

struct timespec64 {
	s64 tv_sec;
	long tv_nsec;
} CORE;

struct inode {
	u16 i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	u32 i_nlink;
	struct super_block *i_sb;
	unsigned long i_ino;
	u32 i_rdev;
	/* 6.11. Before that one of the two below. */
	s64 i_mtime_sec, i_ctime_sec;
	u32 i_mtime_nsec, i_ctime_nsec;
} CORE;

/* 6.7. */
struct inode___named {
	struct timespec64 __i_mtime, __i_ctime;
} CORE;

struct inode___plain {
	struct timespec64 i_mtime, i_ctime;
} CORE;

/* 6.6 has one of each. */
struct inode___mixed {
	struct timespec64 i_mtime, __i_ctime;
} CORE;

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct super_block *d_sb;
} CORE;

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
} CORE;

struct ns_common {
	u32 inum;
} CORE;

struct mnt_namespace {
	struct ns_common ns;
} CORE;

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
} CORE;

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
} CORE;

struct file {
	u32 f_mode;
	u32 f_flags;
	struct inode *f_inode;
	struct path f_path;
	void *private_data;
} CORE;

struct fdtable {
	u32 max_fds;
	struct file **fd;
} CORE;

typedef struct {
	int counter;
} CORE atomic_t;

struct files_struct {
	/* Tasks that use it. */
	atomic_t count;
	struct fdtable *fdt;
} CORE;

struct fs_struct {
	struct path root;
	struct path pwd;
} CORE;

/* --- processes ----------------------------------------------------------------------------------------------- */

struct pid_namespace {
	struct ns_common ns;
} CORE;

struct net {
	struct ns_common ns;
} CORE;

struct user_namespace {
	struct ns_common ns;
} CORE;

struct nsproxy {
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns_for_children;
	struct net *net_ns;
} CORE;

/* Complete: `numbers[level]` steps by the size given here. */
struct upid {
	int nr;
	struct pid_namespace *ns;
} CORE;

struct pid {
	u32 level;
	struct upid numbers[1];
} CORE;

/* 6.3 and later `u64 val`, before `u32 cap[2]`, low half first: the same eight bytes, read as such. */
typedef struct {
	u64 val;
} kernel_cap_t;

struct cred {
	kuid_t uid, suid, euid, fsuid;
	kgid_t gid, sgid, egid, fsgid;
	kernel_cap_t cap_inheritable, cap_permitted, cap_effective;
	struct user_namespace *user_ns;
} CORE;

struct tty_driver {
	int major, minor_start;
} CORE;

struct tty_struct {
	struct tty_driver *driver;
	int index;
} CORE;

struct signal_struct {
	atomic_t live;
	int group_exit_code;
	u32 flags;
	struct pid *pids[4];
	struct tty_struct *tty;
} CORE;

struct mm_struct {
	unsigned long arg_start, arg_end, env_start, env_end;
} CORE;

struct kernfs_node {
	u64 id;
} CORE;

struct cgroup_root {
	int hierarchy_id;
} CORE;

struct cgroup {
	struct kernfs_node *kn;
	struct cgroup_root *root;
} CORE;

struct css_set {
	struct cgroup *dfl_cgrp;
} CORE;

struct thread_info {
	/* x86-64: TS_COMPAT; arm64: TIF_32BIT in `flags`. */
	u32 status;
	unsigned long flags;
} CORE;

struct task_struct {
	struct thread_info thread_info;
	u32 flags;
	int exit_code;
	int pid, tgid;
	u64 start_boottime;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct cred *cred;
	struct nsproxy *nsproxy;
	struct files_struct *files;
	struct fs_struct *fs;
	struct mm_struct *mm;
	struct signal_struct *signal;
	kuid_t loginuid;
	struct css_set *cgroups;
} CORE;

struct kernel_siginfo {
	int si_code;
} CORE;

struct module {
	char name[56];
} CORE;

struct linux_binprm {
	struct file *file;
	const char *filename;
	const char *interp;
} CORE;

/* --- sockets ------------------------------------------------------------------------------------------------- */

struct in6_addr {
	u8 bytes[16];
};

struct sock_common {
	u32 skc_daddr;
	u32 skc_rcv_saddr;
	u16 skc_dport;
	u16 skc_num;
	u16 skc_family;
	u8 skc_state;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
} CORE;

struct sock {
	struct sock_common __sk_common;
	u16 sk_type;
	u16 sk_protocol;
	s32 sk_err;
} CORE;

struct socket {
	struct sock *sk;
} CORE;

struct sockaddr_un {
	u16 sun_family;
	char sun_path[108];
} CORE;

struct unix_address {
	int len;
	struct sockaddr_un name[0];
} CORE;

/* `sk` is its first member in every kernel: a unix socket's sock is its unix_sock. */
struct unix_sock {
	struct unix_address *addr;
	struct path path;
	struct sock *peer;
} CORE;

/* --- what does not come from BTF: user ABI --------------------------------------------------------------------- */
