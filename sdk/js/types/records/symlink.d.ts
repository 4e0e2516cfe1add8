/** Events of the kind `symlink`. */
import { Event } from "../event.js";
/** A symbolic link was made, or could not be (symlink, symlinkat). */
export declare class SymlinkEvent extends Event {
    /** @type {"symlink"} */
    get kind(): "symlink";
    /** What it leads to, as written. */
    get target(): import("../text.js").Text;
    /** The link, as asked for, made absolute. */
    get path(): import("../text.js").Text;
}
