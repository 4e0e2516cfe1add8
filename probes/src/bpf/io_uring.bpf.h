// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What is done through io_uring, which no system call's end tells of. What was asked for is known when it is submitted: the kernel
 * has copied the names by then, so that nobody can change them any more. What came of it is known when it is completed, when
 * the names are gone. In between the record is held.
 */
#pragma once

/* uapi/linux/io_uring.h */
enum {
	IORING_OP_SENDMSG = 9,
	IORING_OP_ACCEPT = 13,
	IORING_OP_CONNECT = 16,
	IORING_OP_OPENAT = 18,
	IORING_OP_OPENAT2 = 28,
	IORING_OP_RENAMEAT = 35,
	IORING_OP_UNLINKAT = 36,
	IORING_OP_MKDIRAT = 37,
	IORING_OP_SYMLINKAT = 38,
	IORING_OP_LINKAT = 39,
	IORING_OP_SOCKET = 45,
	IORING_OP_SENDMSG_ZC = 48,
	IORING_OP_BIND = 56,
	IORING_OP_LISTEN = 57,
};

#define O_LARGEFILE 0100000

/* The descriptor is a place in the ring's own table. */
#define REQ_F_FIXED_FILE (1 << 0)
/* Its success is not told: IOSQE_CQE_SKIP_SUCCESS. */
#define REQ_F_CQE_SKIP (1 << 6)

struct io_cqe {
	s32 res;
	/* Until it is completed. */
	s32 fd;
} CORE;

struct io_ring_ctx {
	/* A bit field. */
	unsigned int compat : 1;
} CORE;

struct io_kiocb {
	struct io_ring_ctx *ctx;
	struct file *file;
	u8 opcode;
	/* Its lower half, from 6.9 on. */
	u32 flags;
	struct io_cqe cqe;
} CORE;

struct filename {
	const char *name;
} CORE;

/* What a request has of its own, by its opcode. */
struct io_open {
	s32 dfd;
	/* Not 0: it is opened into the ring's own table. */
	u32 file_slot;
	struct filename *filename;
	struct open_how how;
} CORE;

struct io_unlink {
	s32 dfd;
	s32 flags;
	struct filename *filename;
} CORE;

struct io_rename {
	s32 old_dfd, new_dfd;
	struct filename *oldpath, *newpath;
	s32 flags;
} CORE;

struct io_link {
	s32 old_dfd, new_dfd;
	struct filename *oldpath, *newpath;
	s32 flags;
} CORE;

struct io_mkdir {
	s32 dfd;
	u16 mode;
	struct filename *filename;
} CORE;

struct io_connect {
	void *addr;
	s32 addr_len;
} CORE;

struct io_socket {
	s32 domain, type, protocol;
	u32 file_slot;
} CORE;

struct io_accept {
	u32 file_slot;
} CORE;

struct io_listen {
	s32 backlog;
} CORE;

struct io_sr_msg {
	void *umsg;
	u32 msg_flags;
} CORE;

/* Longer records are told when they are submitted. */
#define HELD_BYTES 1024

struct held {
	char bytes[HELD_BYTES];
};

/* By the request's address. Once it is full, what is submitted is told at once. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 512);
	__type(key, u64);
	__type(value, struct held);
} held_records SEC(".maps");

/* --- what is submitted --------------------------------------------------------------------------------------- */

/* Whether it will be told when it is completed, however it ends. */
static __always_inline bool will_be_told(struct io_kiocb *req)
{
	return !(BPF_CORE_READ(req, flags) & REQ_F_CQE_SKIP);
}

/* Ends a record that is built when its request is submitted: it is held, or told with its outcome not known. */
static __noinline void hold(struct record *record, enum kind kind, u32 length, struct io_kiocb *req)
{
	u64 key = (u64)req;

	record->flags |= EVENT_IO_URING;
	record->length = length;
	if (length <= HELD_BYTES && will_be_told(req) && !bpf_map_update_elem(&held_records, &key, record, BPF_ANY)) {
		give_back(record);
		return;
	}
	/* What is there is of an earlier request at this place, whose end was not told. */
	bpf_map_delete_elem(&held_records, &key);
	record->flags |= EVENT_SUBMITTED;
	submit(kind, record, length);
}

