/** Events of the kind `dup`. */
import { Event } from "../event.js";
/** A socket was put behind standard input, output or error (dup, dup2, dup3, fcntl). */
export declare class DupEvent extends Event {
    /** @type {"dup"} */
    get kind(): "dup";
    /** Address of the peer, where that has an internet address. */
    get address(): import("../address.js").Address | undefined;
    /** Port of the peer, likewise. */
    get port(): number | undefined;
    /** Address family: 1 unix, 2 IPv4, 10 IPv6. */
    get family(): number;
    /** Descriptor of the socket that was copied; its copy's (0, 1 or 2) is the result. */
    get fd(): number;
}
