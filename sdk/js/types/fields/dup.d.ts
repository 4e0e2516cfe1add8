/** Fields of events of the kind `dup`. */
import { AddressField, NumberField, Scope } from "../filters.js";
/** Fields of events of the kind `dup`. */
export declare class DupFields extends Scope {
    /** Address of the peer, where that has an internet address. */
    get address(): AddressField;
    /** Port of the peer, likewise. */
    get port(): NumberField;
    /** Address family: 1 unix, 2 IPv4, 10 IPv6. */
    get family(): NumberField;
    /** Descriptor of the socket that was copied; its copy's (0, 1 or 2) is the result. */
    get fd(): NumberField;
}
/** A socket was put behind standard input, output or error (dup, dup2, dup3, fcntl). */
export declare const dup: DupFields;
