// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Files: what stands behind a descriptor, and what a name leads to. */
#pragma once

/* As files_lookup_fd_raw(). NULL where the descriptor is closed. */
static __always_inline struct file *file_of(struct task_struct *task, u32 fd)
{
	struct files_struct *files = task->files;
	struct fdtable *table;
	struct file *file = NULL;

	if (!files)
		return NULL;
	table = files->fdt;
	if (!table || fd >= table->max_fds)
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), table->fd + fd);
	return file;
}

static __always_inline struct file *own_file(u32 fd)
{
	return file_of((struct task_struct *)bpf_get_current_task_btf(), fd);
}

/* Whether others use the current task's descriptors: they may have put another file behind one since the call. */
static __always_inline bool shares_files(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task_btf();
	struct files_struct *files = task->files;

	return files && files->count.counter > 1;
}

/* What an inode says. */
struct file_facts {
	u64 inode;
	u32 dev;
	u32 mode;
	u32 uid;
	u32 gid;
	u32 links;
	u32 fs_magic;
	/* On the upper layer of an overlay. */
	u32 upper;
};

static __noinline void read_file(struct file_facts *facts, struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct super_block *super = BPF_CORE_READ(inode, i_sb);
	void *upper = NULL;

	facts->inode = BPF_CORE_READ(inode, i_ino);
	facts->mode = BPF_CORE_READ(inode, i_mode);
	facts->uid = BPF_CORE_READ(inode, i_uid.val);
	facts->gid = BPF_CORE_READ(inode, i_gid.val);
	facts->links = BPF_CORE_READ(inode, i_nlink);
	facts->dev = BPF_CORE_READ(super, s_dev);
	facts->fs_magic = BPF_CORE_READ(super, s_magic);
	/* struct ovl_inode, which a module's BTF may hold: __upperdentry follows vfs_inode (4.x to 6.x). */
	if (facts->fs_magic == OVERLAYFS_SUPER_MAGIC)
		bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + bpf_core_type_size(struct inode));
	facts->upper = upper != NULL;
}

#define NS_PER_SECOND 1000000000ULL

static __always_inline u64 in_ns(struct timespec64 *time)
{
	return BPF_CORE_READ(time, tv_sec) * NS_PER_SECOND + BPF_CORE_READ(time, tv_nsec);
}

static __noinline u64 content_changed(struct inode *inode)
{
	struct inode___named *named = (void *)inode;
	struct inode___plain *plain = (void *)inode;

	if (bpf_core_field_exists(inode->i_mtime_sec))
		return BPF_CORE_READ(inode, i_mtime_sec) * NS_PER_SECOND + BPF_CORE_READ(inode, i_mtime_nsec);
	if (bpf_core_field_exists(named->__i_mtime))
		return in_ns(__builtin_preserve_access_index(&named->__i_mtime));
	return in_ns(__builtin_preserve_access_index(&plain->i_mtime));
}

static __noinline u64 inode_changed(struct inode *inode)
{
	struct inode___named *named = (void *)inode;
	struct inode___plain *plain = (void *)inode;

	/* Without I_CTIME_QUERIED, the highest bit of the nanoseconds from Linux 6.13 on. */
	if (bpf_core_field_exists(inode->i_ctime_sec))
		return BPF_CORE_READ(inode, i_ctime_sec) * NS_PER_SECOND +
		       (BPF_CORE_READ(inode, i_ctime_nsec) & 0x7fffffff);
	if (bpf_core_field_exists(named->__i_ctime))
		return in_ns(__builtin_preserve_access_index(&named->__i_ctime));
	return in_ns(__builtin_preserve_access_index(&plain->i_ctime));
}

/* The host's mount namespace, by its inode number; 0: not known. */
const volatile u32 host_mnt_ns = 0;

/* --- texts: each of these appends one to a record, and returns the new end ----------------------------------------- */

/* `text` is in the record itself, at a place that the verifier knows. */

