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

/*
 * Ports in host order, addresses as frames have them: IPv4 as IPv4-mapped IPv6 addresses. Aligned, as they are compared
 * by words.
 */
struct socket_facts {
	u8 peer[16];
	u8 local[16];
	u16 peer_port;
	u16 local_port;
	u16 family;
	u16 type;
	u16 protocol;
} __attribute__((aligned(8)));

static __always_inline void map_ipv4(u8 *address)
{
	address[10] = address[11] = 0xff;
}

static __always_inline bool is_mapped(const u8 *address)
{
	const u32 *words = (const u32 *)address;

	return !words[0] && !words[1] && words[2] == __builtin_bswap32(0xffff);
}

/* Neither of IPv4 nor of IPv6. */
static __always_inline bool is_unspecified(const u8 *address)
{
	const u32 *words = (const u32 *)address;

	return !words[0] && !words[1] && !words[3] && (!words[2] || is_mapped(address));
}

static __always_inline void read_socket(struct socket_facts *facts, struct sock *sk)
{
	struct sock_common *common = __builtin_preserve_access_index(&sk->__sk_common);

	__builtin_memset(facts, 0, sizeof(*facts));
	facts->family = BPF_CORE_READ(common, skc_family);
	facts->type = BPF_CORE_READ(sk, sk_type);
	facts->protocol = BPF_CORE_READ(sk, sk_protocol);
	if (facts->family != AF_INET && facts->family != AF_INET6)
		return;
	facts->peer_port = __builtin_bswap16(BPF_CORE_READ(common, skc_dport));
	facts->local_port = BPF_CORE_READ(common, skc_num);
	if (facts->family == AF_INET) {
		map_ipv4(facts->peer);
		map_ipv4(facts->local);
		BPF_CORE_READ_INTO((u32 *)(facts->peer + 12), common, skc_daddr);
		BPF_CORE_READ_INTO((u32 *)(facts->local + 12), common, skc_rcv_saddr);
	} else if (bpf_core_field_exists(common->skc_v6_daddr)) {
		BPF_CORE_READ_INTO((struct in6_addr *)facts->peer, common, skc_v6_daddr);
		BPF_CORE_READ_INTO((struct in6_addr *)facts->local, common, skc_v6_rcv_saddr);
	}
}

static __always_inline bool is_internet(u16 family)
{
	return family == AF_INET || family == AF_INET6;
}

/* Appends the name of a unix socket's peer, without the family before it, and returns its length; 0: it has none. */
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

/* The peer of a connected socket. A connect with AF_UNSPEC takes a peer away, which leaves zeros. */
static __always_inline u32 fill_peer(struct connect_record *connect, struct socket_facts *facts, struct sock *sk, u32 at)
{
	struct connect_fields *payload = &connect->payload;

	payload->family = facts->family;
	if (facts->family == AF_UNIX) {
		payload->unix_path.name = append_unix_peer((char *)connect + at, sk);
		if (payload->unix_path.name)
			payload->present |= CONNECT_unix_path;
		return at + payload->unix_path.name;
	}
	if (!is_internet(facts->family))
		return at;
	if (facts->local_port) {
		FILL(payload, CONNECT, local_port, facts->local_port);
		__builtin_memcpy(payload->local_address, facts->local, sizeof(facts->local));
		payload->present |= CONNECT_local_address;
	}
	if (!facts->peer_port && is_unspecified(facts->peer)) {
		payload->family = AF_UNSPEC;
		return at;
	}
	if (is_mapped(facts->peer))
		payload->family = AF_INET;
	FILL(payload, CONNECT, port, facts->peer_port);
	__builtin_memcpy(payload->address, facts->peer, sizeof(facts->peer));
	payload->present |= CONNECT_address;
	return at;
}

/* sockaddr_in, and sockaddr_in6, whose address stands elsewhere. */
struct caller_address {
	u16 family;
	u16 port;
	u32 ipv4;
	u8 ipv6[16];
};

