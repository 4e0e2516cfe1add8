// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Names that come and go: what changes folders. */
#pragma once

#define AT_REMOVEDIR 0x200

static __noinline void report_unlink(struct call *call, u64 name, s32 folder, bool directory)
{
	struct unlink_record *unlink = BEGIN_CALL(unlink, KIND_UNLINK);
	u32 at = sizeof(*unlink);

	if (!unlink)
		return;
	FILL(&unlink->payload, UNLINK, directory, directory);
	unlink->payload.present |= UNLINK_path;
	at = append_named(&unlink->record, &unlink->payload.path, at, name, folder);
	submit(KIND_UNLINK, &unlink->record, at);
}

CALL(unlink)
{
	report_unlink(call, ARG(0), AT_FDCWD, false);
}

CALL(rmdir)
{
	report_unlink(call, ARG(0), AT_FDCWD, true);
}

CALL(unlinkat)
{
	report_unlink(call, ARG(1), ARG(0), (ARG(2) & AT_REMOVEDIR) != 0);
}

/* Two descriptors as one argument, of which a function has five at most. */
static __always_inline u64 two_folders(u32 old_folder, u32 new_folder)
{
	return (u64)old_folder << 32 | new_folder;
}

static __noinline void report_rename(struct call *call, u64 folders, u64 old_name, u64 new_name, u32 flags)
{
	struct rename_record *rename = BEGIN_CALL(rename, KIND_RENAME);
	u32 at = sizeof(*rename);

	if (!rename)
		return;
	FILL(&rename->payload, RENAME, flags, flags);
	rename->payload.present |= RENAME_old_path | RENAME_new_path;
	at = append_named(&rename->record, &rename->payload.old_path, at, old_name, folders >> 32);
	at = append_named(&rename->record, &rename->payload.new_path, at, new_name, folders);
	submit(KIND_RENAME, &rename->record, at);
}

CALL(rename)
{
	report_rename(call, two_folders(AT_FDCWD, AT_FDCWD), ARG(0), ARG(1), 0);
}

CALL(renameat)
{
	report_rename(call, two_folders(ARG(0), ARG(2)), ARG(1), ARG(3), 0);
}

CALL(renameat2)
{
	report_rename(call, two_folders(ARG(0), ARG(2)), ARG(1), ARG(3), ARG(4));
}

static __noinline void report_link(struct call *call, u64 folders, u64 old_name, u64 new_name, u32 flags)
{
	struct link_record *link = BEGIN_CALL(link, KIND_LINK);
	u32 at = sizeof(*link);

	if (!link)
		return;
	FILL(&link->payload, LINK, flags, flags);
	link->payload.present |= LINK_old_path | LINK_new_path;
	at = append_named(&link->record, &link->payload.old_path, at, old_name, folders >> 32);
	at = append_named(&link->record, &link->payload.new_path, at, new_name, folders);
	submit(KIND_LINK, &link->record, at);
}

CALL(link)
{
	report_link(call, two_folders(AT_FDCWD, AT_FDCWD), ARG(0), ARG(1), 0);
}

CALL(linkat)
{
	report_link(call, two_folders(ARG(0), ARG(2)), ARG(1), ARG(3), ARG(4));
}

static __noinline void report_symlink(struct call *call, u64 target, s32 folder, u64 name)
{
	struct symlink_record *symlink = BEGIN_CALL(symlink, KIND_SYMLINK);
	u32 at = sizeof(*symlink);

	if (!symlink)
		return;
	symlink->payload.present |= SYMLINK_target | SYMLINK_path;
	at = append_user_string(&symlink->record, &symlink->payload.target, at, target);
	at = append_named(&symlink->record, &symlink->payload.path, at, name, folder);
	submit(KIND_SYMLINK, &symlink->record, at);
}

CALL(symlink)
{
	report_symlink(call, ARG(0), AT_FDCWD, ARG(1));
}

CALL(symlinkat)
{
	report_symlink(call, ARG(0), ARG(1), ARG(2));
}

static __noinline void report_mkdir(struct call *call, s32 folder, u64 name, u32 mode)
{
	struct mkdir_record *mkdir = BEGIN_CALL(mkdir, KIND_MKDIR);
	u32 at = sizeof(*mkdir);

	if (!mkdir)
		return;
	FILL(&mkdir->payload, MKDIR, mode, mode);
	mkdir->payload.present |= MKDIR_path;
	at = append_named(&mkdir->record, &mkdir->payload.path, at, name, folder);
	submit(KIND_MKDIR, &mkdir->record, at);
}

