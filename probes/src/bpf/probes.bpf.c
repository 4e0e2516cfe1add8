// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The kernel side of Lanner: one object, from Linux 5.15 on. `cargo xtask probes` builds it. */
#include "kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "record.h"
#include "output.bpf.h"
#include "call.bpf.h"
#include "path.bpf.h"
#include "file.bpf.h"
#include "filter.bpf.h"
#include "open.bpf.h"
#include "names.bpf.h"
#include "attributes.bpf.h"
#include "memory.bpf.h"
#include "kernel_code.bpf.h"
#include "socket.bpf.h"
#include "network.bpf.h"
#include "dns.bpf.h"
#include "socketcall.bpf.h"
#include "io_uring.bpf.h"
#include "process.bpf.h"
#include "identity.bpf.h"
#include "others.bpf.h"
#include "container.bpf.h"

/* The kernel lends the helpers used here to such programs only. */
char LICENSE[] SEC("license") = "Dual MIT/GPL";
