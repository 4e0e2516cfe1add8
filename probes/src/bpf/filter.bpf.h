// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What nobody wants is not sent. Which paths those are the loader finds out: an event carries a key, a number that stands for
 * all that its loader decides by, and the loader enters the keys of events that no pack can want.
 *
 * The key of a path is made of the names on the way to the root, each as the hash that the kernel keeps of it, which depends
 * on the folder that it is in; and of where in its file system what is mounted lies, as other files may be mounted there. It is made
 * anew each time, so that a rename or a mount on the way leads to another key, and no verdict has to be withdrawn. What is sent along with a key is made of the same reads as the key: whoever renames a file
 * while it is looked at must not have the loader take one name's key for another's.
 */
#pragma once

/* Keys of what nobody wants, each with the epoch in which that was found out. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, u64);
	__type(value, u32);
} unwanted SEC(".maps");

/* [0]: the epoch, which the loader begins anew when other events are wanted; 0: all events are. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} filter_epoch SEC(".maps");

/* Whether anything is filtered at all. */
static __always_inline u32 current_epoch(void)
{
	u32 zero = 0, *epoch = bpf_map_lookup_elem(&filter_epoch, &zero);

	return epoch ? *epoch : 0;
}

/* Whether events with this key are unwanted; 0 is no key. */
static __always_inline bool is_unwanted(u64 key, u32 epoch)
{
	u32 *verdict = key ? bpf_map_lookup_elem(&unwanted, &key) : NULL;

	return verdict && *verdict == epoch;
}

static __always_inline int count_filtered(enum kind kind)
{
	u32 key = kind;
	struct count *count = bpf_map_lookup_elem(&counts, &key);

	if (count)
		count->filtered++;
	return 0;
}

/* By process: the key of the path that its program was run by, as its exec told it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, u32);
	__type(value, u64);
} images SEC(".maps");

/* The key of the current process's program; 0 where its exec was not seen, or is forgotten. */
static __always_inline u64 image_key(void)
{
	u32 process = bpf_get_current_pid_tgid() >> 32;
	u64 *known = bpf_map_lookup_elem(&images, &process);

	return known ? *known : 0;
}

/* Instead of a key that is not known: the process's own. A path read now may be another than its image is known by. */
static __always_inline u64 process_key(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task_btf(), *leader = task->group_leader;
	u32 process = bpf_get_current_pid_tgid() >> 32;

	return mix(mix(filter_seed, process), leader ? leader->start_boottime : 0);
}

/* An exec, whose program's path was just walked. Where that has no key, the exec itself is one. */
static __always_inline void begin_image(struct record *record)
{
	u32 process = record->pid;
	u64 key = ((struct slot *)record)->walk_key;

	if (!key)
		key = mix(mix(filter_seed, process), record->time_boot_ns) | 1;
	record->image_key = key;
	bpf_map_update_elem(&images, &process, &key, BPF_ANY);
}

/* A child runs what its parent runs. */
static __always_inline void inherit_image(u32 child)
{
	u32 process = bpf_get_current_pid_tgid() >> 32;
	u64 *known = bpf_map_lookup_elem(&images, &process), key;

	if (known) {
		key = *known;
		bpf_map_update_elem(&images, &child, &key, BPF_ANY);
	} else {
		bpf_map_delete_elem(&images, &child);
	}
}

static __always_inline void end_image(u32 process)
{
	bpf_map_delete_elem(&images, &process);
}

/*
 * The key of a folder, by its dentry and the mount that it is seen through; 0 where it has none: what is not connected to a
 * root, or lies too deep. Takes the same way as walk_path(). A global function of scalars, as that one.
 */
__noinline u64 folder_key(u64 folder, u64 seen_through)
{
	struct mount *mount = (void *)seen_through - bpf_core_field_offset(struct mount, mnt);
	struct dentry *dentry = (struct dentry *)folder;
	struct mount_up above;
	struct link_up up;
	u64 key;

	read_mount_up(&above, mount);
	key = origin_key((u64)above.root, (u64)above.file_system);
	if (!key)
		return 0;
	for (int step = 0; step < PATH_STEPS - 1; step++) {
		if (dentry == above.root) {
			if (above.parent == mount)
				return end_key(key, status_of(mount));
			dentry = above.mountpoint;
			mount = above.parent;
			read_mount_up(&above, mount);
			key = mix(key, 0);
			continue;
		}
		read_link_up(&up, dentry);
		if (!up.parent || up.parent == dentry)
			return 0;
		key = mix(key, up.hash_and_length);
		dentry = up.parent;
	}
	return 0;
}

