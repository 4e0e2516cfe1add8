// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What sockets are made, and what is done with them. */
#pragma once

/* SOCK_NONBLOCK and SOCK_CLOEXEC stand beside the type. */
#define SOCK_TYPE_MASK 0xf

static __noinline void report_socket(struct call *call, u16 family, u32 type, u32 protocol)
{
	struct socket_record *socket = BEGIN_CALL(socket, KIND_SOCKET);

	if (!socket)
		return;
	FILL(&socket->payload, SOCKET, family, family);
	FILL(&socket->payload, SOCKET, socket_type, type & SOCK_TYPE_MASK);
	FILL(&socket->payload, SOCKET, protocol, protocol);
	submit(KIND_SOCKET, &socket->record, sizeof(*socket));
}

CALL(socket)
{
	report_socket(call, ARG(0), ARG(1), ARG(2));
}

/* --- connect, and what connects with the first data ---------------------------------------------------------------- */

/* The peer of a connected socket. A connect with AF_UNSPEC takes a peer away, which leaves nothing. */
static __always_inline u32 fill_peer(struct connect_record *connect, struct socket_facts *facts, struct sock *sk, u32 at)
{
	struct connect_fields *payload = &connect->payload;

	payload->family = family_of(facts);
	if (facts->family == AF_UNIX) {
		payload->present |= CONNECT_unix_path;
		if (!bpf_core_type_exists(struct unix_sock))
			return at;
		return append_unix_name(&connect->record, &payload->unix_path, at,
					BPF_CORE_READ((struct unix_sock *)sk, peer));
	}
	if (has_local(facts)) {
		FILL(payload, CONNECT, local_port, facts->local_port);
		FILL_ADDRESS(payload, CONNECT, local_address, facts->local);
	}
	if (has_peer(facts)) {
		FILL(payload, CONNECT, port, facts->peer_port);
		FILL_ADDRESS(payload, CONNECT, address, facts->peer);
	} else if (is_internet(facts->family)) {
		payload->family = AF_UNSPEC;
	}
	return at;
}

/* By itself, as what it needs of the stack would stand under the walks of paths. */
static __noinline u32 fill_named_peer(struct connect_record *connect, u32 at, u64 address, u32 length)
{
	struct connect_fields *payload = &connect->payload;
	struct named_address named;

	connect->record.flags |= EVENT_UNRESOLVED;
	if (!read_named(&named, address, length)) {
		connect->record.flags |= EVENT_PARTIAL;
		return at;
	}
	payload->family = named.family;
	if (named.is_internet) {
		FILL(payload, CONNECT, port, named.port);
		FILL_ADDRESS(payload, CONNECT, address, named.address);
	} else if (named.family == AF_VSOCK) {
		FILL(payload, CONNECT, cid, named.cid);
		FILL(payload, CONNECT, vsock_port, named.vsock_port);
	} else if (named.path) {
		payload->present |= CONNECT_unix_path;
		at = append_named_unix(&connect->record, &payload->unix_path, at, &named);
	}
	return at;
}

/* --- how connects end that were under way when the call returned --------------------------------------------------- */