/* As append_named(), of a name that the kernel has copied. */
static __noinline u32 append_copied(struct record *record, struct text *text, u32 at, struct filename *filename, s64 folder)
{
	const char *name = BPF_CORE_READ(filename, name);
	char first = 0;
	u32 end;

	record->flags |= EVENT_UNRESOLVED;
	BOUND(at, SLOT_BYTES - PATH_ROOM - STRING_BYTES);
	bpf_probe_read_kernel(&first, sizeof(first), name);
	text->walk = append_start(record, first, at, folder);
	end = append_string(record, text, at + text->walk, name);
	if (text->name)
		return end;
	record->flags |= EVENT_PARTIAL;
	text->walk = 0;
	return at;
}

static __noinline void open_submitted(struct io_kiocb *req)
{
	struct io_open *asked = (struct io_open *)req;
	struct open_record *open = BEGIN(open, KIND_OPEN);
	/* Without what the kernel adds by itself. */
	u64 flags = BPF_CORE_READ(asked, how.flags) & ~O_LARGEFILE;
	s64 folder = (u32)BPF_CORE_READ(asked, dfd);
	u32 at = sizeof(*open);

	if (!open)
		return;
	if (BPF_CORE_READ(asked, how.resolve) & RESOLVE_IN_ROOT)
		folder |= IS_ROOT;
	FILL(&open->payload, OPEN, flags, flags);
	FILL(&open->payload, OPEN, mode, flags & O_MAY_CREATE ? BPF_CORE_READ(asked, how.mode) : 0);
	FILL(&open->payload, OPEN, created, 0);
	open->payload.present |= OPEN_path;
	at = append_copied(&open->record, &open->payload.path, at, BPF_CORE_READ(asked, filename), folder);
	hold(&open->record, KIND_OPEN, at, req);
}

static __noinline void unlink_submitted(struct io_kiocb *req)
{
	struct io_unlink *asked = (struct io_unlink *)req;
	struct unlink_record *unlink = BEGIN(unlink, KIND_UNLINK);
	u32 at = sizeof(*unlink);

	if (!unlink)
		return;
	FILL(&unlink->payload, UNLINK, directory, (BPF_CORE_READ(asked, flags) & AT_REMOVEDIR) != 0);
	unlink->payload.present |= UNLINK_path;
	at = append_copied(&unlink->record, &unlink->payload.path, at, BPF_CORE_READ(asked, filename), BPF_CORE_READ(asked, dfd));
	hold(&unlink->record, KIND_UNLINK, at, req);
}

static __noinline void rename_submitted(struct io_kiocb *req)
{
	struct io_rename *asked = (struct io_rename *)req;
	struct rename_record *rename = BEGIN(rename, KIND_RENAME);
	u32 at = sizeof(*rename);

	if (!rename)
		return;
	FILL(&rename->payload, RENAME, flags, BPF_CORE_READ(asked, flags));
	rename->payload.present |= RENAME_old_path | RENAME_new_path;
	at = append_copied(&rename->record, &rename->payload.old_path, at, BPF_CORE_READ(asked, oldpath),
			   BPF_CORE_READ(asked, old_dfd));
	at = append_copied(&rename->record, &rename->payload.new_path, at, BPF_CORE_READ(asked, newpath),
			   BPF_CORE_READ(asked, new_dfd));
	hold(&rename->record, KIND_RENAME, at, req);
}

static __noinline void link_submitted(struct io_kiocb *req)
{
	struct io_link *asked = (struct io_link *)req;
	struct link_record *link = BEGIN(link, KIND_LINK);
	u32 at = sizeof(*link);

	if (!link)
		return;
	FILL(&link->payload, LINK, flags, BPF_CORE_READ(asked, flags));
	link->payload.present |= LINK_old_path | LINK_new_path;
	at = append_copied(&link->record, &link->payload.old_path, at, BPF_CORE_READ(asked, oldpath),
			   BPF_CORE_READ(asked, old_dfd));
	at = append_copied(&link->record, &link->payload.new_path, at, BPF_CORE_READ(asked, newpath),
			   BPF_CORE_READ(asked, new_dfd));
	hold(&link->record, KIND_LINK, at, req);
}

