/** Fields of events of the kind `send`. */
import { AddressField, NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `send`. */
export declare class SendFields extends Scope {
    /** Address that it was sent to, where that is an internet address. */
    get address(): AddressField;
    /** Port that it was sent to, likewise. */
    get port(): NumberField;
    /** IP protocol: 17 UDP, 1 ICMP, 255 raw. */
    get protocol(): NumberField;
    /** Address family: 1 unix, 2 IPv4, 10 IPv6, 16 netlink, 17 packets. */
    get family(): NumberField;
    /** File descriptor of the socket; -1 where it is not known, as of io_uring. */
    get fd(): NumberField;
    /** 1 stream, 2 datagram, 3 raw. */
    get socketType(): NumberField;
    /** Port of this side, where it has one. */
    get localPort(): NumberField;
    /** Path of a unix socket; an abstract name begins with @. */
    get unixPath(): TextField;
}
/**
 * Data was sent to an address that was given with it, or could not be (sendto, sendmsg, sendmmsg). Of
 * sendmmsg each of the first eight messages is one, and the result its bytes. What is sent over a
 * connection is not told; what makes one (MSG_FASTOPEN) is a connect.
 */
export declare const send: SendFields;
