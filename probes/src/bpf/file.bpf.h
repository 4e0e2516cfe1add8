// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Files: what stands behind a descriptor, and the open family. */
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

/* What an inode says. */
struct file_facts {
	u64 inode;
	u32 dev;
	u32 mode;
	u32 uid;
	u32 fs_magic;
	/* On the upper layer of an overlay. */
	u32 upper;
};

static __always_inline void read_file(struct file_facts *facts, struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct super_block *super = BPF_CORE_READ(inode, i_sb);
	void *upper = NULL;

	facts->inode = BPF_CORE_READ(inode, i_ino);
	facts->mode = BPF_CORE_READ(inode, i_mode);
	facts->uid = BPF_CORE_READ(inode, i_uid.val);
	facts->dev = BPF_CORE_READ(super, s_dev);
	facts->fs_magic = BPF_CORE_READ(super, s_magic);
	/* struct ovl_inode, which a module's BTF may hold: __upperdentry follows vfs_inode (4.x to 6.x). */
	if (facts->fs_magic == OVERLAYFS_SUPER_MAGIC)
		bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + bpf_core_type_size(struct inode));
	facts->upper = upper != NULL;
}

/*
 * Appends the path that a caller named, seen from a folder's descriptor, and returns the end. The name is the caller's
 * memory, and what it leads to may have changed since: the event says so. `text` is in the record itself, at a place that
 * the verifier knows.
 */
static __always_inline u32 append_named(struct record *record, struct text *text, u32 at, u64 name, s32 directory)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task_btf();
	struct file *file;
	char first = 0;
	u32 walk = 0, end;
	long length;

	record->flags |= EVENT_UNRESOLVED;
	bpf_probe_read_user(&first, sizeof(first), (const void *)name);
	if (first && first != '/') {
		if (directory == AT_FDCWD) {
			walk = append_working_directory(task, at);
		} else {
			file = file_of(task, directory);
			if (file)
				walk = append_path_of(file, at);
		}
	}
	end = at + walk;
	BOUND(end, SLOT_BYTES - STRING_BYTES);
	length = bpf_probe_read_user_str((char *)record + end, STRING_BYTES, (const void *)name);
	if (length <= 0 || length > STRING_BYTES) {
		/* Without the name, the folder's path would pass for what was opened. */
		record->flags |= EVENT_PARTIAL;
		return at;
	}
	if (length == STRING_BYTES)
		record->flags |= EVENT_TRUNCATED;
	text->walk = walk;
	text->name = length;
	return end + length;
}

/*
 * Reports an open that has returned. What it opened is read from the descriptor: by now another thread may have
 * closed it (then the caller's name is all there is) or, by a narrow race, put another file in its place.
 * A global function, so that the four hooks share one body.
 */
