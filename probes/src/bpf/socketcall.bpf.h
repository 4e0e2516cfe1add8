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
	u64 which = ARG(0), arguments = ARG(1);
	u32 given;

	/* One by one: not all of them have six, and what comes after may be no memory of the caller's. */
	for (int index = 0; index < 6; index++) {
		given = 0;
		bpf_probe_read_user(&given, sizeof(given), (const void *)(arguments + index * sizeof(u32)));
		ARG(index) = given;
	}
	switch (which) {
	case SYS_SOCKET:
		report_socket(call, ARG(0), ARG(1), ARG(2));
		break;
	case SYS_BIND:
		report_bind(call, ARG(0), ARG(1), ARG(2));
		break;
	case SYS_CONNECT:
		connect_returns(call, ARG(0), ARG(1), ARG(2));
		break;
	case SYS_LISTEN:
		report_listen(call, ARG(0), ARG(1));
		break;
	case SYS_ACCEPT:
	case SYS_ACCEPT4:
		report_accept(call, ARG(0));
		break;
	case SYS_SENDTO:
		report_sent(call, ARG(0), call->result, ARG(4), ARG(5), ARG(3));
		report_dns(with_flags(call, ARG(0)), ARG(1), call->result, ARG(4), ARG(5));
		break;
	case SYS_SEND:
	case SYS_RECV:
		report_dns(with_flags(call, ARG(0)), ARG(1), call->result, 0, 0);
		break;
	case SYS_RECVFROM:
		report_dns(with_flags(call, ARG(0)), ARG(1), call->result, ARG(4), address_length(ARG(5)));
		break;
	case SYS_SENDMSG:
		report_message(call, ARG(0), call->result, ARG(1), ARG(2));
		report_dns_message(call, ARG(0), call->result, ARG(1));
		break;
	case SYS_RECVMSG:
		report_dns_message(call, ARG(0), call->result, ARG(1));
		break;
	case SYS_SENDMMSG:
		report_messages(call, ARG(0), ARG(1), ARG(3));
		report_dns_messages(call, ARG(0), ARG(1));
		break;
	case SYS_RECVMMSG:
		report_dns_messages(call, ARG(0), ARG(1));
		break;
	}
}
