// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What nobody wants is not sent. Which paths those are the loader finds out: an event carries a key, a number that stands for
 * all that its loader decides by, and the loader enters the keys of events that no pack can want.
 *
 * The key of a path is made of the names on the way to the root, each as the hash that the kernel keeps of it, which depends
 * on the folder that it is in. It is made anew each time, so that a rename or a mount on the way leads to another key, and no
 * verdict has to be withdrawn. What is sent along with a key is made of the same reads as the key: whoever renames a file
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

/* Whether its events are unwanted, which is counted; 0 is no key. */
static __always_inline bool is_unwanted(enum kind kind, u64 key, u32 epoch)
{
	u32 *verdict, number = kind;
	struct count *count;

	if (!key)
		return false;
	verdict = bpf_map_lookup_elem(&unwanted, &key);
	if (!verdict || *verdict != epoch)
		return false;
	count = bpf_map_lookup_elem(&counts, &number);
	if (count)
		count->filtered++;
	return true;
}

/*
 * The key of a `struct path`; 0 where it has none: what has no name, or lies too deep. Takes the same way as walk_path(). A
 * global function of scalars, as that one.
 */
__noinline u64 path_key(u64 path)
{
	struct dentry *dentry, *root;
	struct mount *mount, *above;
	struct vfsmount *vfsmount;
	struct link_up up;
	u64 key = filter_seed;

	dentry = BPF_CORE_READ((struct path *)path, dentry);
	vfsmount = BPF_CORE_READ((struct path *)path, mnt);
	root = BPF_CORE_READ(vfsmount, mnt_root);
	mount = (void *)vfsmount - bpf_core_field_offset(struct mount, mnt);
	/* d_unlinked(): its path says so. */
	if (dentry != root && !BPF_CORE_READ(dentry, d_hash.pprev))
		return 0;

	for (int step = 0; step < PATH_STEPS; step++) {
		if (dentry == root) {
			above = BPF_CORE_READ(mount, mnt_parent);
			if (above == mount)
				return mix(key, status_of(mount) + 1) | 1;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			root = BPF_CORE_READ(mount, mnt.mnt_root);
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
