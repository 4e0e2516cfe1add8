// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * DNS over UDP: what was sent to port 53, and received from there. Read from the caller's memory when the call has returned, so
 * that it is told of the program that asked, whichever way it took to its resolver.
 */
#pragma once

#define DNS_PORT 53
/* Of a message that are looked at. Without EDNS it has no more. */
#define DNS_BYTES 512
/* A message's head, and the shortest question. */
#define DNS_LEAST 17

/* The server behind a datagram socket, where it is one: its peer, or who stands in the address that the caller gave or got. */
static __always_inline bool read_server(struct socket_facts *facts, struct sock *sk, u64 address, u32 length)
{
	struct named_address named;

	read_socket(facts, sk);
	if (!is_internet(facts->family) || facts->type != SOCK_DGRAM)
		return false;
	if (facts->peer_port)
		return facts->peer_port == DNS_PORT;
	if (!address || !read_named(&named, address, length) || !named.is_internet || named.port != DNS_PORT)
		return false;
	facts->peer_port = named.port;
	__builtin_memcpy(facts->peer, named.address, sizeof(facts->peer));
	return true;
}

/* `size` bytes of a message stand at `data`. `fd` as with_flags() makes it; `server`: an address, and its length above it. */
__noinline int report_dns(u64 fd, u64 data, s64 size, u64 address, u32 address_length)
{
	struct socket_facts facts;
	struct dns_fields *payload;
	struct dns_record *dns;
	u32 at = sizeof(*dns), length = size;
	struct sock *sk;

	if (size < DNS_LEAST)
		return 0;
	sk = own_socket(fd);
	if (!sk || !read_server(&facts, sk, address, address_length))
		return 0;
	dns = BEGIN(dns, KIND_DNS);
	if (!dns)
		return 0;
	payload = &dns->payload;
	dns->record.result = size;
	dns->record.flags |= fd >> 32 | EVENT_UNRESOLVED;
	FILL(payload, DNS, fd, fd);
	FILL(payload, DNS, port, facts.peer_port);
	FILL_ADDRESS(payload, DNS, address, facts.peer);
	if (length > DNS_BYTES)
		length = DNS_BYTES;
	BOUND(length, DNS_BYTES);
	if (bpf_probe_read_user((char *)dns + at, length, (const void *)data)) {
		abandon(&dns->record);
		return 0;
	}
	payload->present |= DNS_name;
	payload->name.name = length;
	/* QR, the highest bit of the flags. */
	FILL(payload, DNS, response, (((char *)dns)[sizeof(*dns) + 2] & 0x80) != 0);
	submit(KIND_DNS, &dns->record, at + length);
	return 0;
}

/* The first part of a struct msghdr: the address, and the first piece of the data. */
static __noinline void report_dns_message(struct call *call, u64 fd, s64 size, u64 message)
{
	u64 header[3] = {}, piece[2] = {};
	u32 compat[3] = {}, compat_piece[2] = {};

	if (call->compat) {
		bpf_probe_read_user(compat, sizeof(compat), (const void *)message);
		bpf_probe_read_user(compat_piece, sizeof(compat_piece), (const void *)(u64)compat[2]);
		header[0] = compat[0];
		header[1] = compat[1];
		piece[0] = compat_piece[0];
		piece[1] = compat_piece[1];
	} else {
		bpf_probe_read_user(header, sizeof(header), (const void *)message);
		bpf_probe_read_user(piece, sizeof(piece), (const void *)header[2]);
	}
	/* What is in several pieces is not put together. */
	if (size > (s64)piece[1])
		size = piece[1];
	report_dns(with_flags(call, fd), piece[0], size, header[0], header[1]);
}

static __noinline void report_dns_messages(struct call *call, u64 fd, u64 messages)
{
	u32 sent_at = call->compat ? COMPAT_MESSAGE_SENT_AT : MESSAGE_SENT_AT;
	u32 step = call->compat ? COMPAT_MESSAGE_BYTES : MESSAGE_BYTES, bytes;

	for (int index = 0; index < MESSAGES; index++) {
		if (index >= call->result)
			break;
		bytes = 0;
		bpf_probe_read_user(&bytes, sizeof(bytes), (const void *)(messages + index * step + sent_at));
		report_dns_message(call, fd, bytes, messages + index * step);
	}
}

/* (int fd, void *data, size_t size) */
CALL(read)
{
	report_dns(with_flags(call, ARG(0)), ARG(1), call->result, 0, 0);
}

CALL(write)
{
	report_dns(with_flags(call, ARG(0)), ARG(1), call->result, 0, 0);
}

/* What a caller's length of an address, which is in his memory, says. */
static __always_inline u32 address_length(u64 at)
{
	u32 length = 0;

	bpf_probe_read_user(&length, sizeof(length), (const void *)at);
	return length;
}

/* (int fd, void *data, size_t size, unsigned int flags, struct sockaddr *address, int *length) */
CALL(recvfrom)
{
	report_dns(with_flags(call, ARG(0)), ARG(1), call->result, ARG(4), address_length(ARG(5)));
}

CALL(recvmsg)
{
	report_dns_message(call, ARG(0), call->result, ARG(1));
}

CALL(recvmmsg)
{
	report_dns_messages(call, ARG(0), ARG(1));
}

/* --- sending: to an address, and to a name server -------------------------------------------------------------------- */

/* (int fd, void *data, size_t size, unsigned int flags, struct sockaddr *address, int length) */
CALL(sendto)
{
	report_sent(call, ARG(0), call->result, ARG(4), ARG(5), ARG(3));
	report_dns(with_flags(call, ARG(0)), ARG(1), call->result, ARG(4), ARG(5));
}

CALL(sendmsg)
{
	report_message(call, ARG(0), call->result, ARG(1), ARG(2));
	report_dns_message(call, ARG(0), call->result, ARG(1));
}

CALL(sendmmsg)
{
	report_messages(call, ARG(0), ARG(1), ARG(3));
	report_dns_messages(call, ARG(0), ARG(1));
}
