/** Fields of events of the kind `connect`. */
import { AddressField, NumberField, Scope, TextField, YesNoField } from "../filters.js";
/** Fields of events of the kind `connect`. */
export declare class ConnectFields extends Scope {
    /** Address of the peer, where that has an internet address. */
    get address(): AddressField;
    /** Port of the peer, likewise. */
    get port(): NumberField;
    /** IP protocol: 6 TCP (multipath TCP too), 17 UDP. */
    get protocol(): NumberField;
    /** Address family: 1 unix, 2 IPv4, 10 IPv6, 40 vsock. */
    get family(): NumberField;
    /** Port of this side, where the kernel has chosen it. */
    get localPort(): NumberField;
    /** Address of this side, likewise. */
    get localAddress(): AddressField;
    /** File descriptor of the socket; -1 where it is not known, as of io_uring. */
    get fd(): NumberField;
    /** 1 stream, 2 datagram, 3 raw, 5 sequenced packets. */
    get socketType(): NumberField;
    /** Path of a unix socket; an abstract name begins with @. */
    get unixPath(): TextField;
    /** Whether data went with it (MSG_FASTOPEN). */
    get fastOpen(): YesNoField;
    /** Context id of the peer of a vsock. */
    get cid(): NumberField;
    /** Its port. */
    get vsockPort(): NumberField;
}
/**
 * A socket was connected, or could not be (connect, and sending with MSG_FASTOPEN). A non-blocking
 * connect has the result -115 (EINPROGRESS).
 */
export declare const connect: ConnectFields;