/* The peer that a caller named, whose sockaddr has been read to `at`. */
static __always_inline u32 fill_named_peer(struct connect_record *connect, u32 at, u32 length)
{
	struct connect_fields *payload = &connect->payload;
	struct caller_address *named = (void *)connect + at;

	if (length < sizeof(u16))
		return at;
	payload->family = named->family;
	if (named->family == AF_UNIX && length > sizeof(u16)) {
		payload->present |= CONNECT_unix_path;
		/* Decode passes over the family, which stands where a walk would. */
		payload->unix_path.walk = sizeof(u16);
		payload->unix_path.name = length - sizeof(u16);
		return at + length;
	}
	if (named->family == AF_INET && length >= 8) {
		map_ipv4(payload->address);
		*(u32 *)(payload->address + 12) = named->ipv4;
	} else if (named->family == AF_INET6 && length >= 24) {
		__builtin_memcpy(payload->address, named->ipv6, sizeof(named->ipv6));
		if (is_mapped(payload->address))
			payload->family = AF_INET;
	} else {
		return at;
	}
	payload->present |= CONNECT_address;
	FILL(payload, CONNECT, port, __builtin_bswap16(named->port));
	return at;
}

SEC("tracepoint/syscalls/sys_exit_connect")
int connect_returned(struct syscall_exit *call)
{
	struct connect_record *connect = BEGIN(connect, KIND_CONNECT);
	struct pt_regs *registers = saved_registers();
	struct connect_fields *payload;
	u32 at = sizeof(*connect);
	struct socket_facts facts;
	struct sock *sk;
	u32 length;

	if (!connect)
		return 0;
	payload = &connect->payload;
	connect->record.result = call->result;
	FILL(payload, CONNECT, fd, ARGUMENT_0(registers));
	FILL(payload, CONNECT, family, AF_UNSPEC);
	sk = socket_of(file_of((struct task_struct *)bpf_get_current_task_btf(), payload->fd));
	if (sk) {
		read_socket(&facts, sk);
		FILL(payload, CONNECT, socket_type, facts.type);
		/* Of other families it is another numbering. */
		if (is_internet(facts.family))
			FILL(payload, CONNECT, protocol, facts.protocol);
	}

	if (sk && (call->result == 0 || call->result == -EINPROGRESS)) {
		at = fill_peer(connect, &facts, sk, at);
	} else {
		connect->record.flags |= EVENT_UNRESOLVED;
		length = ARGUMENT_2(registers);
		BOUND(length, ADDRESS_BYTES);
		if (bpf_probe_read_user((char *)connect + at, length, (const void *)ARGUMENT_1(registers)))
			connect->record.flags |= EVENT_PARTIAL;
		else
			at = fill_named_peer(connect, at, length);
	}
	submit(&connect->record, at);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_listen")
int listen_returned(struct syscall_exit *call)
{
	struct listen_record *listen = BEGIN(listen, KIND_LISTEN);
	struct pt_regs *registers = saved_registers();
	struct listen_fields *payload;
	struct socket_facts facts;
	struct sock *sk;

	if (!listen)
		return 0;
	payload = &listen->payload;
	listen->record.result = call->result;
	FILL(payload, LISTEN, fd, ARGUMENT_0(registers));
	FILL(payload, LISTEN, backlog, ARGUMENT_1(registers));
	sk = socket_of(file_of((struct task_struct *)bpf_get_current_task_btf(), payload->fd));
	if (sk) {
		read_socket(&facts, sk);
		FILL(payload, LISTEN, family, facts.family);
		FILL(payload, LISTEN, socket_type, facts.type);
		if (is_internet(facts.family)) {
			FILL(payload, LISTEN, port, facts.local_port);
			__builtin_memcpy(payload->address, facts.local, sizeof(facts.local));
			payload->present |= LISTEN_address;
		}
	}
	submit(&listen->record, sizeof(*listen));
	return 0;
}
