/** Fields of events of the kind `link`. */
import { NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `link`. */
export declare class LinkFields extends Scope {
    /** The file, as asked for, made absolute. */
    get oldPath(): TextField;
    /** Its new name, likewise. */
    get newPath(): TextField;
    /** Flags of linkat(2). */
    get flags(): NumberField;
}
/** A file got another name, or could not (link, linkat). */
export declare const link: LinkFields;