__noinline int report_open(s64 result, u64 name, s32 directory, u32 flags, u32 mode)
{
	struct open_record *open = BEGIN(open, KIND_OPEN);
	struct open_fields *payload;
	struct file_facts facts;
	struct file *file = NULL;
	u32 at = sizeof(*open);

	if (!open)
		return 0;
	payload = &open->payload;
	open->record.result = result;
	FILL(payload, OPEN, flags, flags);
	FILL(payload, OPEN, mode, mode);
	FILL(payload, OPEN, created, 0);
	payload->present |= OPEN_path;

	if (result >= 0)
		file = file_of((struct task_struct *)bpf_get_current_task_btf(), result);
	if (!file) {
		at = append_named(&open->record, &payload->path, at, name, directory);
		submit(&open->record, at);
		return 0;
	}
	payload->created = (BPF_CORE_READ(file, f_mode) & FMODE_CREATED) != 0;
	payload->flags = BPF_CORE_READ(file, f_flags) | (flags & O_ONLY_ARGUMENT);
	read_file(&facts, file);
	FILL(payload, OPEN, inode, facts.inode);
	FILL(payload, OPEN, dev, facts.dev);
	FILL(payload, OPEN, file_mode, facts.mode);
	FILL(payload, OPEN, file_upper, facts.upper);
	payload->path.walk = append_path_of(file, at);
	submit(&open->record, at + payload->path.walk);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_open")
int open_returned(struct syscall_exit *call)
{
	struct pt_regs *registers = saved_registers();

	return report_open(call->result, ARGUMENT_0(registers), AT_FDCWD, ARGUMENT_1(registers), ARGUMENT_2(registers));
}

SEC("tracepoint/syscalls/sys_exit_creat")
int creat_returned(struct syscall_exit *call)
{
	struct pt_regs *registers = saved_registers();

	return report_open(call->result, ARGUMENT_0(registers), AT_FDCWD, O_CREAT | O_WRONLY | O_TRUNC,
			   ARGUMENT_1(registers));
}

SEC("tracepoint/syscalls/sys_exit_openat")
int openat_returned(struct syscall_exit *call)
{
	struct pt_regs *registers = saved_registers();

	return report_open(call->result, ARGUMENT_1(registers), ARGUMENT_0(registers), ARGUMENT_2(registers),
			   ARGUMENT_3(registers));
}

SEC("tracepoint/syscalls/sys_exit_openat2")
int openat2_returned(struct syscall_exit *call)
{
	struct pt_regs *registers = saved_registers();
	struct open_how how = {};

	/* The caller's memory: what comes of it is a claim, but for a file that was opened f_flags is not. */
	bpf_probe_read_user(&how, sizeof(how), (const void *)ARGUMENT_2(registers));
	return report_open(call->result, ARGUMENT_1(registers), ARGUMENT_0(registers), how.flags, how.mode);
}

/* A global function, so that the three hooks share one body; `folders` are two descriptors. */
__noinline int report_rename(s64 result, u64 old_name, u64 new_name, u64 folders, u32 flags)
{
	struct rename_record *rename = BEGIN(rename, KIND_RENAME);
	u32 at = sizeof(*rename);

	if (!rename)
		return 0;
	rename->record.result = result;
	FILL(&rename->payload, RENAME, flags, flags);
	rename->payload.present |= RENAME_old_path | RENAME_new_path;
	at = append_named(&rename->record, &rename->payload.old_path, at, old_name, folders >> 32);
	BOUND(at, sizeof(*rename) + PATH_ROOM + STRING_BYTES);
	at = append_named(&rename->record, &rename->payload.new_path, at, new_name, folders);
	submit(&rename->record, at);
	return 0;
}

static __always_inline u64 two_folders(u64 old_folder, u64 new_folder)
{
	return old_folder << 32 | (u32)new_folder;
}

SEC("tracepoint/syscalls/sys_exit_rename")
int rename_returned(struct syscall_exit *call)
{
	struct pt_regs *registers = saved_registers();

	return report_rename(call->result, ARGUMENT_0(registers), ARGUMENT_1(registers), two_folders(AT_FDCWD, AT_FDCWD),
			     0);
}

SEC("tracepoint/syscalls/sys_exit_renameat")
int renameat_returned(struct syscall_exit *call)
{
	struct pt_regs *registers = saved_registers();

	return report_rename(call->result, ARGUMENT_1(registers), ARGUMENT_3(registers),
			     two_folders(ARGUMENT_0(registers), ARGUMENT_2(registers)), 0);
}

SEC("tracepoint/syscalls/sys_exit_renameat2")
int renameat2_returned(struct syscall_exit *call)
{
	struct pt_regs *registers = saved_registers();

	return report_rename(call->result, ARGUMENT_1(registers), ARGUMENT_3(registers),
			     two_folders(ARGUMENT_0(registers), ARGUMENT_2(registers)), ARGUMENT_4(registers));
}

/* A global function, so that the three hooks share one body. */
__noinline int report_unlink(s64 result, u64 name, s32 folder, bool directory)
{
	struct unlink_record *unlink = BEGIN(unlink, KIND_UNLINK);
	u32 at = sizeof(*unlink);

	if (!unlink)
		return 0;
	unlink->record.result = result;
	FILL(&unlink->payload, UNLINK, directory, directory);
	unlink->payload.present |= UNLINK_path;
	at = append_named(&unlink->record, &unlink->payload.path, at, name, folder);
	submit(&unlink->record, at);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_unlink")
int unlink_returned(struct syscall_exit *call)
{
	return report_unlink(call->result, ARGUMENT_0(saved_registers()), AT_FDCWD, false);
}

SEC("tracepoint/syscalls/sys_exit_rmdir")
int rmdir_returned(struct syscall_exit *call)
{
	return report_unlink(call->result, ARGUMENT_0(saved_registers()), AT_FDCWD, true);
}

#define AT_REMOVEDIR 0x200

SEC("tracepoint/syscalls/sys_exit_unlinkat")
int unlinkat_returned(struct syscall_exit *call)
{
	struct pt_regs *registers = saved_registers();

	return report_unlink(call->result, ARGUMENT_1(registers), ARGUMENT_0(registers),
			     (ARGUMENT_2(registers) & AT_REMOVEDIR) != 0);
}
