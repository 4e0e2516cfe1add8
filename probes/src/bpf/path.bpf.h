// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Paths, as d_path() has them: from the leaf up through the mounts to the root of the mount namespace. */
#pragma once

/* Names and mount points on the way. */
#define PATH_STEPS 104

/*
 * Writes the path of a `struct path` into this CPU's slot at `at`, as record.h tells, and returns its length.
 *
 * A global function of scalars: the verifier checks it once by itself, instead of at every call with what is known
 * there, which is two orders of magnitude less work. Takes no lock: a rename on the way up may give a path that
 * mixes old and new, where d_path() would try again.
 */
__noinline u32 append_path(u64 path, u32 start)
{
	struct slot *slot = current_slot();
	struct dentry *dentry, *parent, *root;
	struct mount *mount, *above;
	struct vfsmount *vfsmount;
	u8 status = PATH_TRUNCATED;
	u32 at;

	if (!slot || start > SLOT_BYTES - PATH_ROOM)
		return 0;
	slot->at = start;
	dentry = BPF_CORE_READ((struct path *)path, dentry);
	vfsmount = BPF_CORE_READ((struct path *)path, mnt);
	root = BPF_CORE_READ(vfsmount, mnt_root);
	mount = (void *)vfsmount - bpf_core_field_offset(struct mount, mnt);

	for (int step = 0; step < PATH_STEPS; step++) {
		long length;

		if (dentry == root) {
			above = BPF_CORE_READ(mount, mnt_parent);
			if (above == mount) {
				status = 0;
				break;
			}
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			root = BPF_CORE_READ(mount, mnt.mnt_root);
			continue;
		}
		/*
		 * Kept in memory, of which the verifier knows nothing: in a register it would have another range on each
		 * way through the loop, and each combination of ways would be walked by itself.
		 */
		at = slot->at;
		parent = BPF_CORE_READ(dentry, d_parent);
		if (dentry == parent && at != start)
			/* Not connected to a root, as a file opened by handle: what is below it is known. */
			break;
		if (at - start >= PATH_LIMIT || at > SLOT_BYTES - NAME_BYTES)
			break;
		length = bpf_probe_read_kernel_str(slot->bytes + at, NAME_BYTES, BPF_CORE_READ(dentry, d_name.name));
		if (length <= 0)
			break;
		slot->at = at + length;
		if (dentry == parent) {
			status = PATH_PSEUDO;
			break;
		}
		dentry = parent;
	}

	/* d_unlinked() of the leaf. */
	dentry = BPF_CORE_READ((struct path *)path, dentry);
	if (dentry != BPF_CORE_READ(dentry, d_parent) && !BPF_CORE_READ(dentry, d_hash.pprev))
		status |= PATH_DELETED;
	at = slot->at;
	BOUND(at, SLOT_BYTES - 1);
	slot->bytes[at] = status;
	return at + 1 - start;
}

static __always_inline u32 append_path_of(struct file *file, u32 at)
{
	u32 length = append_path((u64)__builtin_preserve_access_index(&file->f_path), at);

	BOUND(length, PATH_ROOM);
	return length;
}

static __always_inline u32 append_working_directory(struct task_struct *task, u32 at)
{
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	u32 length = 0;

	if (fs)
		length = append_path((u64)__builtin_preserve_access_index(&fs->pwd), at);
	BOUND(length, PATH_ROOM);
	return length;
}