/* By socket: who connects, as the record of the connect has it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u64);
	__type(value, struct record);
} connecting SEC(".maps");

/* Tells the end once, where somebody's connect is under way. */
static __noinline void connect_ended(struct sock *sk, u8 state)
{
	u64 key = (u64)sk;
	struct record *who = bpf_map_lookup_elem(&connecting, &key);
	struct connect_end_record *end;
	struct connect_end_fields *payload;
	struct socket_facts facts;
	s64 result = 0;

	if (!who)
		return;
	end = PREPARE(connect_end, KIND_CONNECT_END);
	if (end)
		bpf_probe_read_kernel(&end->record, sizeof(end->record), who);
	/* Where it fails, another processor has been here. */
	if (bpf_map_delete_elem(&connecting, &key) && end) {
		abandon(&end->record);
		return;
	}
	if (!end)
		return;
	if (state != TCP_ESTABLISHED) {
		result = -(s64)BPF_CORE_READ(sk, sk_err);
		/* Who closes a socket gives it up. */
		if (!result)
			result = -ECONNABORTED;
	}
	end->record.kind = KIND_CONNECT_END;
	end->record.flags &= EVENT_COMPAT | EVENT_IO_URING;
	end->record.time_boot_ns = bpf_ktime_get_boot_ns();
	end->record.result = result;
	payload = &end->payload;
	read_socket(&facts, sk);
	FILL(payload, CONNECT_END, family, family_of(&facts));
	FILL(payload, CONNECT_END, protocol, facts.protocol);
	if (has_local(&facts)) {
		FILL(payload, CONNECT_END, local_port, facts.local_port);
		FILL_ADDRESS(payload, CONNECT_END, local_address, facts.local);
	}
	if (has_peer(&facts)) {
		FILL(payload, CONNECT_END, port, facts.peer_port);
		FILL_ADDRESS(payload, CONNECT_END, address, facts.peer);
	}
	submit(KIND_CONNECT_END, &end->record, sizeof(*end));
}

/* Has the end told of a connect that is under way. */
static __noinline void keep_connecting(struct sock *sk, struct record *record)
{
	s64 result = SAVED(&record->result);
	u32 kind = KIND_CONNECT_END;
	u64 key = (u64)sk, *want;

	if (result != -EINPROGRESS && result != -EINTR)
		return;
	if (!is_internet(BPF_CORE_READ(sk, __sk_common.skc_family)) || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return;
	want = bpf_map_lookup_elem(&wanted, &kind);
	if (want && *want && bpf_map_update_elem(&connecting, &key, record, BPF_ANY))
		count(kind, 1);
}

/* It may have ended while the call returned. */
static __noinline void look_again(struct sock *sk)
{
	u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);

	if (state != TCP_SYN_SENT)
		connect_ended(sk, state);
}

/* void (const sock *sk, int old, int new), of TCP and others of the internet; whoever runs at the moment. */
SEC("tp_btf/inet_sock_set_state")
int socket_changed(u64 *ctx)
{
	if ((u32)ctx[1] == TCP_SYN_SENT)
		connect_ended((struct sock *)ctx[0], ctx[2]);
	return 0;
}

/* --- connect ------------------------------------------------------------------------------------------------------- */

/* The socket that a call is about. */
static __always_inline struct sock *socket_of_call(struct call *call, u32 fd)
{
	return call->flags & EVENT_IO_URING ? socket_of(file_of_request(call)) : own_socket(fd);
}

/* Beside a descriptor: an event's flags stand above it, and this. */
#define IS_FAST_OPEN (1ULL << 48)

/* A global function, as several calls connect. `file`: the socket, where it is not behind the descriptor. */
__noinline int report_connect(s64 result, u64 fd, u64 address, u32 length, u64 file)
{
	struct connect_record *connect = BEGIN(connect, KIND_CONNECT);
	struct connect_fields *payload;
	u32 at = sizeof(*connect);
	struct socket_facts facts;
	struct sock *sk;

	if (!connect)
		return 0;
	payload = &connect->payload;
	connect->record.result = result;
	connect->record.flags |= fd >> 32;
	FILL(payload, CONNECT, fd, fd);
	FILL(payload, CONNECT, family, AF_UNSPEC);
	FILL(payload, CONNECT, fast_open, (fd & IS_FAST_OPEN) != 0);
	sk = file ? socket_of((struct file *)file) : own_socket(fd);
	if (sk) {
		read_socket(&facts, sk);
		FILL(payload, CONNECT, socket_type, facts.type);
		/* Of other families it is another numbering. */
		if (is_internet(facts.family))
			FILL(payload, CONNECT, protocol, facts.protocol);
	}
	if (sk && facts.family != AF_VSOCK && (result >= 0 || result == -EINPROGRESS) &&
	    !(connect->record.flags & EVENT_SUBMITTED)) {
		if (!file && shares_files())
			connect->record.flags |= EVENT_SHARED;
		at = fill_peer(connect, &facts, sk, at);
	} else {
		at = fill_named_peer(connect, at, address, length);
	}
	/* Both see by what is in memory whether there is anything to do: see SAVED(). */
	keep_connecting(sk, &connect->record);
	submit(KIND_CONNECT, &connect->record, at);
	look_again(sk);
	return 0;
}

