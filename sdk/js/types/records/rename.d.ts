/** Events of the kind `rename`. */
import { Event } from "../event.js";
/** A file got another path, or could not (rename, renameat, renameat2). */
export declare class RenameEvent extends Event {
    /** @type {"rename"} */
    get kind(): "rename";
    /** The path before, as asked for, made absolute. */
    get oldPath(): import("../text.js").Text;
    /** The path after, likewise. */
    get newPath(): import("../text.js").Text;
    /** Flags of renameat2(2): 1 not over another file, 2 exchanged with it, 4 a whiteout left behind. */
    get flags(): number;
}
