/** Events of the kind `listen`. */
import { Event } from "../event.js";
/** A socket waits for connections, or could not. */
export declare class ListenEvent extends Event {
    /** @type {"listen"} */
    get kind(): "listen";
    /** Address that it waits at, where that is an internet address; all zero for any. */
    get address(): import("../address.js").Address | undefined;
    /** Port that it waits at, likewise. */
    get port(): number | undefined;
    /** Address family: 1 unix, 2 IPv4, 10 IPv6. */
    get family(): number | undefined;
    /** File descriptor of the socket; -1 where it is not known, as of io_uring. */
    get fd(): number;
    /** Connections that may wait, as asked for. */
    get backlog(): number;
    /** 1 stream, 5 sequenced packets. */
    get socketType(): number | undefined;
    /** Path of a unix socket that waits; an abstract name begins with @. */
    get unixPath(): import("../text.js").Text;
    /** IP protocol: 6 TCP (multipath TCP too), 132 SCTP. */
    get protocol(): number | undefined;
}
