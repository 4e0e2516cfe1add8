// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Processes: exec, fork, exit. BTF raw tracepoints (5.5): their arguments are typed and followed with plain loads. */
#pragma once

/* The pid in the task's own pid namespace. */
static __always_inline u32 namespace_pid(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	u32 level = BPF_CORE_READ(pid, level);

	return BPF_CORE_READ(pid, numbers[level].nr);
}

static __always_inline void fill_stdio(struct stdio_facts *facts, struct task_struct *task, u32 fd)
{
	struct file *file = file_of(task, fd);
	struct sock *sk;

	__builtin_memset(facts, 0, sizeof(*facts));
	if (!file)
		return;
	facts->mode = BPF_CORE_READ(file, f_inode, i_mode);
	facts->rdev = BPF_CORE_READ(file, f_inode, i_rdev);
	sk = socket_of(file);
	if (sk)
		fill_socket(&facts->socket, sk);
}

static __always_inline void fill_credentials(struct exec_record *exec, struct task_struct *task)
{
	struct cred *cred = BPF_CORE_READ(task, cred);

	exec->suid = BPF_CORE_READ(cred, suid.val);
	exec->user_ns = BPF_CORE_READ(cred, user_ns, ns.inum);
	bpf_probe_read_kernel(&exec->caps_effective, sizeof(u64), __builtin_preserve_access_index(&cred->cap_effective));
	bpf_probe_read_kernel(&exec->caps_permitted, sizeof(u64), __builtin_preserve_access_index(&cred->cap_permitted));
	bpf_probe_read_kernel(&exec->caps_inheritable, sizeof(u64),
			      __builtin_preserve_access_index(&cred->cap_inheritable));
	/* Only with CONFIG_AUDIT; -1 is "not set". */
	exec->login_uid = -1;
	if (bpf_core_field_exists(task->loginuid))
		exec->login_uid = BPF_CORE_READ(task, loginuid.val);
}

/* Appends a string of the kernel's; its length is what is returned. */
static __always_inline u32 append_string(char *out, const char *text)
{
	long length = bpf_probe_read_kernel_str(out, STRING_BYTES, text);

	return length > 0 && length <= STRING_BYTES ? length : 0;
}

static __always_inline u32 append_arguments(struct exec_record *exec, struct task_struct *task)
{
	unsigned long start = BPF_CORE_READ(task, mm, arg_start);
	unsigned long end = BPF_CORE_READ(task, mm, arg_end);
	u64 size = end - start;
	u32 length = size;

	if (size > ARGV_BYTES) {
		exec->record.flags |= RECORD_ARGV_TRUNCATED;
		length = ARGV_BYTES;
	}
	BOUND(length, ARGV_BYTES);
	/* The kernel has just written them: only a machine that swaps hard has them on disk again. */
	if (bpf_probe_read_user((char *)exec + sizeof(*exec), length, (const void *)start)) {
		exec->record.flags |= RECORD_ARGV_TRUNCATED;
		return 0;
	}
	return length;
}

/* void (task_struct *task, pid_t old_pid, linux_binprm *program), from exec_binprm(): the new image is in place. */
SEC("tp_btf/sched_process_exec")
int exec_done(u64 *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx[0];
	struct linux_binprm *program = (struct linux_binprm *)ctx[2];
	struct exec_record *exec = begin(RECORD_EXEC);
	struct signal_struct *signal;
	struct nsproxy *nsproxy;
	struct file *file;
	u32 at = sizeof(*exec);
	char *bytes;

	if (!exec)
		return 0;
	bytes = (char *)exec;
	fill_credentials(exec, task);
	signal = BPF_CORE_READ(task, signal);
	exec->sid = BPF_CORE_READ(signal, pids[PIDTYPE_SID], numbers[0].nr);
	exec->pgid = BPF_CORE_READ(signal, pids[PIDTYPE_PGID], numbers[0].nr);
	exec->ns_pid = namespace_pid(task);
	nsproxy = BPF_CORE_READ(task, nsproxy);
	exec->mnt_ns = BPF_CORE_READ(nsproxy, mnt_ns, ns.inum);
	exec->pid_ns = BPF_CORE_READ(nsproxy, pid_ns_for_children, ns.inum);
	exec->net_ns = BPF_CORE_READ(nsproxy, net_ns, ns.inum);
	fill_stdio(&exec->stdio[0], task, 0);
	fill_stdio(&exec->stdio[1], task, 1);
	fill_stdio(&exec->stdio[2], task, 2);
	file = BPF_CORE_READ(program, file);
	fill_file(&exec->file, file);

	exec->argv_length = append_arguments(exec, task);
	at += exec->argv_length;
	BOUND(at, sizeof(*exec) + ARGV_BYTES);
	exec->file_path_length = append_path_of(file, at);
	at += exec->file_path_length;
	BOUND(at, sizeof(*exec) + ARGV_BYTES + PATH_ROOM);
	exec->cwd_length = append_working_directory(task, at);
	at += exec->cwd_length;
	BOUND(at, sizeof(*exec) + ARGV_BYTES + 2 * PATH_ROOM);
	exec->filename_length = append_string(bytes + at, BPF_CORE_READ(program, filename));
	at += exec->filename_length;
	BOUND(at, sizeof(*exec) + ARGV_BYTES + 2 * PATH_ROOM + STRING_BYTES);
	exec->interpreter_length = append_string(bytes + at, BPF_CORE_READ(program, interp));
	at += exec->interpreter_length;
	submit(&exec->record, at);
	return 0;
}

/* void (task_struct *parent, task_struct *child), from kernel_clone(), before the child runs. */
SEC("tp_btf/sched_process_fork")
int fork_done(u64 *ctx)
{
	struct task_struct *child = (struct task_struct *)ctx[1];
	struct fork_record *fork;

	/* A thread. */
	if (child->pid != child->tgid)
		return 0;
	fork = begin(RECORD_FORK);
	if (!fork)
		return 0;
	fork->child_start_boot_ns = child->start_boottime;
	fork->child_pid = child->tgid;
	fork->child_ns_pid = namespace_pid(child);
	submit(&fork->record, sizeof(*fork));
	return 0;
}

/*
 * void (task_struct *task), from do_exit(), after the thread has taken itself off `live`. Two threads that end together
 * may both see 0, and both report: the host keeps the first. (From 6.16 on a second argument would tell.)
 */
SEC("tp_btf/sched_process_exit")
int exit_begun(u64 *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx[0];
	struct signal_struct *signal = task->signal;
	struct exit_record *exit;

	if (!signal || signal->live.counter)
		return 0;
	exit = begin(RECORD_EXIT);
	if (!exit)
		return 0;
	exit->status = signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code : task->exit_code;
	exit->reserved = 0;
	submit(&exit->record, sizeof(*exit));
	return 0;
}
