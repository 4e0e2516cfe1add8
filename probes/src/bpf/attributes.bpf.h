// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What is said of files: permissions, owners, lengths, times, extended attributes. By name, or by descriptor. */
#pragma once

/* Fills `path` of what was named by a folder and a name; without a name (0) the folder is the descriptor of what is meant. */
#define FILL_PATH(made, TABLE, where, path_name)                                                                       \
	({                                                                                                             \
		(made)->payload.present |= TABLE##_path;                                                               \
		if (path_name) {                                                                                       \
			at = append_named(&(made)->record, &(made)->payload.path, at, path_name, where);               \
		} else {                                                                                               \
			FILL(&(made)->payload, TABLE, fd, where);                                                      \
			at = append_descriptor(&(made)->record, &(made)->payload.path, at, where);                     \
		}                                                                                                      \
	})

static __noinline void report_chmod(struct call *call, s32 folder, u64 name, u32 mode)
{
	struct chmod_record *chmod = BEGIN_CALL(chmod, KIND_CHMOD);
	u32 at = sizeof(*chmod);

	if (!chmod)
		return;
	FILL(&chmod->payload, CHMOD, mode, mode & 07777);
	FILL_PATH(chmod, CHMOD, folder, name);
	submit(KIND_CHMOD, &chmod->record, at);
}

CALL(chmod)
{
	report_chmod(call, AT_FDCWD, ARG(0), ARG(1));
}

CALL(fchmod)
{
	report_chmod(call, ARG(0), 0, ARG(1));
}

CALL(fchmodat)
{
	report_chmod(call, ARG(0), ARG(1), ARG(2));
}

CALL(fchmodat2)
{
	report_chmod(call, ARG(0), ARG(1), ARG(2));
}

static __noinline void report_chown(struct call *call, s32 folder, u64 name, u32 owner, u32 group)
{
	struct chown_record *chown = BEGIN_CALL(chown, KIND_CHOWN);
	/* The older ones of i386 have 16 bits, of which all set says that it stays. */
	u32 stays = call->compat && (call->number == 182 || call->number == 95 || call->number == 16) ? 0xffff : 0xffffffff;
	u32 at = sizeof(*chown);

	if (!chown)
		return;
	if ((owner & stays) != stays)
		FILL(&chown->payload, CHOWN, owner, owner & stays);
	if ((group & stays) != stays)
		FILL(&chown->payload, CHOWN, group, group & stays);
	FILL_PATH(chown, CHOWN, folder, name);
	submit(KIND_CHOWN, &chown->record, at);
}

CALL(chown)
{
	report_chown(call, AT_FDCWD, ARG(0), ARG(1), ARG(2));
}

CALL(lchown)
{
	report_chown(call, AT_FDCWD, ARG(0), ARG(1), ARG(2));
}

CALL(fchown)
{
	report_chown(call, ARG(0), 0, ARG(1), ARG(2));
}

CALL(fchownat)
{
	report_chown(call, ARG(0), ARG(1), ARG(2), ARG(3));
}

static __noinline void report_truncate(struct call *call, s32 fd, u64 name)
{
	struct truncate_record *truncate = BEGIN_CALL(truncate, KIND_TRUNCATE);
	s64 size = ARG(1);
	u32 at = sizeof(*truncate);

	if (!truncate)
		return;
	/* truncate64 and ftruncate64 of i386 have it in two halves. */
	if (call->compat)
		size = call->number == 193 || call->number == 194 ? (s64)(ARG(1) | ARG(2) << 32) : (s32)ARG(1);
	FILL(&truncate->payload, TRUNCATE, size, size);
	FILL_PATH(truncate, TRUNCATE, fd, name);
	submit(KIND_TRUNCATE, &truncate->record, at);
}

CALL(truncate)
{
	report_truncate(call, AT_FDCWD, ARG(0));
}

CALL(ftruncate)
{
	report_truncate(call, ARG(0), 0);
}

/* The nanoseconds of a time that is not to be set, or to be now (utimensat(2)). */
#define UTIME_NOW 0x3fffffff
#define UTIME_OMIT 0x3ffffffe

/* `seconds` and `nanoseconds` of the time of the last change stand there in the caller's memory; 0: there are none. */
static __noinline void report_utimes(struct call *call, s32 folder, u64 name, u64 seconds, u64 nanoseconds)
{
	struct utimes_record *utimes = BEGIN_CALL(utimes, KIND_UTIMES);
	u32 at = sizeof(*utimes);
	u32 fraction = 0;
	s64 mtime = 0;

	if (!utimes)
		return;
	/* Those of i386 are laid out in several ways, of which none is followed. */
	if (seconds && !call->compat && !bpf_probe_read_user(&mtime, sizeof(mtime), (const void *)seconds)) {
		if (nanoseconds)
			bpf_probe_read_user(&fraction, sizeof(fraction), (const void *)nanoseconds);
		if (fraction != UTIME_NOW && fraction != UTIME_OMIT)
			FILL(&utimes->payload, UTIMES, mtime, mtime);
	}
	FILL_PATH(utimes, UTIMES, folder, name);
	submit(KIND_UTIMES, &utimes->record, at);
}

/* struct utimbuf { time_t actime, modtime; } */
CALL(utime)
{
	report_utimes(call, AT_FDCWD, ARG(0), ARG(1) ? ARG(1) + 8 : 0, 0);
}

/* struct timeval [2]: access, change */
CALL(utimes)
{
	report_utimes(call, AT_FDCWD, ARG(0), ARG(1) ? ARG(1) + 16 : 0, 0);
}

CALL(futimesat)
{
	report_utimes(call, ARG(0), ARG(1), ARG(2) ? ARG(2) + 16 : 0, 0);
}

/* struct timespec [2]: access, change */
CALL(utimensat)
{
	report_utimes(call, ARG(0), ARG(1), ARG(2) ? ARG(2) + 16 : 0, ARG(2) ? ARG(2) + 24 : 0);
}

static __noinline void report_xattr(struct call *call, s32 folder, u64 name, u64 attribute, bool removed)
{
	struct xattr_record *xattr = BEGIN_CALL(xattr, KIND_XATTR);
	u32 at = sizeof(*xattr);

	if (!xattr)
		return;
	FILL(&xattr->payload, XATTR, removed, removed);
	FILL_PATH(xattr, XATTR, folder, name);
	xattr->payload.present |= XATTR_name;
	at = append_user_string(&xattr->record, &xattr->payload.name, at, attribute);
	submit(KIND_XATTR, &xattr->record, at);
}

CALL(setxattr)
{
	report_xattr(call, AT_FDCWD, ARG(0), ARG(1), false);
}

CALL(lsetxattr)
{
	report_xattr(call, AT_FDCWD, ARG(0), ARG(1), false);
}

CALL(fsetxattr)
{
	report_xattr(call, ARG(0), 0, ARG(1), false);
}

/* (int folder, const char *path, unsigned int at_flags, const char *name, …) */
CALL(setxattrat)
{
	report_xattr(call, ARG(0), ARG(1), ARG(3), false);
}

CALL(removexattr)
{
	report_xattr(call, AT_FDCWD, ARG(0), ARG(1), true);
}

CALL(lremovexattr)
{
	report_xattr(call, AT_FDCWD, ARG(0), ARG(1), true);
}

CALL(fremovexattr)
{
	report_xattr(call, ARG(0), 0, ARG(1), true);
}

CALL(removexattrat)
{
	report_xattr(call, ARG(0), ARG(1), ARG(3), true);
}
