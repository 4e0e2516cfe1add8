/** Fields of events of the kind `bind`. */
import { AddressField, NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `bind`. */
export declare class BindFields extends Scope {
    /** The address, where that is an internet address; all zero for any. */
    get address(): AddressField;
    /** The port, likewise; where the call succeeded the one that the kernel chose. */
    get port(): NumberField;
    /** IP protocol: 6 TCP (multipath TCP too), 17 UDP. */
    get protocol(): NumberField;
    /** Address family: 1 unix, 2 IPv4, 10 IPv6, 16 netlink, 17 packets, 40 vsock. */
    get family(): NumberField;
    /** File descriptor of the socket; -1 where it is not known, as of io_uring. */
    get fd(): NumberField;
    /** 1 stream, 2 datagram, 3 raw, 5 sequenced packets. */
    get socketType(): NumberField;
    /** Path of a unix socket, as asked for; an abstract name begins with @. */
    get unixPath(): TextField;
}
/** A socket got an address of its own, or could not (bind). */
export declare const bind: BindFields;
