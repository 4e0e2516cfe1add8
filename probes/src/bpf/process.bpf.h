// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Programs and processes: exec, fork, exit. */
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

/* What of a process's place is not told with every event. */
static __always_inline void fill_place(struct process_fields *image, struct task_struct *task)
{
	struct tty_struct *tty = BPF_CORE_READ(task, signal, tty);
	u32 login;

	FILL(image, PROCESS, ns_pid, namespace_pid(task));
	if (tty)
		FILL(image, PROCESS, tty,
		     BPF_CORE_READ(tty, driver, major) << 20 |
			     (BPF_CORE_READ(tty, driver, minor_start) + BPF_CORE_READ(tty, index)));
	/* Only with CONFIG_AUDIT; -1 is "not set". */
	if (bpf_core_field_exists(task->loginuid)) {
		login = BPF_CORE_READ(task, loginuid.val);
		if (login != (u32)-1)
			FILL(image, PROCESS, login_uid, login);
	}
}

static __always_inline void fill_executable(struct process_fields *image, struct file *file)
{
	struct file_facts facts;

	read_file(&facts, file);
	FILL(image, PROCESS, exe_inode, facts.inode);
	FILL(image, PROCESS, exe_dev, facts.dev);
	FILL(image, PROCESS, exe_uid, facts.uid);
	FILL(image, PROCESS, exe_gid, facts.gid);
	FILL(image, PROCESS, exe_mode, facts.mode);
	FILL(image, PROCESS, exe_mtime, content_changed(BPF_CORE_READ(file, f_inode)));
	FILL(image, PROCESS, exe_ctime, inode_changed(BPF_CORE_READ(file, f_inode)));
	FILL(image, PROCESS, exe_fs, facts.fs_magic);
	if (facts.upper)
		image->flags |= PROCESS_EXE_UPPER;
}

#define DEV_FD "/dev/fd/"
#define DEV_FD_BYTES (sizeof(DEV_FD) - 1)
#define MAX_DIGITS 7

/*
 * The file that was named to exec, seen from where it is. Of execveat() the kernel makes /dev/fd/N, and /dev/fd/N/name of a
 * name in a folder; the descriptor is open yet where a script is run, whose interpreter is given that name.
 */
