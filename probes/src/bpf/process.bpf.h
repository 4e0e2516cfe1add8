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

/* By the major number (Documentation/admin-guide/devices.txt): virtual consoles and serial lines, /dev/tty and
 * /dev/console, and the slaves of Unix 98 pseudo terminals. */
static __always_inline bool is_terminal(u32 rdev)
{
	u32 major = rdev >> 20;

	return major == 4 || major == 5 || (major >= 136 && major <= 143);
}

/* What stands behind standard input, output or error. */
static __always_inline void fill_stdio(struct exec_fields *payload, struct task_struct *task, u32 fd)
{
	struct file *file = file_of(task, fd);
	struct socket_facts facts;
	struct sock *sk;
	u32 type;

	if (!file)
		return;
	type = BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT;
	if (fd == 0 && type == S_IFIFO)
		payload->stdio |= STDIO_STDIN_PIPE;
	if (fd == 0 && type == S_IFCHR && is_terminal(BPF_CORE_READ(file, f_inode, i_rdev)))
		payload->stdio |= STDIO_STDIN_TTY;
	sk = socket_of(file);
	if (!sk)
		return;
	read_socket(&facts, sk);
	if (fd == 0 && facts.family == AF_UNIX)
		payload->stdio |= STDIO_STDIN_UNIX;
	if (!is_internet(facts.family))
		return;
	payload->stdio |= STDIO_STDIN_SOCKET << fd;
	if (fd == 0 && facts.peer_port) {
		FILL(payload, EXEC, peer_port, facts.peer_port);
		__builtin_memcpy(payload->peer_address, facts.peer, sizeof(facts.peer));
		payload->present |= EXEC_peer_address;
	}
}

static __always_inline void fill_credentials(struct process_fields *image, struct task_struct *task)
{
	struct cred *cred = BPF_CORE_READ(task, cred);
	u32 login;

	FILL(image, PROCESS, suid, BPF_CORE_READ(cred, suid.val));
	FILL(image, PROCESS, user_ns, BPF_CORE_READ(cred, user_ns, ns.inum));
	bpf_probe_read_kernel(&image->caps_effective, sizeof(u64), __builtin_preserve_access_index(&cred->cap_effective));
	bpf_probe_read_kernel(&image->caps_permitted, sizeof(u64), __builtin_preserve_access_index(&cred->cap_permitted));
	bpf_probe_read_kernel(&image->caps_inheritable, sizeof(u64),
			      __builtin_preserve_access_index(&cred->cap_inheritable));
	image->present |= PROCESS_caps_effective | PROCESS_caps_permitted | PROCESS_caps_inheritable;
	/* Only with CONFIG_AUDIT; -1 is "not set". */
	if (bpf_core_field_exists(task->loginuid)) {
		login = BPF_CORE_READ(task, loginuid.val);
		if (login != (u32)-1)
			FILL(image, PROCESS, login_uid, login);
	}
}

/* Where a process stands: session, group, namespaces. */
static __always_inline void fill_place(struct process_fields *image, struct task_struct *task)
{
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	struct nsproxy *nsproxy = BPF_CORE_READ(task, nsproxy);

	FILL(image, PROCESS, sid, BPF_CORE_READ(signal, pids[PIDTYPE_SID], numbers[0].nr));
	FILL(image, PROCESS, pgid, BPF_CORE_READ(signal, pids[PIDTYPE_PGID], numbers[0].nr));
	FILL(image, PROCESS, ns_pid, namespace_pid(task));
	FILL(image, PROCESS, mnt_ns, BPF_CORE_READ(nsproxy, mnt_ns, ns.inum));
	FILL(image, PROCESS, pid_ns, BPF_CORE_READ(nsproxy, pid_ns_for_children, ns.inum));
	FILL(image, PROCESS, net_ns, BPF_CORE_READ(nsproxy, net_ns, ns.inum));
}

static __always_inline void fill_executable(struct process_fields *image, struct file *file)
{
	struct file_facts facts;

	read_file(&facts, file);
	FILL(image, PROCESS, exe_inode, facts.inode);
	FILL(image, PROCESS, exe_dev, facts.dev);
	FILL(image, PROCESS, exe_uid, facts.uid);
	FILL(image, PROCESS, exe_mode, facts.mode);
	FILL(image, PROCESS, exe_fs, facts.fs_magic);
	if (facts.upper)
		image->flags |= PROCESS_EXE_UPPER;
}

