/** Fields of events of the kind `connect_end`. */
import { AddressField, NumberField, Scope } from "../filters.js";
/** Fields of events of the kind `connect_end`. */
export declare class ConnectEndFields extends Scope {
    /** Address of the peer. */
    get address(): AddressField;
    /** Port of the peer. */
    get port(): NumberField;
    /** IP protocol: 6 TCP (multipath TCP too). */
    get protocol(): NumberField;
    /** Address family: 2 IPv4, 10 IPv6. */
    get family(): NumberField;
    /** Port of this side. */
    get localPort(): NumberField;
    /** Address of this side. */
    get localAddress(): AddressField;
}
/**
 * A connect came to its end that was under way when its call returned (-115, EINPROGRESS, or -4, EINTR):
 * the peer has answered, or not (a negative errno; -103, ECONNABORTED, where the socket was closed
 * before). Of IPv4 and IPv6. `process` is who had called connect.
 */
export declare const connectEnd: ConnectEndFields;