static __always_inline u32 append_program(struct exec_record *exec, u32 at, const char *filename)
{
	struct text *text = &exec->payload.path;
	struct record *record = &exec->record;
	char start[DEV_FD_BYTES + MAX_DIGITS + 1] = {};
	struct file *file;
	u32 fd = 0, used;

	bpf_probe_read_kernel(start, sizeof(start), filename);
	for (used = 0; used < DEV_FD_BYTES && start[used] == DEV_FD[used]; used++)
		;
	if (used < DEV_FD_BYTES) {
		text->walk = append_start(record, start[0], at, AT_FDCWD);
		return append_string(record, text, at + text->walk, filename);
	}
	for (; used < DEV_FD_BYTES + MAX_DIGITS && start[used] >= '0' && start[used] <= '9'; used++)
		fd = fd * 10 + start[used] - '0';
	file = own_file(fd);
	if (!file) {
		/* It was closed with the exec, and /dev/fd leads nowhere any more. */
		record->flags |= EVENT_PARTIAL;
		exec->payload.present &= ~EXEC_path;
		return at;
	}
	text->walk = append_path_of(file, record, at);
	if (start[used] != '/')
		return at + text->walk;
	return append_string(record, text, at + text->walk, filename + used + 1);
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

/* [0]: whether the environment of programs is looked at. The loader keeps what is asked for of it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} environment_wanted SEC(".maps");

static __always_inline u32 append_environment(struct exec_record *exec, struct task_struct *task, u32 at)
{
	u32 zero = 0, *wanted = bpf_map_lookup_elem(&environment_wanted, &zero), length;
	unsigned long start;
	u64 size;

	if (!wanted || !*wanted)
		return 0;
	start = BPF_CORE_READ(task, mm, env_start);
	size = BPF_CORE_READ(task, mm, env_end) - start;
	length = size;
	if (size > ENVIRONMENT_BYTES) {
		exec->image.flags |= PROCESS_ENVIRONMENT_TRUNCATED;
		length = ENVIRONMENT_BYTES;
	}
	BOUND(length, ENVIRONMENT_BYTES);
	if (bpf_probe_read_user((char *)exec + at, length, (const void *)start)) {
		exec->image.flags |= PROCESS_ENVIRONMENT_TRUNCATED;
		return 0;
	}
	exec->image.present |= PROCESS_environment;
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
	const char *filename;

	if (!exec)
		return 0;
	payload = &exec->payload;
	image = &exec->image;
	payload->present |= EXEC_stdio | EXEC_filename | EXEC_interpreter | EXEC_path;
	image->present |= PROCESS_flags | PROCESS_exe | PROCESS_cwd;
	fill_stdio(payload, task, 0);
	fill_stdio(payload, task, 1);
	fill_stdio(payload, task, 2);
	fill_place(image, task);
	file = BPF_CORE_READ(program, file);
	fill_executable(image, file);

	filename = BPF_CORE_READ(program, filename);
	at = append_string(&exec->record, &payload->filename, at, filename);
	at = append_string(&exec->record, &payload->interpreter, at, BPF_CORE_READ(program, interp));
	at = append_program(exec, at, filename);
	BOUND(at, sizeof(*exec) + 3 * STRING_BYTES + PATH_ROOM);
	image->exe.walk = append_path_of(file, &exec->record, at);
	begin_image(&exec->record);
	at += image->exe.walk;
	BOUND(at, sizeof(*exec) + 3 * STRING_BYTES + 2 * PATH_ROOM);
	image->argv.name = append_arguments(exec, task, at);
	at += image->argv.name;
	BOUND(at, sizeof(*exec) + 3 * STRING_BYTES + 2 * PATH_ROOM + ARGV_BYTES);
	image->cwd.walk = append_working_directory(&exec->record, at);
	at += image->cwd.walk;
	BOUND(at, sizeof(*exec) + 3 * STRING_BYTES + 3 * PATH_ROOM + ARGV_BYTES);
	image->environment.name = append_environment(exec, task, at);
	submit(KIND_EXEC, &exec->record, at + image->environment.name);
	return 0;
}

/* void (task_struct *child, unsigned long clone_flags), from copy_process(), before the child runs. */
SEC("tp_btf/task_newtask")
int fork_done(u64 *ctx)
{
	struct task_struct *child = (struct task_struct *)ctx[0];
	struct task_struct *parent;
	struct fork_record *fork;

	/* A thread. */
	if (child->pid != child->tgid)
		return 0;
	inherit_image(child->tgid);
	fork = BEGIN(fork, KIND_FORK);
	if (!fork)
		return 0;
	FILL(&fork->payload, FORK, child_pid, child->tgid);
	FILL(&fork->payload, FORK, child_ns_pid, namespace_pid(child));
	FILL(&fork->payload, FORK, child_start, child->start_boottime);
	FILL(&fork->payload, FORK, flags, ctx[1]);
	parent = child->real_parent;
	if (parent)
		FILL(&fork->payload, FORK, child_ppid, parent->tgid);
	submit(KIND_FORK, &fork->record, sizeof(*fork));
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
	end_image(bpf_get_current_pid_tgid() >> 32);
	exit = BEGIN(exit, KIND_EXIT);
	if (!exit)
		return 0;
	/* As wait() has it: code << 8 | signal, whose highest bit says that a core was dumped. */
	status = signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code : task->exit_code;
	FILL(&exit->payload, EXIT, code, status >> 8 & 0xff);
	FILL(&exit->payload, EXIT, signal, status & 0x7f);
	submit(KIND_EXIT, &exit->record, sizeof(*exit));
	return 0;
}

/* A program that could not be begun. What it was asked for stands in the caller's memory yet. */
static __noinline void report_exec_failed(struct call *call, s32 folder, u64 name, u32 flags)
{
	struct exec_failed_record *failed;
	u32 at = sizeof(*failed);

	if (call->result >= 0)
		return;
	failed = BEGIN_CALL(exec_failed, KIND_EXEC_FAILED);
	if (!failed)
		return;
	FILL(&failed->payload, EXEC_FAILED, flags, flags);
	failed->payload.present |= EXEC_FAILED_path;
	at = append_named(&failed->record, &failed->payload.path, at, name, folder);
	submit(KIND_EXEC_FAILED, &failed->record, at);
}

CALL(execve)
{
	report_exec_failed(call, AT_FDCWD, ARG(0), 0);
}

CALL(execveat)
{
	report_exec_failed(call, ARG(0), ARG(1), ARG(4));
}
