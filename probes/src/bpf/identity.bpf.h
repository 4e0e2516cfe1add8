// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Who a process is, and where: credentials, limits it sets itself, namespaces. */
#pragma once

static __noinline void report_credentials(struct call *call)
{
	struct credentials_record *changed = BEGIN_CALL(credentials, KIND_CREDENTIALS);
	struct task_struct *task = (struct task_struct *)bpf_get_current_task_btf();
	struct credentials_fields *payload;
	struct record *now;
	struct cred *cred;

	if (!changed)
		return;
	payload = &changed->payload;
	now = &changed->record;
	FILL(payload, CREDENTIALS, uid, now->uid);
	FILL(payload, CREDENTIALS, euid, now->euid);
	FILL(payload, CREDENTIALS, suid, now->suid);
	FILL(payload, CREDENTIALS, gid, now->gid);
	FILL(payload, CREDENTIALS, egid, now->egid);
	FILL(payload, CREDENTIALS, sgid, now->sgid);
	FILL(payload, CREDENTIALS, caps_effective, now->caps_effective);
	FILL(payload, CREDENTIALS, caps_permitted, now->caps_permitted);
	FILL(payload, CREDENTIALS, caps_inheritable, now->caps_inheritable);
	cred = task->cred;
	if (cred) {
		FILL(payload, CREDENTIALS, fsuid, cred->fsuid.val);
		FILL(payload, CREDENTIALS, fsgid, cred->fsgid.val);
	}
	submit(KIND_CREDENTIALS, &changed->record, sizeof(*changed));
}

CALL(setuid)
{
	report_credentials(call);
}

CALL(setgid)
{
	report_credentials(call);
}

CALL(setreuid)
{
	report_credentials(call);
}

CALL(setregid)
{
	report_credentials(call);
}

CALL(setresuid)
{
	report_credentials(call);
}

CALL(setresgid)
{
	report_credentials(call);
}

CALL(setgroups)
{
	report_credentials(call);
}

CALL(capset)
{
	report_credentials(call);
}

/* What these return is the id before, whether it was changed or not. */
CALL(setfsuid)
{
	call->result = 0;
	report_credentials(call);
}

CALL(setfsgid)
{
	call->result = 0;
	report_credentials(call);
}

/* Of uapi/linux/prctl.h. */
enum {
	PR_SET_DUMPABLE = 4,
	PR_SET_KEEPCAPS = 8,
	PR_SET_NAME = 15,
	PR_SET_SECCOMP = 22,
	PR_CAPBSET_DROP = 24,
	PR_SET_SECUREBITS = 28,
	PR_SET_MM = 35,
	PR_SET_CHILD_SUBREAPER = 36,
	PR_SET_NO_NEW_PRIVS = 38,
	PR_CAP_AMBIENT = 47,
	PR_SET_PTRACER = 0x59616d61,
	/* Of PR_CAP_AMBIENT, what only asks. */
	PR_CAP_AMBIENT_IS_SET = 1,
};

static __always_inline bool is_told(u32 option)
{
	switch (option) {
	case PR_SET_DUMPABLE:
	case PR_SET_KEEPCAPS:
	case PR_SET_NAME:
	case PR_SET_SECCOMP:
	case PR_CAPBSET_DROP:
	case PR_SET_SECUREBITS:
	case PR_SET_MM:
	case PR_SET_CHILD_SUBREAPER:
	case PR_SET_NO_NEW_PRIVS:
	case PR_CAP_AMBIENT:
	case PR_SET_PTRACER:
		return true;
	default:
		return false;
	}
}

CALL(prctl)
{
	u32 option = ARG(0), at;
	struct prctl_record *prctl;

	if (!is_told(option) || (option == PR_CAP_AMBIENT && ARG(1) == PR_CAP_AMBIENT_IS_SET))
		return;
	prctl = BEGIN_CALL(prctl, KIND_PRCTL);
	if (!prctl)
		return;
	at = sizeof(*prctl);
	FILL(&prctl->payload, PRCTL, option, option);
	FILL(&prctl->payload, PRCTL, value, ARG(1));
	if (SAVED(&prctl->payload.option) == PR_SET_NAME && call->result == 0) {
		/* By now it is the thread's. */
		prctl->payload.present |= PRCTL_name;
		at = append_string(&prctl->record, &prctl->payload.name, at, prctl->record.comm);
	}
	submit(KIND_PRCTL, &prctl->record, at);
}

/* The modes of prctl(PR_SET_SECCOMP), which are one more than the operations of seccomp(2). */
CALL(seccomp)
{
	struct prctl_record *prctl;

	/* What comes after strict (0) and filter (1) only asks. */
	if (ARG(0) > 1)
		return;
	prctl = BEGIN_CALL(prctl, KIND_PRCTL);
	if (!prctl)
		return;
	FILL(&prctl->payload, PRCTL, option, PR_SET_SECCOMP);
	FILL(&prctl->payload, PRCTL, value, ARG(0) + 1);
	submit(KIND_PRCTL, &prctl->record, sizeof(*prctl));
}

/* The pid namespace that its children are born into; its own never changes. */
static __always_inline u32 pid_ns_for_children(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task_btf();

	return BPF_CORE_READ(task, nsproxy, pid_ns_for_children, ns.inum);
}

#define FILL_NAMESPACES(name, TABLE)                                                                                   \
	({                                                                                                             \
		FILL(&(name)->payload, TABLE, mnt_ns, (name)->record.mnt_ns);                                          \
		FILL(&(name)->payload, TABLE, pid_ns, pid_ns_for_children());                                          \
		FILL(&(name)->payload, TABLE, net_ns, (name)->record.net_ns);                                          \
		FILL(&(name)->payload, TABLE, user_ns, (name)->record.user_ns);                                        \
	})

CALL(setns)
{
	struct setns_record *setns = BEGIN_CALL(setns, KIND_SETNS);

	if (!setns)
		return;
	FILL(&setns->payload, SETNS, fd, ARG(0));
	FILL(&setns->payload, SETNS, flags, ARG(1));
	FILL_NAMESPACES(setns, SETNS);
	submit(KIND_SETNS, &setns->record, sizeof(*setns));
}

CALL(unshare)
{
	struct unshare_record *unshare = BEGIN_CALL(unshare, KIND_UNSHARE);

	if (!unshare)
		return;
	FILL(&unshare->payload, UNSHARE, flags, ARG(0));
	FILL_NAMESPACES(unshare, UNSHARE);
	submit(KIND_UNSHARE, &unshare->record, sizeof(*unshare));
}
