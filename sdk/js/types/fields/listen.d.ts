/** Fields of events of the kind `listen`. */
import { AddressField, NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `listen`. */
export declare class ListenFields extends Scope {
    /** Address that it waits at, where that is an internet address; all zero for any. */
    get address(): AddressField;
    /** Port that it waits at, likewise. */
    get port(): NumberField;
    /** Address family: 1 unix, 2 IPv4, 10 IPv6. */
    get family(): NumberField;
    /** File descriptor of the socket; -1 where it is not known, as of io_uring. */
    get fd(): NumberField;
    /** Connections that may wait, as asked for. */
    get backlog(): NumberField;
    /** 1 stream, 5 sequenced packets. */
    get socketType(): NumberField;
    /** Path of a unix socket that waits; an abstract name begins with @. */
    get unixPath(): TextField;
    /** IP protocol: 6 TCP (multipath TCP too), 132 SCTP. */
    get protocol(): NumberField;
}
/** A socket waits for connections, or could not. */
export declare const listen: ListenFields;