/* A string of the caller's memory. */
static __noinline u32 append_user_string(struct record *record, struct text *text, u32 at, u64 string)
{
	long length;

	BOUND(at, SLOT_BYTES - STRING_BYTES);
	length = bpf_probe_read_user_str((char *)record + at, STRING_BYTES, (const void *)string);
	if (length == 0) {
		/* An empty one, before Linux 6.2. */
		((char *)record)[at] = 0;
		length = 1;
	}
	if (length <= 0 || length > STRING_BYTES) {
		record->flags |= EVENT_PARTIAL;
		return at;
	}
	if (length == STRING_BYTES)
		record->flags |= EVENT_TRUNCATED;
	text->name = length;
	return at + length;
}

/* A string of the kernel's. */
static __noinline u32 append_string(struct record *record, struct text *text, u32 at, const char *string)
{
	long length;

	BOUND(at, SLOT_BYTES - STRING_BYTES);
	length = bpf_probe_read_kernel_str((char *)record + at, STRING_BYTES, string);
	if (length <= 0 || length > STRING_BYTES)
		return at;
	text->name = length;
	return at + length;
}

/* With a descriptor: it is the root of what is named (RESOLVE_IN_ROOT of openat2()). */
#define IS_ROOT (1LL << 40)

/* From where a name is seen: the root, the working directory, or the folder behind a descriptor. */
static __always_inline u32 append_start(struct record *record, char first, u32 at, s64 where)
{
	s32 folder = (s32)where;
	struct file *file;

	/* AT_FDCWD is negative. */
	if (first == '/' && !(where > 0 && (where & IS_ROOT)))
		return append_root(record, at);
	if (folder == AT_FDCWD)
		return first ? append_working_directory(record, at) : 0;
	file = own_file(folder);
	return file ? append_path_of(file, record, at) : 0;
}

/* The path that a caller named, seen from a folder's descriptor. It is not resolved. */
static __noinline u32 append_asked(struct record *record, struct text *text, u32 at, u64 name, s64 folder)
{
	char first = 0;
	u32 end;

	BOUND(at, SLOT_BYTES - PATH_ROOM - STRING_BYTES);
	bpf_probe_read_user(&first, sizeof(first), (const void *)name);
	text->walk = append_start(record, first, at, folder);
	end = append_user_string(record, text, at + text->walk, name);
	if (text->name)
		return end;
	/* Without the name, the folder's path would pass for what was named. */
	text->walk = 0;
	return at;
}

/* Likewise, where it is all that is known of what the call was about: another thread may have changed it meanwhile. */
static __always_inline u32 append_named(struct record *record, struct text *text, u32 at, u64 name, s64 folder)
{
	record->flags |= EVENT_UNRESOLVED;
	return append_asked(record, text, at, name, folder);
}

/*
 * The name in its file system of an open file whose path was just walked, which the loader makes a path of the host's of. Left out
 * where the path is the host's, through a mount of a whole file system: a second one of those the loader knows.
 */
static __noinline u32 append_host_path(struct record *record, struct text *text, u32 at, u32 walk_end, struct file *file)
{
	struct dentry *leaf, *root, *whole;
	u32 length = 0, before;
	u8 status;

	BOUND(walk_end, SLOT_BYTES - 1);
	status = ((u8 *)record)[walk_end ? walk_end - 1 : 0];
	if (status & (PATH_PSEUDO | PATH_DELETED))
		return at;
	leaf = BPF_CORE_READ(file, f_path.dentry);
	root = BPF_CORE_READ(file, f_path.mnt, mnt_root);
	whole = BPF_CORE_READ(leaf, d_sb, s_root);
	if (root == whole && record->mnt_ns == host_mnt_ns && !(status & (PATH_FOREIGN | PATH_UNREACHABLE | PATH_TRUNCATED)))
		return at;
	for (int try = 0; try < PATH_TRIES; try++) {
		before = renames();
		length = walk_in_file_system((u64)leaf, ((struct slot *)record)->key * SLOT_BYTES + at);
		if (renames() == before)
			break;
		/* Known to be wrong is worse than not known. */
		length = 0;
	}
	BOUND(length, PATH_ROOM);
	text->walk = length;
	return at + length;
}

/* The path of an open file. */
static __noinline u32 append_descriptor(struct record *record, struct text *text, u32 at, s32 fd)
{
	struct file *file = own_file(fd);

	if (!file) {
		record->flags |= EVENT_PARTIAL;
		return at;
	}
	if (shares_files())
		record->flags |= EVENT_SHARED;
	text->walk = append_path_of(file, record, at);
	return at + text->walk;
}
