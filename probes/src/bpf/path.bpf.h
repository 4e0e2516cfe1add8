// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Paths, as d_path() has them: from the leaf up through the mounts to the root of the mount namespace. */
#pragma once

/* Names and mount points on the way. */
#define PATH_STEPS 104
/* How often a walk is tried that a rename came into. */
#define PATH_TRIES 3

/* The address of the kernel's rename_lock, whose first four bytes count renames; 0 where it is not known. */
const volatile u64 rename_lock = 0;

/* is_anon_ns(): 0 before 6.18, a number of its own since. */
#define ANONYMOUS_NS 0xeffffff7

static __always_inline u32 renames(void)
{
	u32 count = 0;

	if (rename_lock)
		bpf_probe_read_kernel(&count, sizeof(count), (const void *)rename_lock);
	return count;
}

/* Whose mount it is, at which a walk ended. */
static __always_inline u8 status_of(struct mount *mount)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task_btf();
	struct mnt_namespace *namespace = BPF_CORE_READ(mount, mnt_ns);
	struct nsproxy *nsproxy = task->nsproxy;
	u32 number;

	if (nsproxy && namespace && namespace == nsproxy->mnt_ns)
		return 0;
	/* Mounts of the kernel's own have an error instead of a namespace, of which nothing can be read either. */
	number = BPF_CORE_READ(namespace, ns.inum);
	return number && number != ANONYMOUS_NS ? PATH_FOREIGN : PATH_UNREACHABLE;
}

/* A number of the loader's, so that nobody knows which keys are alike (filter.bpf.h). */
const volatile u64 filter_seed = 0;

/* Adds to a key: the multiplication and the shift of a 64-bit Murmur hash. */
static __always_inline u64 mix(u64 key, u64 value)
{
	key = (key ^ value) * 0xff51afd7ed558ccdULL;
	return key ^ key >> 32;
}

/* The key of a folder, once all of its names are in it. */
static __always_inline u64 end_key(u64 key, u8 status)
{
	return mix(key, status + 1) | 1;
}

/* Of a mount: mnt_parent, mnt_mountpoint, mnt.mnt_root and mnt.mnt_sb, which stand one after the other. */
struct mount_up {
	struct mount *parent;
	struct dentry *mountpoint;
	struct dentry *root;
	struct super_block *file_system;
};

static __always_inline void read_mount_up(struct mount_up *up, struct mount *mount)
{
	up->parent = NULL;
	up->mountpoint = up->root = NULL;
	up->file_system = NULL;
	if (bpf_core_field_offset(struct vfsmount, mnt_sb) == bpf_core_field_offset(struct vfsmount, mnt_root) + 8 &&
	    bpf_core_field_offset(struct mount, mnt_mountpoint) == bpf_core_field_offset(struct mount, mnt_parent) + 8 &&
	    bpf_core_field_offset(struct mount, mnt) + bpf_core_field_offset(struct vfsmount, mnt_root) ==
		    bpf_core_field_offset(struct mount, mnt_parent) + 16) {
		bpf_probe_read_kernel(up, sizeof(*up), __builtin_preserve_access_index(&mount->mnt_parent));
		return;
	}
	up->parent = BPF_CORE_READ(mount, mnt_parent);
	up->mountpoint = BPF_CORE_READ(mount, mnt_mountpoint);
	up->root = BPF_CORE_READ(mount, mnt.mnt_root);
	up->file_system = BPF_CORE_READ(mount, mnt.mnt_sb);
}

/* d_parent, and d_name, which stands behind it: the hash and, in the upper half, the length; the name. */
struct link_up {
	struct dentry *parent;
	u64 hash_and_length;
	const char *name;
};

static __always_inline void read_link_up(struct link_up *up, struct dentry *dentry)
{
	up->parent = NULL;
	up->hash_and_length = 0;
	up->name = NULL;
	if (bpf_core_field_offset(struct dentry, d_name) == bpf_core_field_offset(struct dentry, d_parent) + 8) {
		bpf_probe_read_kernel(up, sizeof(*up), __builtin_preserve_access_index(&dentry->d_parent));
		return;
	}
	up->parent = BPF_CORE_READ(dentry, d_parent);
	up->hash_and_length = BPF_CORE_READ(dentry, d_name.hash_len);
	up->name = (const char *)BPF_CORE_READ(dentry, d_name.name);
}