/* Of a symbolic link it is oldpath that is written into it. */
static __noinline void symlink_submitted(struct io_kiocb *req)
{
	struct io_link *asked = (struct io_link *)req;
	struct symlink_record *symlink = BEGIN(symlink, KIND_SYMLINK);
	u32 at = sizeof(*symlink);

	if (!symlink)
		return;
	symlink->payload.present |= SYMLINK_target | SYMLINK_path;
	at = append_string(&symlink->record, &symlink->payload.target, at, BPF_CORE_READ(asked, oldpath, name));
	at = append_copied(&symlink->record, &symlink->payload.path, at, BPF_CORE_READ(asked, newpath),
			   BPF_CORE_READ(asked, new_dfd));
	hold(&symlink->record, KIND_SYMLINK, at, req);
}

static __noinline void mkdir_submitted(struct io_kiocb *req)
{
	struct io_mkdir *asked = (struct io_mkdir *)req;
	struct mkdir_record *mkdir = BEGIN(mkdir, KIND_MKDIR);
	u32 at = sizeof(*mkdir);

	if (!mkdir)
		return;
	FILL(&mkdir->payload, MKDIR, mode, BPF_CORE_READ(asked, mode));
	mkdir->payload.present |= MKDIR_path;
	at = append_copied(&mkdir->record, &mkdir->payload.path, at, BPF_CORE_READ(asked, filename), BPF_CORE_READ(asked, dfd));
	hold(&mkdir->record, KIND_MKDIR, at, req);
}

/* --- sockets ------------------------------------------------------------------------------------------------------- */

/* What is known of these without names; `file` is their socket, once it is known. */
static __noinline void report_of_socket(struct io_kiocb *req, u8 opcode, s64 result, u16 flags, struct file *file)
{
	struct call call = { .argument[0] = (u64)file, .result = result, .flags = flags };
	struct io_ring_ctx *ring = BPF_CORE_READ(req, ctx);

	/* Made by a 32-bit call: what a request points at is laid out so. */
	call.compat = BPF_CORE_READ_BITFIELD_PROBED(ring, compat);
	if (call.compat)
		call.flags |= EVENT_COMPAT;

	switch (opcode) {
	case IORING_OP_CONNECT: {
		struct io_connect *asked = (struct io_connect *)req;

		connect_returns(&call, NO_FD, (u64)BPF_CORE_READ(asked, addr), BPF_CORE_READ(asked, addr_len));
		break;
	}
	case IORING_OP_SOCKET: {
		struct io_socket *asked = (struct io_socket *)req;

		report_socket(&call, BPF_CORE_READ(asked, domain), BPF_CORE_READ(asked, type), BPF_CORE_READ(asked, protocol));
		break;
	}
	case IORING_OP_BIND:
		report_bind(&call, NO_FD, 0, 0);
		break;
	case IORING_OP_LISTEN:
		/* 6.11. */
		if (!bpf_core_type_exists(struct io_listen))
			break;
		report_listen(&call, NO_FD, BPF_CORE_READ((struct io_listen *)req, backlog));
		break;
	case IORING_OP_ACCEPT:
		/* Into the ring's own table: the result is no descriptor. */
		if (BPF_CORE_READ((struct io_accept *)req, file_slot) && result >= 0) {
			call.result = 0;
			call.flags |= EVENT_PARTIAL;
		}
		report_accept(&call, NO_FD);
		break;
	case IORING_OP_SENDMSG:
	case IORING_OP_SENDMSG_ZC: {
		struct io_sr_msg *asked = (struct io_sr_msg *)req;

		report_message(&call, NO_FD, result, (u64)BPF_CORE_READ(asked, umsg), BPF_CORE_READ(asked, msg_flags));
		break;
	}
	}
}

