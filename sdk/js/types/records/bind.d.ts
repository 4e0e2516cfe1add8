/** Events of the kind `bind`. */
import { Event } from "../event.js";
/** A socket got an address of its own, or could not (bind). */
export declare class BindEvent extends Event {
    /** @type {"bind"} */
    get kind(): "bind";
    /** The address, where that is an internet address; all zero for any. */
    get address(): import("../address.js").Address | undefined;
    /** The port, likewise; where the call succeeded the one that the kernel chose. */
    get port(): number | undefined;
    /** IP protocol: 6 TCP (multipath TCP too), 17 UDP. */
    get protocol(): number | undefined;
    /** Address family: 1 unix, 2 IPv4, 10 IPv6, 16 netlink, 17 packets, 40 vsock. */
    get family(): number;
    /** File descriptor of the socket; -1 where it is not known, as of io_uring. */
    get fd(): number;
    /** 1 stream, 2 datagram, 3 raw, 5 sequenced packets. */
    get socketType(): number | undefined;
    /** Path of a unix socket, as asked for; an abstract name begins with @. */
    get unixPath(): import("../text.js").Text;
}
