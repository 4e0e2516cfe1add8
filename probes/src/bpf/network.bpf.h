// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Sockets: what stands behind a descriptor, and connect. */
#pragma once

/* NULL where the file is no socket. */
static __always_inline struct sock *socket_of(struct file *file)
{
	struct socket *socket;

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	/* NULL also for a path that was opened with O_PATH and leads to a unix socket. */
	socket = BPF_CORE_READ(file, private_data);
	return socket ? BPF_CORE_READ(socket, sk) : NULL;
}

/* Ports in host order. The caller has zeroed `facts`. */
static __always_inline void fill_socket(struct socket_facts *facts, struct sock *sk)
{
	struct sock_common *common = __builtin_preserve_access_index(&sk->__sk_common);

	facts->family = BPF_CORE_READ(common, skc_family);
	facts->type = BPF_CORE_READ(sk, sk_type);
	facts->protocol = BPF_CORE_READ(sk, sk_protocol);
	if (facts->family != AF_INET && facts->family != AF_INET6)
		return;
	facts->peer_port = __builtin_bswap16(BPF_CORE_READ(common, skc_dport));
	facts->local_port = BPF_CORE_READ(common, skc_num);
	if (facts->family == AF_INET) {
		BPF_CORE_READ_INTO((u32 *)facts->peer, common, skc_daddr);
		BPF_CORE_READ_INTO((u32 *)facts->local, common, skc_rcv_saddr);
	} else if (bpf_core_field_exists(common->skc_v6_daddr)) {
		BPF_CORE_READ_INTO((struct in6_addr *)facts->peer, common, skc_v6_daddr);
		BPF_CORE_READ_INTO((struct in6_addr *)facts->local, common, skc_v6_rcv_saddr);
	}
}

/* Appends the name of a unix socket's peer, without the family before it, and returns its length. */
static __always_inline u32 append_unix_peer(char *out, struct sock *sk)
{
	struct unix_address *address;
	struct sock *peer;
	u32 length;

	/* af_unix may be a module, and its types then not in the kernel's BTF. */
	if (!bpf_core_type_exists(struct unix_sock))
		return 0;
	peer = BPF_CORE_READ((struct unix_sock *)sk, peer);
	if (!peer)
		return 0;
	address = BPF_CORE_READ((struct unix_sock *)peer, addr);
	if (!address)
		return 0;
	length = BPF_CORE_READ(address, len) - sizeof(u16);
	BOUND(length, ADDRESS_BYTES);
	if (bpf_probe_read_kernel(out, length, (void *)address->name + sizeof(u16)))
		return 0;
	return length;
}

SEC("tracepoint/syscalls/sys_exit_connect")
int connect_returned(struct syscall_exit *call)
{
	struct connect_record *connect = begin(RECORD_CONNECT);
	struct pt_regs *registers = saved_registers();
	u32 at = sizeof(*connect);
	struct sock *sk;
	u32 length;

	if (!connect)
		return 0;
	connect->result = call->result;
	connect->fd = ARGUMENT_0(registers);
	connect->address_length = 0;
	__builtin_memset(&connect->socket, 0, sizeof(connect->socket));
	sk = socket_of(file_of((struct task_struct *)bpf_get_current_task_btf(), connect->fd));
	if (sk)
		fill_socket(&connect->socket, sk);

	if (sk && (call->result == 0 || call->result == -EINPROGRESS)) {
		connect->record.flags |= RECORD_RESOLVED;
		length = 0;
		if (connect->socket.family == AF_UNIX)
			length = append_unix_peer((char *)connect + at, sk);
	} else {
		length = ARGUMENT_2(registers);
		BOUND(length, ADDRESS_BYTES);
		if (bpf_probe_read_user((char *)connect + at, length, (const void *)ARGUMENT_1(registers)))
			length = 0;
	}
	connect->address_length = length;
	at += length;
	submit(&connect->record, at);
	return 0;
}