static __always_inline u64 with_flags(struct call *call, u64 fd)
{
	return (u64)call->flags << 32 | (u32)fd;
}

static __always_inline void connect_returns(struct call *call, u64 fd, u64 address, u32 length)
{
	report_connect(call->result, with_flags(call, fd), address, length, (u64)file_of_request(call));
}

CALL(connect)
{
	connect_returns(call, ARG(0), ARG(1), ARG(2));
}

/* --- data that is sent to an address ------------------------------------------------------------------------------- */

/* Likewise. */
__noinline int report_send(s64 result, u64 fd, u64 address, u32 length, u64 file)
{
	struct named_address named;
	struct send_record *send;
	struct send_fields *payload;
	struct socket_facts facts;
	u32 at = sizeof(*send);
	struct sock *sk;

	sk = file ? socket_of((struct file *)file) : own_socket(fd);
	if (!sk)
		return 0;
	read_socket(&facts, sk);
	/* A connection goes where it goes, whatever address is given. */
	if (facts.type == SOCK_STREAM)
		return 0;
	send = BEGIN(send, KIND_SEND);
	if (!send)
		return 0;
	payload = &send->payload;
	send->record.result = result;
	send->record.flags |= fd >> 32 | EVENT_UNRESOLVED;
	FILL(payload, SEND, fd, fd);
	FILL(payload, SEND, family, facts.family);
	FILL(payload, SEND, socket_type, facts.type);
	if (is_internet(facts.family)) {
		FILL(payload, SEND, protocol, facts.protocol);
		if (facts.local_port)
			FILL(payload, SEND, local_port, facts.local_port);
	}
	if (read_named(&named, address, length)) {
		payload->family = named.family;
		if (named.is_internet) {
			FILL(payload, SEND, port, named.port);
			FILL_ADDRESS(payload, SEND, address, named.address);
		} else if (named.path) {
			payload->present |= SEND_unix_path;
			at = append_named_unix(&send->record, &payload->unix_path, at, &named);
		}
	} else {
		send->record.flags |= EVENT_PARTIAL;
	}
	submit(KIND_SEND, &send->record, at);
	return 0;
}

/* Data that was sent: with an address it is told, and as a connect where it made a connection. */
static __always_inline void report_sent(struct call *call, u64 fd, s64 result, u64 address, u32 length, u32 flags)
{
	struct sock *sk;

	if (!address || !length)
		return;
	sk = flags & MSG_FASTOPEN ? socket_of_call(call, fd) : NULL;
	if (sk && BPF_CORE_READ(sk, sk_type) == SOCK_STREAM)
		report_connect(result, with_flags(call, fd) | IS_FAST_OPEN, address, length, (u64)file_of_request(call));
	else
		report_send(result, with_flags(call, fd), address, length, (u64)file_of_request(call));
}

/* The beginning of a struct msghdr: the address, and its length. */
static __noinline void report_message(struct call *call, u64 fd, s64 result, u64 message, u32 flags)
{
	struct {
		u64 address;
		u32 length;
		u32 padding;
	} header = {};
	u32 compat[2] = {};

	if (call->compat) {
		bpf_probe_read_user(compat, sizeof(compat), (const void *)message);
		header.address = compat[0];
		header.length = compat[1];
	} else {
		bpf_probe_read_user(&header, sizeof(header), (const void *)message);
	}
	report_sent(call, fd, result, header.address, header.length, flags);
}

/* struct mmsghdr is a struct msghdr, and how many bytes of it were sent. */
#define MESSAGE_BYTES 64
#define COMPAT_MESSAGE_BYTES 32
#define MESSAGE_SENT_AT 56
#define COMPAT_MESSAGE_SENT_AT 28
/* Messages of one call that are looked at. */
#define MESSAGES 8

