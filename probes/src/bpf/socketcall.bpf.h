// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* i386: one call for all that is done with sockets. */
#pragma once

/* Of uapi/linux/net.h. */
enum {
	SYS_SOCKET = 1,
	SYS_BIND = 2,
	SYS_CONNECT = 3,
	SYS_LISTEN = 4,
	SYS_ACCEPT = 5,
	SYS_SEND = 9,
	SYS_RECV = 10,
	SYS_SENDTO = 11,
	SYS_RECVFROM = 12,
	SYS_SENDMSG = 16,
	SYS_RECVMSG = 17,
	SYS_ACCEPT4 = 18,
	SYS_RECVMMSG = 19,
	SYS_SENDMMSG = 20,
};

/* (int which, unsigned int *arguments) */
CALL(socketcall)
{
	u32 given[6] = {};

	/* One by one: not all of them have six, and what comes after may be no memory of the caller's. */
	for (int index = 0; index < 6; index++)
		bpf_probe_read_user(&given[index], sizeof(u32), (const void *)(ARG(1) + index * sizeof(u32)));
	switch (ARG(0)) {
	case SYS_SOCKET:
		report_socket(call, given[0], given[1], given[2]);
		break;
	case SYS_BIND:
		report_bind(call, given[0], given[1], given[2]);
		break;
	case SYS_CONNECT:
		connect_returns(call, given[0], given[1], given[2]);
		break;
	case SYS_LISTEN:
		report_listen(call, given[0], given[1]);
		break;
	case SYS_ACCEPT:
	case SYS_ACCEPT4:
		report_accept(call, given[0]);
		break;
	case SYS_SENDTO:
		report_sent(call, given[0], call->result, given[4], given[5], given[3]);
		report_dns(with_flags(call, given[0]), given[1], call->result, given[4], given[5]);
		break;
	case SYS_SEND:
	case SYS_RECV:
		report_dns(with_flags(call, given[0]), given[1], call->result, 0, 0);
		break;
	case SYS_RECVFROM:
		report_dns(with_flags(call, given[0]), given[1], call->result, given[4], address_length(given[5]));
		break;
	case SYS_SENDMSG:
		report_message(call, given[0], call->result, given[1], given[2]);
		report_dns_message(call, given[0], call->result, given[1]);
		break;
	case SYS_RECVMSG:
		report_dns_message(call, given[0], call->result, given[1]);
		break;
	case SYS_SENDMMSG:
		report_messages(call, given[0], given[1], given[3]);
		report_dns_messages(call, given[0], given[1]);
		break;
	case SYS_RECVMMSG:
		report_dns_messages(call, given[0], given[1]);
		break;
	}
}
