// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What brings code or questions into the kernel: modules, another kernel, BPF, perf, io_uring. */
#pragma once

struct module_name {
	char bytes[56];
};

/* By thread: what the module is called that it has just loaded, until its call returns. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, struct module_name);
} module_names SEC(".maps");

/* void (struct module *module), from load_module(). */
SEC("tp_btf/module_load")
int module_loaded(u64 *ctx)
{
	struct module *module = (struct module *)ctx[0];
	u32 thread = bpf_get_current_pid_tgid();
	struct module_name name = {};

	bpf_probe_read_kernel_str(name.bytes, sizeof(name.bytes), __builtin_preserve_access_index(&module->name));
	bpf_map_update_elem(&module_names, &thread, &name, BPF_ANY);
	return 0;
}

static __noinline void report_module_load(struct call *call, s32 fd, bool of_file, u64 parameters)
{
	struct module_load_record *load = BEGIN_CALL(module_load, KIND_MODULE_LOAD);
	u32 thread = bpf_get_current_pid_tgid();
	struct module_load_fields *payload;
	struct module_name *name;
	struct file_facts facts;
	struct file *file;
	u32 at = sizeof(*load);

	if (!load)
		return;
	payload = &load->payload;
	name = bpf_map_lookup_elem(&module_names, &thread);
	if (name) {
		payload->present |= MODULE_LOAD_name;
		at = append_string(&load->record, &payload->name, at, name->bytes);
		bpf_map_delete_elem(&module_names, &thread);
	}
	file = of_file ? own_file(fd) : NULL;
	if (file) {
		read_file(&facts, file);
		FILL(payload, MODULE_LOAD, inode, facts.inode);
		FILL(payload, MODULE_LOAD, file_mode, facts.mode);
		payload->present |= MODULE_LOAD_path;
		at = append_descriptor(&load->record, &payload->path, at, fd);
	}
	payload->present |= MODULE_LOAD_parameters;
	at = append_user_string(&load->record, &payload->parameters, at, parameters);
	submit(KIND_MODULE_LOAD, &load->record, at);
}

CALL(init_module)
{
	report_module_load(call, -1, false, ARG(2));
}

CALL(finit_module)
{
	report_module_load(call, ARG(0), true, ARG(1));
}

CALL(delete_module)
{
	struct module_unload_record *unload = BEGIN_CALL(module_unload, KIND_MODULE_UNLOAD);
	u32 at = sizeof(*unload);

	if (!unload)
		return;
	FILL(&unload->payload, MODULE_UNLOAD, flags, ARG(1));
	unload->payload.present |= MODULE_UNLOAD_name;
	at = append_user_string(&unload->record, &unload->payload.name, at, ARG(0));
	submit(KIND_MODULE_UNLOAD, &unload->record, at);
}

/* (unsigned long entry, unsigned long segments, struct kexec_segment *list, unsigned long flags) */
CALL(kexec_load)
{
	struct kexec_record *kexec = BEGIN_CALL(kexec, KIND_KEXEC);

	if (!kexec)
		return;
	FILL(&kexec->payload, KEXEC, flags, ARG(3));
	submit(KIND_KEXEC, &kexec->record, sizeof(*kexec));
}

/* (int kernel, int initrd, unsigned long length, const char *command_line, unsigned long flags) */
CALL(kexec_file_load)
{
	struct kexec_record *kexec = BEGIN_CALL(kexec, KIND_KEXEC);
	struct file_facts facts;
	struct file *file;
	u32 at = sizeof(*kexec);

	if (!kexec)
		return;
	FILL(&kexec->payload, KEXEC, flags, ARG(4));
	file = own_file(ARG(0));
	if (file) {
		read_file(&facts, file);
		FILL(&kexec->payload, KEXEC, inode, facts.inode);
		FILL(&kexec->payload, KEXEC, file_mode, facts.mode);
		kexec->payload.present |= KEXEC_path;
		at = append_descriptor(&kexec->record, &kexec->payload.path, at, ARG(0));
	}
	if (ARG(2)) {
		kexec->payload.present |= KEXEC_command_line;
		at = append_user_string(&kexec->record, &kexec->payload.command_line, at, ARG(3));
	}
	submit(KIND_KEXEC, &kexec->record, at);
}