static __noinline void report_messages(struct call *call, u64 fd, u64 messages, u32 flags)
{
	u32 sent_at = call->compat ? COMPAT_MESSAGE_SENT_AT : MESSAGE_SENT_AT;
	u32 size = call->compat ? COMPAT_MESSAGE_BYTES : MESSAGE_BYTES, bytes;
	s64 sent = call->result;

	if (sent < 0) {
		report_message(call, fd, sent, messages, flags);
		return;
	}
	for (int index = 0; index < MESSAGES; index++) {
		if (index >= sent)
			break;
		bytes = 0;
		bpf_probe_read_user(&bytes, sizeof(bytes), (const void *)(messages + index * size + sent_at));
		report_message(call, fd, bytes, messages + index * size, flags);
	}
}

/* --- bind, listen, accept ------------------------------------------------------------------------------------ */

/* What a caller named, likewise. */
static __noinline u32 fill_named_bind(struct bind_record *bind, u32 at, u64 address, u32 length)
{
	struct bind_fields *payload = &bind->payload;
	struct named_address named;

	bind->record.flags |= EVENT_UNRESOLVED;
	if (!read_named(&named, address, length)) {
		bind->record.flags |= EVENT_PARTIAL;
		return at;
	}
	payload->family = named.family;
	if (named.is_internet) {
		FILL(payload, BIND, port, named.port);
		FILL_ADDRESS(payload, BIND, address, named.address);
	} else if (named.path) {
		payload->present |= BIND_unix_path;
		at = append_named_unix(&bind->record, &payload->unix_path, at, &named);
	}
	return at;
}

static __noinline void report_bind(struct call *call, u32 fd, u64 address, u32 length)
{
	struct bind_record *bind = BEGIN_CALL(bind, KIND_BIND);
	struct bind_fields *payload;
	struct socket_facts facts;
	u32 at = sizeof(*bind);
	struct sock *sk;

	if (!bind)
		return;
	payload = &bind->payload;
	FILL(payload, BIND, fd, fd);
	FILL(payload, BIND, family, AF_UNSPEC);
	sk = socket_of_call(call, fd);
	if (sk) {
		read_socket(&facts, sk);
		payload->family = facts.family;
		FILL(payload, BIND, socket_type, facts.type);
		if (is_internet(facts.family))
			FILL(payload, BIND, protocol, facts.protocol);
	}
	if (call->flags & EVENT_SUBMITTED) {
		/* It is bound to nothing yet. */
		bind->record.flags |= EVENT_PARTIAL;
	} else if (sk && call->result == 0 && is_internet(facts.family)) {
		if (!file_of_request(call) && shares_files())
			bind->record.flags |= EVENT_SHARED;
		FILL(payload, BIND, port, facts.local_port);
		FILL_ADDRESS(payload, BIND, address, facts.local);
	} else if (sk && call->result == 0 && facts.family == AF_UNIX) {
		if (!file_of_request(call) && shares_files())
			bind->record.flags |= EVENT_SHARED;
		payload->present |= BIND_unix_path;
		at = append_unix_name(&bind->record, &payload->unix_path, at, sk);
	} else {
		at = fill_named_bind(bind, at, address, length);
	}
	submit(KIND_BIND, &bind->record, at);
}

CALL(bind)
{
	report_bind(call, ARG(0), ARG(1), ARG(2));
}

