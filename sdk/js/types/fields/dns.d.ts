/** Fields of events of the kind `dns`. */
import { AddressField, NumberField, Scope, TextField, YesNoField } from "../filters.js";
/** Fields of events of the kind `dns`. */
export declare class DnsFields extends Scope {
    /**
     * The name that was asked for, without a dot at its end; what is no letter, digit, `-` or `_` in it as
     * \DDD.
     */
    get name(): TextField;
    /** What was asked for of it: 1 A, 28 AAAA, 5 CNAME, 12 PTR, 15 MX, 16 TXT, 33 SRV, 65 HTTPS, 255 all. */
    get recordType(): NumberField;
    /** Whether it is the answer. */
    get response(): YesNoField;
    /** Of an answer: 0 well, 2 the server failed, 3 there is no such name, 5 refused. */
    get code(): NumberField;
    /** Of an answer: the records in it. */
    get answers(): NumberField;
    /** Of an answer: the first address in it. */
    get answer(): AddressField;
    /** Address of the server. */
    get address(): AddressField;
    /** Its port. */
    get port(): NumberField;
    /** File descriptor of the socket; -1 where it is not known, as of io_uring. */
    get fd(): NumberField;
}
/**
 * A program asked a name server, or got its answer: what it sent to port 53 of UDP, or received from
 * there. Of sendmmsg and recvmmsg the first eight messages. What is asked over TCP or HTTPS is not told.
 */
export declare const dns: DnsFields;