/*
 * With what the key of a path begins: what the root of its mount is called in its file system, and which that is. Under one path
 * other files may be mounted, or what is mounted may be renamed. A global function of scalars, as walk_path().
 */
__noinline u64 origin_key(u64 mount_root, u64 file_system)
{
	struct dentry *dentry = (struct dentry *)mount_root;
	struct dentry *root = BPF_CORE_READ((struct super_block *)file_system, s_root);
	u64 key = mix(filter_seed, file_system);
	struct link_up up;

	for (int step = 0; step < PATH_STEPS; step++) {
		if (dentry == root)
			return key;
		read_link_up(&up, dentry);
		if (!up.parent || up.parent == dentry)
			return 0;
		key = mix(key, up.hash_and_length);
		dentry = up.parent;
	}
	return 0;
}

/*
 * Writes the path of a `struct path` as record.h tells, and returns its length. `place` is a slot's key and a place in it:
 * key * SLOT_BYTES + place. The slot has the origin of its key.
 *
 * A global function of scalars: the verifier checks it once by itself, instead of at every call with what is known
 * there, which is two orders of magnitude less work. Takes no lock.
 */
__noinline u32 walk_path(u64 path, u32 place)
{
	u32 start = place % SLOT_BYTES, key = place / SLOT_BYTES;
	struct slot *slot = bpf_map_lookup_elem(&scratch, &key);
	struct mount *mount, *above;
	struct dentry *dentry, *root;
	struct vfsmount *vfsmount;
	struct link_up up, again;
	u8 status = PATH_TRUNCATED;
	u32 at;

	if (!slot || start > SLOT_BYTES - PATH_ROOM)
		return 0;
	slot->at = start;
	slot->walk_key = 0;
	slot->torn = 0;
	dentry = BPF_CORE_READ((struct path *)path, dentry);
	vfsmount = BPF_CORE_READ((struct path *)path, mnt);
	root = BPF_CORE_READ(vfsmount, mnt_root);
	mount = (void *)vfsmount - bpf_core_field_offset(struct mount, mnt);
	slot->folder_key = slot->origin;

	for (int step = 0; step < PATH_STEPS; step++) {
		long length;

		if (dentry == root) {
			above = BPF_CORE_READ(mount, mnt_parent);
			if (above == mount) {
				status = status_of(mount);
				break;
			}
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			root = BPF_CORE_READ(mount, mnt.mnt_root);
			slot->folder_key = mix(slot->folder_key, 0);
			continue;
		}
		/*
		 * Kept in memory, of which the verifier knows nothing: in a register it would have another range on each
		 * way through the loop, and each combination of ways would be walked by itself.
		 */
		at = slot->at;
		read_link_up(&up, dentry);
		if (dentry == up.parent && at != start)
			/* Not connected to a root, as a file opened by handle: what is below it is known. */
			break;
		if (at - start >= PATH_LIMIT || at > SLOT_BYTES - NAME_BYTES)
			break;
		length = bpf_probe_read_kernel_str(slot->bytes + at, NAME_BYTES, BPF_CORE_READ(dentry, d_name.name));
		if (length <= 0)
			break;
		slot->at = at + length;
		if (dentry == up.parent) {
			status = PATH_PSEUDO;
			break;
		}
		/* The name was this one before it was read, and is afterwards. */
		read_link_up(&again, dentry);
		slot->torn |= ((u64)again.parent ^ (u64)up.parent) | (again.hash_and_length ^ up.hash_and_length);
		if (at == start)
			slot->walk_key = up.hash_and_length;
		else
			slot->folder_key = mix(slot->folder_key, up.hash_and_length);
		dentry = up.parent;
	}

	/* d_unlinked() of the leaf. */
	dentry = BPF_CORE_READ((struct path *)path, dentry);
	if (dentry != BPF_CORE_READ(dentry, d_parent) && !BPF_CORE_READ(dentry, d_hash.pprev))
		status |= PATH_DELETED;
	if (slot->torn || !slot->origin || (status & (PATH_TRUNCATED | PATH_PSEUDO | PATH_DELETED))) {
		slot->folder_key = slot->walk_key = 0;
	} else {
		slot->folder_key = end_key(slot->folder_key, status);
		slot->walk_key = mix(slot->folder_key, slot->walk_key) | 1;
	}
	at = slot->at;
	BOUND(at, SLOT_BYTES - 1);
	slot->bytes[at] = status;
	return at + 1 - start;
}

