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

static __always_inline void fill_file(struct file_facts *facts, struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct super_block *super = BPF_CORE_READ(inode, i_sb);
	void *upper = NULL;

	facts->inode = BPF_CORE_READ(inode, i_ino);
	facts->mode = BPF_CORE_READ(inode, i_mode);
	facts->uid = BPF_CORE_READ(inode, i_uid.val);
	facts->dev = BPF_CORE_READ(super, s_dev);
	facts->fs_magic = BPF_CORE_READ(super, s_magic);
	facts->reserved = 0;
	/* struct ovl_inode, which a module's BTF may hold: __upperdentry follows vfs_inode (4.x to 6.x). */
	if (facts->fs_magic == OVERLAYFS_SUPER_MAGIC)
		bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + bpf_core_type_size(struct inode));
	facts->upper = upper != NULL;
}

/*
 * Reports an open that has returned. What it opened is read from the descriptor: by now another thread may have
 * closed it (then the caller's name is all there is) or, by a narrow race, put another file in its place.
 * A global function, so that the four hooks share one body.
 */
__noinline int report_open(s64 result, u64 name, s32 directory, u32 flags, u32 mode)
{
	struct open_record *open = begin(RECORD_OPEN);
	struct task_struct *task = (struct task_struct *)bpf_get_current_task_btf();
	struct file *file = NULL;
	u32 at = sizeof(*open);
	char first = 0;
	long length;

	if (!open)
		return 0;
	open->result = result;
	open->flags = flags;
	open->mode = mode;
	open->path_length = 0;
	open->name_length = 0;

	if (result >= 0)
		file = file_of(task, result);
	if (file) {
		open->record.flags |= RECORD_RESOLVED;
		if (BPF_CORE_READ(file, f_mode) & FMODE_CREATED)
			open->record.flags |= RECORD_CREATED;
		open->flags = BPF_CORE_READ(file, f_flags) | (flags & O_ONLY_ARGUMENT);
		fill_file(&open->file, file);
		open->path_length = append_path_of(file, at);
		submit(&open->record, at + open->path_length);
		return 0;
	}

	__builtin_memset(&open->file, 0, sizeof(open->file));
	bpf_probe_read_user(&first, sizeof(first), (const void *)name);
	if (first && first != '/') {
		if (directory == AT_FDCWD) {
			open->path_length = append_working_directory(task, at);
		} else {
			file = file_of(task, directory);
			if (file)
				open->path_length = append_path_of(file, at);
		}
		at += open->path_length;
		BOUND(at, sizeof(*open) + PATH_ROOM);
	}
	length = bpf_probe_read_user_str((char *)open + at, STRING_BYTES, (const void *)name);
	if (length > 0 && length <= STRING_BYTES) {
		if (length == STRING_BYTES)
			open->record.flags |= RECORD_NAME_TRUNCATED;
		open->name_length = length;
		at += length;
	}
	submit(&open->record, at);
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
