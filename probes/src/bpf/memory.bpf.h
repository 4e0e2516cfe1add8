// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Memory that becomes code. */
#pragma once

#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_ANONYMOUS 0x20

CALL(memfd_create)
{
	struct memfd_record *memfd = BEGIN_CALL(memfd, KIND_MEMFD);
	u32 at = sizeof(*memfd);

	if (!memfd)
		return;
	FILL(&memfd->payload, MEMFD, flags, ARG(1));
	memfd->payload.present |= MEMFD_name;
	at = append_user_string(&memfd->record, &memfd->payload.name, at, ARG(0));
	submit(KIND_MEMFD, &memfd->record, at);
}

static __noinline void report_mmap(struct call *call, u64 length, u32 protection, u32 flags, s32 fd)
{
	bool of_file = !(flags & MAP_ANONYMOUS);
	struct file_facts facts;
	struct mmap_record *mmap;
	struct file *file;
	u32 at = sizeof(*mmap);

	/* A program's code is mapped from its file, and cannot be written. */
	if (!(protection & PROT_EXEC) || (of_file && !(protection & PROT_WRITE)))
		return;
	mmap = BEGIN_CALL(mmap, KIND_MMAP);
	if (!mmap)
		return;
	if (call->result < 0 && call->result > -4096)
		FILL(&mmap->payload, MMAP, address, 0);
	else
		FILL(&mmap->payload, MMAP, address, call->result);
	FILL(&mmap->payload, MMAP, length, length);
	FILL(&mmap->payload, MMAP, protection, protection);
	FILL(&mmap->payload, MMAP, flags, flags);
	if (!mmap->payload.address)
		mmap->payload.present &= ~MMAP_address;
	file = of_file ? own_file(fd) : NULL;
	if (file) {
		read_file(&facts, file);
		FILL(&mmap->payload, MMAP, inode, facts.inode);
		FILL(&mmap->payload, MMAP, dev, facts.dev);
		FILL(&mmap->payload, MMAP, file_mode, facts.mode);
		mmap->payload.present |= MMAP_path;
		at = append_descriptor(&mmap->record, &mmap->payload.path, at, fd);
	}
	submit(KIND_MMAP, &mmap->record, at);
}

CALL(mmap)
{
	report_mmap(call, ARG(1), ARG(2), ARG(3), ARG(4));
}

/* i386: what it is to be stands in memory. */
CALL(mmap_old)
{
	u32 arguments[6] = {};

	bpf_probe_read_user(arguments, sizeof(arguments), (const void *)ARG(0));
	report_mmap(call, arguments[1], arguments[2], arguments[3], arguments[4]);
}

static __noinline void report_mprotect(struct call *call)
{
	struct mprotect_record *mprotect;

	if (!(ARG(2) & PROT_EXEC))
		return;
	mprotect = BEGIN_CALL(mprotect, KIND_MPROTECT);
	if (!mprotect)
		return;
	FILL(&mprotect->payload, MPROTECT, address, ARG(0));
	FILL(&mprotect->payload, MPROTECT, length, ARG(1));
	FILL(&mprotect->payload, MPROTECT, protection, ARG(2));
	submit(KIND_MPROTECT, &mprotect->record, sizeof(*mprotect));
}

CALL(mprotect)
{
	report_mprotect(call);
}

CALL(pkey_mprotect)
{
	report_mprotect(call);
}

CALL(userfaultfd)
{
	struct userfaultfd_record *userfaultfd = BEGIN_CALL(userfaultfd, KIND_USERFAULTFD);

	if (!userfaultfd)
		return;
	FILL(&userfaultfd->payload, USERFAULTFD, flags, ARG(0));
	submit(KIND_USERFAULTFD, &userfaultfd->record, sizeof(*userfaultfd));
}