/* Of uapi/linux/bpf.h. */
enum {
	BPF_MAP_CREATE = 0,
	BPF_MAP_LOOKUP_ELEM = 1,
	BPF_MAP_GET_NEXT_KEY = 4,
	BPF_PROG_LOAD = 5,
	BPF_MAP_LOOKUP_AND_DELETE_ELEM = 21,
	BPF_MAP_LOOKUP_BATCH = 24,
	BPF_MAP_DELETE_BATCH = 27,
};
/* In union bpf_attr. */
#define BPF_MAP_NAME_AT 28
#define BPF_PROGRAM_NAME_AT 48
#define BPF_NAME_BYTES 16

/* (int command, union bpf_attr *attributes, unsigned int size) */
CALL(bpf)
{
	u32 command = ARG(0), type = 0, at;
	struct bpf_record *bpf;
	u64 name = 0;

	if ((command >= BPF_MAP_LOOKUP_ELEM && command <= BPF_MAP_GET_NEXT_KEY) ||
	    command == BPF_MAP_LOOKUP_AND_DELETE_ELEM ||
	    (command >= BPF_MAP_LOOKUP_BATCH && command <= BPF_MAP_DELETE_BATCH))
		return;
	bpf = BEGIN_CALL(bpf, KIND_BPF);
	if (!bpf)
		return;
	at = sizeof(*bpf);
	FILL(&bpf->payload, BPF, command, command);
	if (SAVED(&bpf->payload.command) == BPF_MAP_CREATE)
		name = ARG(1) + BPF_MAP_NAME_AT;
	if (SAVED(&bpf->payload.command) == BPF_PROG_LOAD)
		name = ARG(1) + BPF_PROGRAM_NAME_AT;
	if (name) {
		if (!bpf_probe_read_user(&type, sizeof(type), (const void *)ARG(1)))
			FILL(&bpf->payload, BPF, object_type, type);
		/* Older callers know of no name. */
		if (ARG(2) > BPF_PROGRAM_NAME_AT || (command == BPF_MAP_CREATE && ARG(2) > BPF_MAP_NAME_AT)) {
			/* Where it has no end, it is followed by something else. */
			if (!bpf_probe_read_user((char *)bpf + at, BPF_NAME_BYTES, (const void *)name)) {
				bpf->payload.present |= BPF_name;
				bpf->payload.name.name = BPF_NAME_BYTES;
				at += BPF_NAME_BYTES;
			}
		}
	}
	submit(KIND_BPF, &bpf->record, at);
}

/* (struct perf_event_attr *attributes, pid_t pid, int cpu, int group, unsigned long flags) */
CALL(perf_event_open)
{
	struct perf_event_record *perf = BEGIN_CALL(perf_event, KIND_PERF_EVENT);
	struct {
		u32 type;
		u32 size;
		u64 config;
	} attributes = {};

	if (!perf)
		return;
	FILL(&perf->payload, PERF_EVENT, target_ns_pid, ARG(1));
	FILL(&perf->payload, PERF_EVENT, cpu, ARG(2));
	if (!bpf_probe_read_user(&attributes, sizeof(attributes), (const void *)ARG(0))) {
		FILL(&perf->payload, PERF_EVENT, event_type, attributes.type);
		FILL(&perf->payload, PERF_EVENT, config, attributes.config);
	}
	submit(KIND_PERF_EVENT, &perf->record, sizeof(*perf));
}

/* (unsigned int entries, struct io_uring_params *parameters), whose flags come after two numbers */
CALL(io_uring_setup)
{
	struct io_uring_record *uring = BEGIN_CALL(io_uring, KIND_IO_URING);
	u32 flags = 0;

	if (!uring)
		return;
	FILL(&uring->payload, IO_URING, entries, ARG(0));
	if (!bpf_probe_read_user(&flags, sizeof(flags), (const void *)(ARG(1) + 8)))
		FILL(&uring->payload, IO_URING, flags, flags);
	submit(KIND_IO_URING, &uring->record, sizeof(*uring));
}
