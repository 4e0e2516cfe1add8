// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Opens. */
#pragma once

/* uapi/linux/openat2.h */
struct open_how {
	u64 flags;
	u64 mode;
	u64 resolve;
};

#define RESOLVE_IN_ROOT 0x10

/* Beside a descriptor, as IS_ROOT. */
#define IS_COMPAT (1ULL << 41)
/* Only where an open may create is there a mode. */
#define O_MAY_CREATE (O_CREAT | 020000000)

static __always_inline u32 flags_of(struct file *file, u32 asked)
{
	return BPF_CORE_READ(file, f_flags) | (asked & O_ONLY_ARGUMENT);
}

/* Adds to a key of a path what else an open's key stands for: who opens, and how. */
static __always_inline u64 open_key(u64 path_key, u64 image, u32 flags, s64 more)
{
	return path_key ? mix(mix(mix(path_key, image), flags), more) | 1 : 0;
}

/* What an open file says, and its path, after which the record ends. */
static __noinline u32 fill_opened(struct open_record *open, struct file *file, u32 asked)
{
	struct open_fields *payload = &open->payload;
	struct file_facts facts;

	payload->created = (BPF_CORE_READ(file, f_mode) & FMODE_CREATED) != 0;
	payload->flags = flags_of(file, asked);
	read_file(&facts, file);
	FILL(payload, OPEN, inode, facts.inode);
	FILL(payload, OPEN, dev, facts.dev);
	FILL(payload, OPEN, file_mode, facts.mode);
	FILL(payload, OPEN, file_upper, facts.upper);
	FILL(payload, OPEN, owner, facts.uid);
	FILL(payload, OPEN, links, facts.links);
	FILL(payload, OPEN, deleted, !facts.links);
	payload->present |= OPEN_path;
	payload->path.walk = append_path_of(file, &open->record, sizeof(*open));
	return sizeof(*open) + payload->path.walk;
}

/*
 * What was opened is read from the descriptor: by now another thread may have closed it (then the caller's name is all
 * there is), or put another file in its place, which is why the event says so where descriptors are shared.
 * A global function, so that the hooks share one body. `name` is 0 where there was none.
 */
__noinline int report_open(s64 result, u64 name, u64 folder_and_compat, u32 flags, u32 mode)
{
	s64 folder = (u32)folder_and_compat | (folder_and_compat & IS_ROOT);
	struct open_fields *payload;
	struct file *file = NULL;
	struct open_record *open;
	u32 at = sizeof(*open), epoch = current_epoch(), start, opened, walk_end;
	u64 key = 0, in_folder = 0, image = 0, who = 0, created;
	struct path_keys where = {};

	if (result >= 0)
		file = own_file(result);
	if (file && epoch && is_named_otherwise(file))
		epoch = 0;
	if (epoch) {
		image = image_key();
		who = image ? image : process_key();
	}
	if (file && epoch) {
		read_keys(&where, file);
		created = BPF_CORE_READ(file, f_mode) & FMODE_CREATED;
		opened = flags_of(file, flags);
		in_folder = open_key(where.folder, who, opened, created);
		key = open_key(where.path, who, opened, created);
		if (is_unwanted(in_folder, epoch) && !is_wanted_name(&where.up))
			return count_filtered(KIND_OPEN);
		if (is_unwanted(key, epoch))
			return count_filtered(KIND_OPEN);
	}
	open = PREPARE(open, KIND_OPEN);
	if (!open)
		return 0;
	payload = &open->payload;
	if (folder_and_compat & IS_COMPAT)
		open->record.flags |= EVENT_COMPAT;
	FILL(payload, OPEN, flags, flags);
	FILL(payload, OPEN, mode, flags & O_MAY_CREATE ? mode : 0);
	FILL(payload, OPEN, created, 0);
	if (!file) {
		if (name) {
			payload->present |= OPEN_path;
			start = at;
			at = append_named(&open->record, &payload->path, at, name, folder);
			/* One that succeeded, and whose descriptor is closed by now, is no failure. */
			if (epoch && result < 0)
				key = open_key(name_key(&open->record, &payload->path, start), who, flags, result);
			if (is_unwanted(key, epoch)) {
				abandon(&open->record);
				return count_filtered(KIND_OPEN);
			}
		}
		fill(&open->record, KIND_OPEN);
		open->record.key = key;
		open->record.image_key = image;
		open->record.result = result;
		submit(KIND_OPEN, &open->record, at);
		return 0;
	}
	fill(&open->record, KIND_OPEN);
	open->record.image_key = image;
	open->record.result = result;
	if (shares_files())
		open->record.flags |= EVENT_SHARED;
	at = walk_end = fill_opened(open, file, flags);
	/* What is told is what the key stands for. */
	if (where.path == ((struct slot *)open)->walk_key) {
		open->record.key = key;
		/* Verdicts on folders are not about these. */
		open->record.folder_key = is_wanted_name(&where.up) ? 0 : in_folder;
	}
	if (name) {
		payload->present |= OPEN_asked;
		at = append_asked(&open->record, &payload->asked, at, name, folder);
	}
	payload->present |= OPEN_host_path;
	at = append_host_path(&open->record, &payload->host_path, at, walk_end, file);
	submit(KIND_OPEN, &open->record, at);
	return 0;
}

static __always_inline u64 folder_of(struct call *call, u64 folder)
{
	return (call->compat ? IS_COMPAT : 0) | (u32)folder;
}

CALL(open)
{
	report_open(call->result, ARG(0), folder_of(call, AT_FDCWD), ARG(1), ARG(2));
}

CALL(creat)
{
	report_open(call->result, ARG(0), folder_of(call, AT_FDCWD), O_CREAT | O_WRONLY | O_TRUNC, ARG(1));
}

CALL(openat)
{
	report_open(call->result, ARG(1), folder_of(call, ARG(0)), ARG(2), ARG(3));
}

CALL(openat2)
{
	struct open_how how = {};
	u64 folder;

	/* The caller's memory: what comes of it is a claim, but for a file that was opened f_flags is not. */
	bpf_probe_read_user(&how, sizeof(how), (const void *)ARG(2));
	folder = folder_of(call, ARG(0)) | (how.resolve & RESOLVE_IN_ROOT ? IS_ROOT : 0);
	report_open(call->result, ARG(1), folder, how.flags, how.mode);
}

CALL(open_by_handle_at)
{
	report_open(call->result, 0, folder_of(call, AT_FDCWD), ARG(2), 0);
}
