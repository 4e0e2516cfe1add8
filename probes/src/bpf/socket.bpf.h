// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Sockets: what stands behind a descriptor, and what an address of the caller's says. */
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

static __noinline void read_socket(struct socket_facts *facts, struct sock *sk)
{
	struct sock_common *common = __builtin_preserve_access_index(&sk->__sk_common);

	__builtin_memset(facts, 0, sizeof(*facts));
	facts->family = BPF_CORE_READ(common, skc_family);
	facts->type = BPF_CORE_READ(sk, sk_type);
	/* Where sk_protocol has 8 bits (before 5.6) there is no multipath TCP. */
	facts->protocol = BPF_CORE_READ(sk, sk_protocol);
	if (facts->protocol == IPPROTO_MPTCP)
		facts->protocol = IPPROTO_TCP;
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

static __always_inline struct sock *own_socket(u32 fd)
{
	return socket_of(own_file(fd));
}

/*
 * Appends the name that a unix socket is bound to, and returns the end: its path, where it has one (also where it was renamed
 * since, or was named from a working directory), else its abstract name, without the family before it.
 */
static __noinline u32 append_unix_name(struct record *record, struct text *text, u32 at, struct sock *sk)
{
	struct unix_address *address;
	struct unix_sock *unix;
	u32 length;

	/* af_unix may be a module, and its types then not in the kernel's BTF. */
	if (!sk || !bpf_core_type_exists(struct unix_sock))
		return at;
	unix = (struct unix_sock *)sk;
	if (BPF_CORE_READ(unix, path.dentry)) {
		/* Once, and without a key: a call more would not fit on the stack. */
		((struct slot *)record)->origin = 0;
		length = walk_path((u64)__builtin_preserve_access_index(&unix->path), ((struct slot *)record)->key * SLOT_BYTES + at);
		BOUND(length, PATH_ROOM);
		text->walk = length;
		return at + length;
	}
	address = BPF_CORE_READ(unix, addr);
	if (!address)
		return at;
	length = BPF_CORE_READ(address, len) - sizeof(u16);
	BOUND(length, ADDRESS_BYTES);
	BOUND(at, SLOT_BYTES - ADDRESS_BYTES);
	if (bpf_probe_read_kernel((char *)record + at, length, (void *)address->name + sizeof(u16)))
		return at;
	text->name = length;
	return at + length;
}

/* What a sockaddr of the caller's says: an internet address, or a place in his memory where a unix socket's path begins. */
struct named_address {
	u8 address[16];
	u64 path;
	u32 path_length;
	u16 family;
	u16 port;
	u32 cid;
	u32 vsock_port;
	bool is_internet;
} __attribute__((aligned(8)));

/* sockaddr_in, sockaddr_in6 and sockaddr_vm, as far as they are of interest. */
struct caller_address {
	u16 family;
	u16 port;
	/* vsock: the port. */
	u32 ipv4;
	union {
		u8 ipv6[16];
		u32 cid;
	};
} __attribute__((aligned(8)));

/* Returns whether it could be read. */
static __noinline bool read_named(struct named_address *named, u64 from, u32 length)
{
	struct caller_address raw = {};
	u32 size = length;

	__builtin_memset(named, 0, sizeof(*named));
	if (length < sizeof(u16))
		return false;
	BOUND(size, sizeof(raw));
	if (bpf_probe_read_user(&raw, size, (const void *)from))
		return false;
	named->family = raw.family;
	if (raw.family == AF_UNIX && length > sizeof(u16)) {
		named->path = from + sizeof(u16);
		named->path_length = length - sizeof(u16);
	} else if (raw.family == AF_INET && length >= 8) {
		map_ipv4(named->address);
		*(u32 *)(named->address + 12) = raw.ipv4;
		named->is_internet = true;
	} else if (raw.family == AF_INET6 && length >= 24) {
		__builtin_memcpy(named->address, raw.ipv6, sizeof(named->address));
		named->is_internet = true;
		if (is_mapped(named->address))
			named->family = AF_INET;
	} else if (raw.family == AF_VSOCK && length >= 12) {
		named->vsock_port = raw.ipv4;
		named->cid = raw.cid;
	}
	named->port = __builtin_bswap16(raw.port);
	return true;
}

/* Appends the path of a unix socket that a caller named, and returns the end. */
static __noinline u32 append_named_unix(struct record *record, struct text *text, u32 at, struct named_address *named)
{
	u32 length = named->path_length;

	BOUND(length, ADDRESS_BYTES);
	BOUND(at, SLOT_BYTES - ADDRESS_BYTES);
	if (!named->path || bpf_probe_read_user((char *)record + at, length, (const void *)named->path))
		return at;
	text->name = length;
	return at + length;
}

/* Whether facts about a socket have an address of this side. */
static __always_inline bool has_local(struct socket_facts *facts)
{
	return is_internet(facts->family) && facts->local_port;
}

static __always_inline bool has_peer(struct socket_facts *facts)
{
	return is_internet(facts->family) && (facts->peer_port || !is_unspecified(facts->peer));
}

/* As IPv4 where an IPv6 socket speaks it. */
static __always_inline u16 family_of(struct socket_facts *facts)
{
	return is_internet(facts->family) && is_mapped(facts->peer) ? AF_INET : facts->family;
}

/* Sets an address. */
#define FILL_ADDRESS(record, RECORD, field, value)                                                                     \
	(__builtin_memcpy((record)->field, value, 16), (record)->present |= RECORD##_##field)
