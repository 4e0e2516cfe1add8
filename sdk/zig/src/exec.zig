//! What rules ask of an exec.

const generated = @import("generated.zig");

/// Whether standard input is an internet socket.
pub fn stdinIsSocket(self: generated.ExecEvent) bool {
    return self.stdio() & generated.stdio_flag.stdin_socket != 0;
}

/// Whether standard output is an internet socket.
pub fn stdoutIsSocket(self: generated.ExecEvent) bool {
    return self.stdio() & generated.stdio_flag.stdout_socket != 0;
}
