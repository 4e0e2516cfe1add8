/** Fields of events of the kind `exec`. */
import { AddressField, NumberField, Scope, TextField } from "../filters.js";
import { ProcessFields } from "./process.js";
/** Fields of events of the kind `exec`. */
export declare class ExecFields extends Scope {
    /** Row of the image that begins. */
    get image(): ProcessFields;
    /** What stands behind standard input, output and error, a bit each. */
    get stdio(): NumberField;
    /** The file as it was named to exec; for a script the script. */
    get filename(): TextField;
    /** The file that the kernel loaded in the end: not `filename` where that is a script. */
    get interpreter(): TextField;
    /** Address of the peer behind standard input, where that is an internet socket that is connected. */
    get peerAddress(): AddressField;
    /** Port of that peer. */
    get peerPort(): NumberField;
    /**
     * `filename`, made absolute and not resolved: seen from the working directory, from the folder whose
     * descriptor the caller gave, or from the root of the process.
     */
    get path(): TextField;
}
/** A process began a new program. `process` is the image before, `image` the one that begins. */
export declare const exec: ExecFields;
