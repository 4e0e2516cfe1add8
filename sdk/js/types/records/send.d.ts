/** Events of the kind `send`. */
import { Event } from "../event.js";
/**
 * Data was sent to an address that was given with it, or could not be (sendto, sendmsg, sendmmsg). Of
 * sendmmsg each of the first eight messages is one, and the result its bytes. What is sent over a
 * connection is not told; what makes one (MSG_FASTOPEN) is a connect.
 */
export declare class SendEvent extends Event {
    /** @type {"send"} */
    get kind(): "send";
    /** Address that it was sent to, where that is an internet address. */
    get address(): import("../address.js").Address | undefined;
    /** Port that it was sent to, likewise. */
    get port(): number | undefined;
    /** IP protocol: 17 UDP, 1 ICMP, 255 raw. */
    get protocol(): number | undefined;
    /** Address family: 1 unix, 2 IPv4, 10 IPv6, 16 netlink, 17 packets. */
    get family(): number;
    /** File descriptor of the socket; -1 where it is not known, as of io_uring. */
    get fd(): number;
    /** 1 stream, 2 datagram, 3 raw. */
    get socketType(): number | undefined;
    /** Port of this side, where it has one. */
    get localPort(): number | undefined;
    /** Path of a unix socket; an abstract name begins with @. */
    get unixPath(): import("../text.js").Text;
}
