/** Fields of events of the kind `socket`. */
import { NumberField, Scope } from "../filters.js";
/** Fields of events of the kind `socket`. */
export declare class SocketFields extends Scope {
    /**
     * Address family: 1 unix, 2 IPv4, 10 IPv6, 16 netlink, 17 packets, 38 the kernel's cryptography, 40
     * vsock.
     */
    get family(): NumberField;
    /** 1 stream, 2 datagram, 3 raw, 5 sequenced packets. */
    get socketType(): NumberField;
    /** Protocol, as asked for; its numbers are those of the family. */
    get protocol(): NumberField;
}
/** A socket was made, or could not be (socket). */
export declare const socket: SocketFields;
