/** Events of the kind `connect_end`. */
import { Event } from "../event.js";
/**
 * A connect came to its end that was under way when its call returned (-115, EINPROGRESS, or -4, EINTR):
 * the peer has answered, or not (a negative errno; -103, ECONNABORTED, where the socket was closed
 * before). Of IPv4 and IPv6. `process` is who had called connect.
 */
export declare class ConnectEndEvent extends Event {
    /** @type {"connect_end"} */
    get kind(): "connect_end";
    /** Address of the peer. */
    get address(): import("../address.js").Address | undefined;
    /** Port of the peer. */
    get port(): number | undefined;
    /** IP protocol: 6 TCP (multipath TCP too). */
    get protocol(): number | undefined;
    /** Address family: 2 IPv4, 10 IPv6. */
    get family(): number;
    /** Port of this side. */
    get localPort(): number | undefined;
    /** Address of this side. */
    get localAddress(): import("../address.js").Address | undefined;
}
