/** Fields of events of the kind `accept`. */
import { AddressField, NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `accept`. */
export declare class AcceptFields extends Scope {
    /** Address of the peer, where that has an internet address. */
    get address(): AddressField;
    /** Port of the peer, likewise. */
    get port(): NumberField;
    /** Address of this side. */
    get localAddress(): AddressField;
    /** Port of this side. */
    get localPort(): NumberField;
    /** Address family: 1 unix, 2 IPv4, 10 IPv6, 40 vsock. */
    get family(): NumberField;
    /** IP protocol: 6 TCP (multipath TCP too), 132 SCTP. */
    get protocol(): NumberField;
    /** File descriptor of the socket that waits; the connection's is the result. */
    get fd(): NumberField;
    /** Path of the unix socket that waits; an abstract name begins with @. */
    get unixPath(): TextField;
}
/**
 * A connection was taken, or could not be (accept, accept4). That there was none to be had (-11, EAGAIN)
 * is not told.
 */
export declare const accept: AcceptFields;
