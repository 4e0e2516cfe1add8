/** Events of the kind `link`. */
import { Event } from "../event.js";
/** A file got another name, or could not (link, linkat). */
export declare class LinkEvent extends Event {
    /** @type {"link"} */
    get kind(): "link";
    /** The file, as asked for, made absolute. */
    get oldPath(): import("../text.js").Text;
    /** Its new name, likewise. */
    get newPath(): import("../text.js").Text;
    /** Flags of linkat(2). */
    get flags(): number;
}