/* Appends a string of the kernel's; its length is what is returned. */
static __always_inline u32 append_string(char *out, const char *text)
{
	long length = bpf_probe_read_kernel_str(out, STRING_BYTES, text);

	return length > 0 && length <= STRING_BYTES ? length : 0;
}

static __always_inline u32 append_arguments(struct exec_record *exec, struct task_struct *task, u32 at)
{
	unsigned long start = BPF_CORE_READ(task, mm, arg_start);
	unsigned long end = BPF_CORE_READ(task, mm, arg_end);
	u64 size = end - start;
	u32 length = size;

	if (size > ARGV_BYTES) {
		exec->image.flags |= PROCESS_ARGV_TRUNCATED;
		length = ARGV_BYTES;
	}
	BOUND(length, ARGV_BYTES);
	/* The kernel has just written them: only a machine that swaps hard has them on disk again. */
	if (bpf_probe_read_user((char *)exec + at, length, (const void *)start)) {
		exec->image.flags |= PROCESS_ARGV_TRUNCATED;
		return 0;
	}
	exec->image.present |= PROCESS_argv;
	return length;
}

/* void (task_struct *task, pid_t old_pid, linux_binprm *program), from exec_binprm(): the new image is in place. */
SEC("tp_btf/sched_process_exec")
int exec_done(u64 *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx[0];
	struct linux_binprm *program = (struct linux_binprm *)ctx[2];
	struct exec_record *exec = BEGIN(exec, KIND_EXEC);
	struct process_fields *image;
	struct exec_fields *payload;
	struct file *file;
	u32 at = sizeof(*exec);
	char *bytes;

	if (!exec)
		return 0;
	bytes = (char *)exec;
	payload = &exec->payload;
	image = &exec->image;
	payload->present |= EXEC_stdio | EXEC_filename | EXEC_interpreter;
	image->present |= PROCESS_flags | PROCESS_exe | PROCESS_cwd;
	fill_stdio(payload, task, 0);
	fill_stdio(payload, task, 1);
	fill_stdio(payload, task, 2);
	fill_credentials(image, task);
	fill_place(image, task);
	file = BPF_CORE_READ(program, file);
	fill_executable(image, file);

	payload->filename.name = append_string(bytes + at, BPF_CORE_READ(program, filename));
	at += payload->filename.name;
	BOUND(at, sizeof(*exec) + STRING_BYTES);
	payload->interpreter.name = append_string(bytes + at, BPF_CORE_READ(program, interp));
	at += payload->interpreter.name;
	BOUND(at, sizeof(*exec) + 2 * STRING_BYTES);
	image->exe.walk = append_path_of(file, at);
	at += image->exe.walk;
	BOUND(at, sizeof(*exec) + 2 * STRING_BYTES + PATH_ROOM);
	image->argv.name = append_arguments(exec, task, at);
	at += image->argv.name;
	BOUND(at, sizeof(*exec) + 2 * STRING_BYTES + PATH_ROOM + ARGV_BYTES);
	image->cwd.walk = append_working_directory(task, at);
	submit(&exec->record, at + image->cwd.walk);
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
	fork = BEGIN(fork, KIND_FORK);
	if (!fork)
		return 0;
	FILL(&fork->payload, FORK, child_pid, child->tgid);
	FILL(&fork->payload, FORK, child_ns_pid, namespace_pid(child));
	FILL(&fork->payload, FORK, child_start, child->start_boottime);
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
	u32 status;

	if (!signal || signal->live.counter)
		return 0;
	exit = BEGIN(exit, KIND_EXIT);
	if (!exit)
		return 0;
	/* As wait() has it: code << 8 | signal, whose highest bit says that a core was dumped. */
	status = signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code : task->exit_code;
	FILL(&exit->payload, EXIT, code, status >> 8 & 0xff);
	FILL(&exit->payload, EXIT, signal, status & 0x7f);
	submit(&exit->record, sizeof(*exit));
	return 0;
}
