/** Events of the kind `accept`. */
import { Event } from "../event.js";
/**
 * A connection was taken, or could not be (accept, accept4). That there was none to be had (-11, EAGAIN)
 * is not told.
 */
export declare class AcceptEvent extends Event {
    /** @type {"accept"} */
    get kind(): "accept";
    /** Address of the peer, where that has an internet address. */
    get address(): import("../address.js").Address | undefined;
    /** Port of the peer, likewise. */
    get port(): number | undefined;
    /** Address of this side. */
    get localAddress(): import("../address.js").Address | undefined;
    /** Port of this side. */
    get localPort(): number | undefined;
    /** Address family: 1 unix, 2 IPv4, 10 IPv6, 40 vsock. */
    get family(): number | undefined;
    /** IP protocol: 6 TCP (multipath TCP too), 132 SCTP. */
    get protocol(): number | undefined;
    /** File descriptor of the socket that waits; the connection's is the result. */
    get fd(): number;
    /** Path of the unix socket that waits; an abstract name begins with @. */
    get unixPath(): import("../text.js").Text;
}