static __noinline void report_listen(struct call *call, u32 fd, s32 backlog)
{
	struct listen_record *listen = BEGIN_CALL(listen, KIND_LISTEN);
	struct listen_fields *payload;
	struct socket_facts facts;
	u32 at = sizeof(*listen);
	struct sock *sk;

	if (!listen)
		return;
	payload = &listen->payload;
	FILL(payload, LISTEN, fd, fd);
	FILL(payload, LISTEN, backlog, backlog);
	sk = socket_of_call(call, fd);
	if (sk) {
		if (!file_of_request(call) && shares_files())
			listen->record.flags |= EVENT_SHARED;
		read_socket(&facts, sk);
		FILL(payload, LISTEN, family, facts.family);
		FILL(payload, LISTEN, socket_type, facts.type);
		if (is_internet(facts.family)) {
			FILL(payload, LISTEN, protocol, facts.protocol);
			FILL(payload, LISTEN, port, facts.local_port);
			FILL_ADDRESS(payload, LISTEN, address, facts.local);
		} else if (facts.family == AF_UNIX) {
			payload->present |= LISTEN_unix_path;
			at = append_unix_name(&listen->record, &payload->unix_path, at, sk);
		}
	}
	submit(KIND_LISTEN, &listen->record, at);
}

CALL(listen)
{
	report_listen(call, ARG(0), ARG(1));
}

static __noinline void report_accept(struct call *call, u32 fd)
{
	struct accept_record *accept;
	struct accept_fields *payload;
	struct socket_facts facts;
	u32 at = sizeof(*accept);
	struct sock *sk;

	if (call->result == -EAGAIN)
		return;
	accept = BEGIN_CALL(accept, KIND_ACCEPT);
	if (!accept)
		return;
	payload = &accept->payload;
	FILL(payload, ACCEPT, fd, fd);
	sk = call->result >= 0 && !(call->flags & EVENT_PARTIAL) ? own_socket(call->result) : socket_of_call(call, fd);
	if (sk) {
		if (shares_files())
			accept->record.flags |= EVENT_SHARED;
		read_socket(&facts, sk);
		FILL(payload, ACCEPT, family, family_of(&facts));
		if (is_internet(facts.family))
			FILL(payload, ACCEPT, protocol, facts.protocol);
		if (has_local(&facts)) {
			FILL(payload, ACCEPT, local_port, facts.local_port);
			FILL_ADDRESS(payload, ACCEPT, local_address, facts.local);
		}
		if (call->result >= 0 && has_peer(&facts)) {
			FILL(payload, ACCEPT, port, facts.peer_port);
			FILL_ADDRESS(payload, ACCEPT, address, facts.peer);
		}
		if (facts.family == AF_UNIX) {
			payload->present |= ACCEPT_unix_path;
			at = append_unix_name(&accept->record, &payload->unix_path, at, sk);
		}
	}
	submit(KIND_ACCEPT, &accept->record, at);
}

CALL(accept)
{
	report_accept(call, ARG(0));
}

CALL(accept4)
{
	report_accept(call, ARG(0));
}

/* --- sockets that become standard input or output ------------------------------------------------------------------ */

static __noinline void report_dup(struct call *call, s32 fd)
{
	struct dup_record *dup;
	struct socket_facts facts;
	struct sock *sk;

	if (call->result < 0 || call->result > 2)
		return;
	sk = own_socket(call->result);
	if (!sk)
		return;
	dup = BEGIN_CALL(dup, KIND_DUP);
	if (!dup)
		return;
	read_socket(&facts, sk);
	if (shares_files())
		dup->record.flags |= EVENT_SHARED;
	FILL(&dup->payload, DUP, fd, fd);
	FILL(&dup->payload, DUP, family, family_of(&facts));
	if (has_peer(&facts)) {
		FILL(&dup->payload, DUP, port, facts.peer_port);
		FILL_ADDRESS(&dup->payload, DUP, address, facts.peer);
	}
	submit(KIND_DUP, &dup->record, sizeof(*dup));
}

CALL(dup)
{
	report_dup(call, ARG(0));
}

CALL(dup2)
{
	report_dup(call, ARG(0));
}

CALL(dup3)
{
	report_dup(call, ARG(0));
}

#define F_DUPFD 0
#define F_DUPFD_CLOEXEC 1030

CALL(fcntl)
{
	if (ARG(1) == F_DUPFD || ARG(1) == F_DUPFD_CLOEXEC)
		report_dup(call, ARG(0));
}
