/** Events of the kind `connect`. */
import { ConnectMethods } from "../kind-methods.js";
/**
 * A socket was connected, or could not be (connect, and sending with MSG_FASTOPEN). A non-blocking
 * connect has the result -115 (EINPROGRESS).
 */
export declare class ConnectEvent extends ConnectMethods {
    /** @type {"connect"} */
    get kind(): "connect";
    /** Address of the peer, where that has an internet address. */
    get address(): import("../address.js").Address | undefined;
    /** Port of the peer, likewise. */
    get port(): number | undefined;
    /** IP protocol: 6 TCP (multipath TCP too), 17 UDP. */
    get protocol(): number | undefined;
    /** Address family: 1 unix, 2 IPv4, 10 IPv6, 40 vsock. */
    get family(): number;
    /** Port of this side, where the kernel has chosen it. */
    get localPort(): number | undefined;
    /** Address of this side, likewise. */
    get localAddress(): import("../address.js").Address | undefined;
    /** File descriptor of the socket; -1 where it is not known, as of io_uring. */
    get fd(): number;
    /** 1 stream, 2 datagram, 3 raw, 5 sequenced packets. */
    get socketType(): number | undefined;
    /** Path of a unix socket; an abstract name begins with @. */
    get unixPath(): import("../text.js").Text;
    /** Whether data went with it (MSG_FASTOPEN). */
    get fastOpen(): boolean | undefined;
    /** Context id of the peer of a vsock. */
    get cid(): number | undefined;
    /** Its port. */
    get vsockPort(): number | undefined;
}
