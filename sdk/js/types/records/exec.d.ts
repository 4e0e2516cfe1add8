/** Events of the kind `exec`. */
import { ExecMethods } from "../kind-methods.js";
/** A process began a new program. `process` is the image before, `image` the one that begins. */
export declare class ExecEvent extends ExecMethods {
    /** @type {"exec"} */
    get kind(): "exec";
    /** Row of the image that begins. */
    get image(): import("./process.js").Process;
    /** What stands behind standard input, output and error, a bit each. */
    get stdio(): number;
    /** The file as it was named to exec; for a script the script. */
    get filename(): import("../text.js").Text;
    /** The file that the kernel loaded in the end: not `filename` where that is a script. */
    get interpreter(): import("../text.js").Text;
    /** Address of the peer behind standard input, where that is an internet socket that is connected. */
    get peerAddress(): import("../address.js").Address | undefined;
    /** Port of that peer. */
    get peerPort(): number | undefined;
    /**
     * `filename`, made absolute and not resolved: seen from the working directory, from the folder whose
     * descriptor the caller gave, or from the root of the process.
     */
    get path(): import("../text.js").Text;
}