CALL(mkdir)
{
	report_mkdir(call, AT_FDCWD, ARG(0), ARG(1));
}

CALL(mkdirat)
{
	report_mkdir(call, ARG(0), ARG(1), ARG(2));
}

static __noinline void report_mknod(struct call *call, s32 folder, u64 name, u32 mode, u32 dev)
{
	struct mknod_record *mknod = BEGIN_CALL(mknod, KIND_MKNOD);
	u32 at = sizeof(*mknod);

	if (!mknod)
		return;
	FILL(&mknod->payload, MKNOD, mode, mode);
	/* What is no node has none. */
	if ((mode & S_IFMT) == S_IFCHR || (mode & S_IFMT) == S_IFBLK)
		FILL(&mknod->payload, MKNOD, dev, dev);
	mknod->payload.present |= MKNOD_path;
	at = append_named(&mknod->record, &mknod->payload.path, at, name, folder);
	submit(KIND_MKNOD, &mknod->record, at);
}

CALL(mknod)
{
	report_mknod(call, AT_FDCWD, ARG(0), ARG(1), ARG(2));
}

CALL(mknodat)
{
	report_mknod(call, ARG(0), ARG(1), ARG(2), ARG(3));
}

/* --- mounts and roots ---------------------------------------------------------------------------------------- */

CALL(mount)
{
	struct mount_record *mount = BEGIN_CALL(mount, KIND_MOUNT);
	u32 at = sizeof(*mount);

	if (!mount)
		return;
	FILL(&mount->payload, MOUNT, flags, ARG(3));
	/* Both may be NULL, as for what is mounted anew. */
	if (ARG(0)) {
		mount->payload.present |= MOUNT_source;
		at = append_user_string(&mount->record, &mount->payload.source, at, ARG(0));
	}
	mount->payload.present |= MOUNT_path;
	at = append_named(&mount->record, &mount->payload.path, at, ARG(1), AT_FDCWD);
	if (ARG(2)) {
		mount->payload.present |= MOUNT_fs_type;
		at = append_user_string(&mount->record, &mount->payload.fs_type, at, ARG(2));
	}
	submit(KIND_MOUNT, &mount->record, at);
}

/* (int from_folder, const char *from, int to_folder, const char *to, unsigned int flags) */
CALL(move_mount)
{
	struct mount_record *mount = BEGIN_CALL(mount, KIND_MOUNT);
	u32 at = sizeof(*mount);

	if (!mount)
		return;
	mount->payload.present |= MOUNT_source | MOUNT_path;
	at = append_user_string(&mount->record, &mount->payload.source, at, ARG(1));
	at = append_named(&mount->record, &mount->payload.path, at, ARG(3), ARG(2));
	submit(KIND_MOUNT, &mount->record, at);
}

CALL(umount2)
{
	struct umount_record *umount = BEGIN_CALL(umount, KIND_UMOUNT);
	u32 at = sizeof(*umount);

	if (!umount)
		return;
	/* i386 has a call without flags, which is number 22. */
	FILL(&umount->payload, UMOUNT, flags, call->compat && call->number == 22 ? 0 : ARG(1));
	umount->payload.present |= UMOUNT_path;
	at = append_named(&umount->record, &umount->payload.path, at, ARG(0), AT_FDCWD);
	submit(KIND_UMOUNT, &umount->record, at);
}

CALL(chroot)
{
	struct chroot_record *chroot = BEGIN_CALL(chroot, KIND_CHROOT);
	u32 at = sizeof(*chroot);

	if (!chroot)
		return;
	chroot->payload.present |= CHROOT_path;
	if (call->result == 0) {
		chroot->payload.path.walk = append_root(&chroot->record, at);
		at += chroot->payload.path.walk;
	} else {
		at = append_named(&chroot->record, &chroot->payload.path, at, ARG(0), AT_FDCWD);
	}
	submit(KIND_CHROOT, &chroot->record, at);
}

/* Seen from what is the root afterwards: what was named is told as it was named. */
CALL(pivot_root)
{
	struct pivot_root_record *pivot = BEGIN_CALL(pivot_root, KIND_PIVOT_ROOT);
	u32 at = sizeof(*pivot);

	if (!pivot)
		return;
	pivot->record.flags |= EVENT_UNRESOLVED;
	pivot->payload.present |= PIVOT_ROOT_new_root | PIVOT_ROOT_put_old;
	at = append_user_string(&pivot->record, &pivot->payload.new_root, at, ARG(0));
	at = append_user_string(&pivot->record, &pivot->payload.put_old, at, ARG(1));
	submit(KIND_PIVOT_ROOT, &pivot->record, at);
}
