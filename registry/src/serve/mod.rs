//! The server: addresses, connections, TLS, and an end without a loss.