static __always_inline void request_submitted(struct io_kiocb *req)
{
	u8 opcode = BPF_CORE_READ(req, opcode);

	switch (opcode) {
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
		open_submitted(req);
		break;
	case IORING_OP_UNLINKAT:
		unlink_submitted(req);
		break;
	case IORING_OP_RENAMEAT:
		rename_submitted(req);
		break;
	case IORING_OP_LINKAT:
		link_submitted(req);
		break;
	case IORING_OP_SYMLINKAT:
		symlink_submitted(req);
		break;
	case IORING_OP_MKDIRAT:
		mkdir_submitted(req);
		break;
	default:
		if (!will_be_told(req))
			report_of_socket(req, opcode, 0, EVENT_IO_URING | EVENT_SUBMITTED,
					 BPF_CORE_READ(req, flags) & REQ_F_FIXED_FILE ? NULL : own_file(BPF_CORE_READ(req, cqe.fd)));
	}
}

/* void (io_kiocb *request) */
SEC("tp_btf/io_uring_submit_req")
int io_uring_submitted(u64 *ctx)
{
	request_submitted((struct io_kiocb *)ctx[0]);
	return 0;
}

/* void (io_kiocb *request, bool force_nonblock); until 6.2. */
SEC("tp_btf/io_uring_submit_sqe")
int io_uring_submitted_before(u64 *ctx)
{
	request_submitted((struct io_kiocb *)ctx[0]);
	return 0;
}

/* --- what is completed --------------------------------------------------------------------------------------------- */

/* A file that was opened: its path is the kernel's own; as asked for it stands beside. */
static __noinline u32 fill_completed(struct open_record *open, struct file *file, struct held *held)
{
	struct text asked = open->payload.path;
	u32 at = sizeof(*open), length = asked.walk + asked.name, walk_end;

	open->record.flags &= ~EVENT_UNRESOLVED;
	if (shares_files())
		open->record.flags |= EVENT_SHARED;
	open->payload.path.name = 0;
	at = walk_end = fill_opened(open, file, open->payload.flags);
	BOUND(length, HELD_BYTES - sizeof(*open));
	BOUND(at, SLOT_BYTES - HELD_BYTES);
	if (!bpf_probe_read_kernel((char *)open + at, length, held->bytes + sizeof(*open))) {
		open->payload.present |= OPEN_asked;
		open->payload.asked = asked;
		at += length;
	}
	open->payload.present |= OPEN_host_path;
	return append_host_path(&open->record, &open->payload.host_path, at, walk_end, file);
}

static __noinline void report_held(struct held *held, struct io_kiocb *req, s64 result)
{
	struct record *kept = (struct record *)held->bytes, *record;
	u32 length = kept->length, process = kept->pid;
	enum kind kind = kept->kind;
	u64 key = (u64)req;
	struct file *file;

	record = prepare(kind);
	BOUND(length, HELD_BYTES);
	if (record && bpf_probe_read_kernel(record, length, held->bytes)) {
		abandon(record);
		record = NULL;
	}
	if (record) {
		record->result = result;
		record->time_boot_ns = bpf_ktime_get_boot_ns();
		/* Whoever completes it may be another, with other descriptors. */
		if (kind == KIND_OPEN && result >= 0 && process == bpf_get_current_pid_tgid() >> 32 &&
		    !BPF_CORE_READ((struct io_open *)req, file_slot)) {
			file = own_file(result);
			if (file)
				length = fill_completed((struct open_record *)record, file, held);
		}
		submit(kind, record, length);
	}
	bpf_map_delete_elem(&held_records, &key);
}

/* void (io_ring_ctx *ring, void *request, …); the request is NULL of further completions of one. */
SEC("tp_btf/io_uring_complete")
int io_uring_completed(u64 *ctx)
{
	struct io_kiocb *req = (struct io_kiocb *)ctx[1];
	struct held *held;
	u64 key = ctx[1];
	u8 opcode;

	if (!req)
		return 0;
	opcode = BPF_CORE_READ(req, opcode);
	switch (opcode) {
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
	case IORING_OP_UNLINKAT:
	case IORING_OP_RENAMEAT:
	case IORING_OP_LINKAT:
	case IORING_OP_SYMLINKAT:
	case IORING_OP_MKDIRAT:
		held = bpf_map_lookup_elem(&held_records, &key);
		if (held)
			report_held(held, req, BPF_CORE_READ(req, cqe.res));
		break;
	default:
		report_of_socket(req, opcode, BPF_CORE_READ(req, cqe.res), EVENT_IO_URING, BPF_CORE_READ(req, file));
	}
	return 0;
}
