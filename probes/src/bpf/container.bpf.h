// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Control groups, which containers begin and end with. */
#pragma once

/* The hierarchy that is followed: 0 is that of cgroup v2. */
#define HIERARCHY 0

/* void (struct cgroup *group, const char *path), from cgroup_mkdir(). */
SEC("tp_btf/cgroup_mkdir")
int cgroup_made(u64 *ctx)
{
	struct cgroup *group = (struct cgroup *)ctx[0];
	struct container_start_record *start;
	u32 at = sizeof(*start);

	if (BPF_CORE_READ(group, root, hierarchy_id) != HIERARCHY)
		return 0;
	start = BEGIN(container_start, KIND_CONTAINER_START);
	if (!start)
		return 0;
	FILL(&start->payload, CONTAINER_START, cgroup_id, BPF_CORE_READ(group, kn, id));
	start->payload.present |= CONTAINER_START_cgroup;
	at = append_string(&start->record, &start->payload.cgroup, at, (const char *)ctx[1]);
	submit(KIND_CONTAINER_START, &start->record, at);
	return 0;
}

/* Likewise, from cgroup_rmdir(). */
SEC("tp_btf/cgroup_rmdir")
int cgroup_removed(u64 *ctx)
{
	struct cgroup *group = (struct cgroup *)ctx[0];
	struct container_stop_record *stop;
	u32 at = sizeof(*stop);

	if (BPF_CORE_READ(group, root, hierarchy_id) != HIERARCHY)
		return 0;
	stop = BEGIN(container_stop, KIND_CONTAINER_STOP);
	if (!stop)
		return 0;
	FILL(&stop->payload, CONTAINER_STOP, cgroup_id, BPF_CORE_READ(group, kn, id));
	stop->payload.present |= CONTAINER_STOP_cgroup;
	at = append_string(&stop->record, &stop->payload.cgroup, at, (const char *)ctx[1]);
	submit(KIND_CONTAINER_STOP, &stop->record, at);
	return 0;
}