/*
 * Names of files that are wanted wherever they are: verdicts on folders are about all others. Each as its first eight bytes and
 * its length, so that some others pass for them, and are asked for one by one.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u64);
	__type(value, u8);
} wanted_names SEC(".maps");

/* Files that packs name, which may have other names beside (hard links). */
struct file_id {
	u64 inode;
	u32 dev;
	u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct file_id);
	__type(value, u8);
} named_files SEC(".maps");

/* Whether it is one of those, called otherwise or not: its path is not all that it is known by. */
static __noinline bool is_named_otherwise(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct file_id id = {};

	if (BPF_CORE_READ(inode, i_nlink) < 2)
		return false;
	id.inode = BPF_CORE_READ(inode, i_ino);
	id.dev = BPF_CORE_READ(inode, i_sb, s_dev);
	return bpf_map_lookup_elem(&named_files, &id) != NULL;
}

#define NAME_HEAD 8

static __always_inline bool is_wanted_name(struct link_up *up)
{
	u32 length = up->hash_and_length >> 32;
	u64 head = 0, id;

	if (bpf_probe_read_kernel(&head, NAME_HEAD, up->name))
		return true;
	/* What stands behind a short name is anything. Little-endian, as all that this runs on. */
	if (length < NAME_HEAD)
		head &= (1ULL << 8 * length) - 1;
	id = head ^ length * 0x9e3779b97f4a7c15ULL;
	return bpf_map_lookup_elem(&wanted_names, &id) != NULL;
}

/* The key of a file's path, and of its folder. */
struct path_keys {
	u64 folder;
	u64 path;
	/* Its name. */
	struct link_up up;
};

/* Both are 0 where it has none: what is deleted, or is a mount by itself. */
static __always_inline void read_keys(struct path_keys *keys, struct file *file)
{
	struct vfsmount *vfsmount;
	struct dentry *dentry;
	/* As struct path. */
	void *path[2] = {};

	keys->folder = keys->path = 0;
	if (bpf_core_field_offset(struct path, dentry) != bpf_core_field_offset(struct path, mnt) + 8)
		return;
	bpf_probe_read_kernel(path, sizeof(path), __builtin_preserve_access_index(&file->f_path));
	vfsmount = path[0];
	dentry = path[1];
	/* d_unlinked(): its path says so. */
	if (!BPF_CORE_READ(dentry, d_hash.pprev))
		return;
	read_link_up(&keys->up, dentry);
	/* The root of a file system; what is mounted by itself has another folder than this one. */
	if (!keys->up.parent || keys->up.parent == dentry || dentry == BPF_CORE_READ(vfsmount, mnt_root))
		return;
	keys->folder = folder_key((u64)keys->up.parent, (u64)vfsmount);
	if (keys->folder)
		keys->path = mix(keys->folder, keys->up.hash_and_length) | 1;
}

/* Names that are longer have no key. */
#define KEY_NAME_BYTES 128

/*
 * The key of a name that a record has just got (append_named()), and of where it is seen from; 0 where it has none. Made of
 * what is in the record: what is in the caller's memory may be another name by now.
 */
static __noinline u64 name_key(struct record *record, struct text *text, u32 at)
{
	u64 words[KEY_NAME_BYTES / sizeof(u64)] = {}, key = ((struct slot *)record)->walk_key;
	u32 length = text->name, start = at + text->walk;

	if (!key || !text->walk || length <= 1 || length >= KEY_NAME_BYTES)
		return 0;
	BOUND(length, KEY_NAME_BYTES - 1);
	BOUND(start, SLOT_BYTES - KEY_NAME_BYTES);
	if (bpf_probe_read_kernel(words, length, (char *)record + start))
		return 0;
	for (u32 index = 0; index < KEY_NAME_BYTES / sizeof(u64); index++) {
		if (index * sizeof(u64) >= length)
			break;
		key = mix(key, words[index]);
	}
	return key;
}