/* walk_path(), again where something was renamed on the way. */
__noinline u32 walk_still_path(u64 path, u32 place)
{
	u32 key = place / SLOT_BYTES, length = 0, before, end;
	struct slot *slot = bpf_map_lookup_elem(&scratch, &key);
	struct vfsmount *mount = BPF_CORE_READ((struct path *)path, mnt);

	if (!slot)
		return 0;
	for (int try = 0; try < PATH_TRIES; try++) {
		before = renames();
		slot->origin = origin_key((u64)BPF_CORE_READ(mount, mnt_root), (u64)BPF_CORE_READ(mount, mnt_sb));
		length = walk_path(path, place);
		if (renames() == before)
			return length;
	}
	if (!length)
		return 0;
	end = place % SLOT_BYTES + length - 1;
	BOUND(end, SLOT_BYTES - 1);
	slot->bytes[end] |= PATH_MOVED;
	return length;
}

/*
 * Likewise of a dentry, up to the root of its file system: what a file is called whatever mounts it is seen through.
 * PATH_TRUNCATED also where it is not connected to that root.
 */
__noinline u32 walk_in_file_system(u64 leaf, u32 place)
{
	u32 start = place % SLOT_BYTES, key = place / SLOT_BYTES, at;
	struct slot *slot = bpf_map_lookup_elem(&scratch, &key);
	struct dentry *dentry = (struct dentry *)leaf, *root;
	u8 status = PATH_TRUNCATED;
	struct link_up up;

	if (!slot || start > SLOT_BYTES - PATH_ROOM)
		return 0;
	slot->at = start;
	root = BPF_CORE_READ(dentry, d_sb, s_root);
	for (int step = 0; step < PATH_STEPS; step++) {
		long length;

		if (dentry == root) {
			status = 0;
			break;
		}
		/* As above. */
		at = slot->at;
		read_link_up(&up, dentry);
		if (dentry == up.parent || at - start >= PATH_LIMIT || at > SLOT_BYTES - NAME_BYTES)
			break;
		length = bpf_probe_read_kernel_str(slot->bytes + at, NAME_BYTES, up.name);
		if (length <= 0)
			break;
		slot->at = at + length;
		dentry = up.parent;
	}
	at = slot->at;
	BOUND(at, SLOT_BYTES - 1);
	slot->bytes[at] = status;
	return at + 1 - start;
}

static __always_inline u32 append_path(u64 path, struct record *record, u32 at)
{
	u32 length = walk_still_path(path, ((struct slot *)record)->key * SLOT_BYTES + at);

	BOUND(length, PATH_ROOM);
	return length;
}

static __always_inline u32 append_path_of(struct file *file, struct record *record, u32 at)
{
	return append_path((u64)__builtin_preserve_access_index(&file->f_path), record, at);
}

static __always_inline u32 append_working_directory(struct record *record, u32 at)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task_btf();
	struct fs_struct *fs = BPF_CORE_READ(task, fs);

	return fs ? append_path((u64)__builtin_preserve_access_index(&fs->pwd), record, at) : 0;
}

static __always_inline u32 append_root(struct record *record, u32 at)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task_btf();
	struct fs_struct *fs = BPF_CORE_READ(task, fs);

	return fs ? append_path((u64)__builtin_preserve_access_index(&fs->root), record, at) : 0;
}
