/** Events of the kind `socket`. */
import { Event } from "../event.js";
/** A socket was made, or could not be (socket). */
export declare class SocketEvent extends Event {
    /** @type {"socket"} */
    get kind(): "socket";
    /**
     * Address family: 1 unix, 2 IPv4, 10 IPv6, 16 netlink, 17 packets, 38 the kernel's cryptography, 40
     * vsock.
     */
    get family(): number;
    /** 1 stream, 2 datagram, 3 raw, 5 sequenced packets. */
    get socketType(): number;
    /** Protocol, as asked for; its numbers are those of the family. */
    get protocol(): number;
}
