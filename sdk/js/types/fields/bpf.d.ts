/** Fields of events of the kind `bpf`. */
import { NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `bpf`. */
export declare class BpfFields extends Scope {
    /** Which: 0 a map is made, 5 a program loaded, 6 and 7 pinned and taken, 8 attached, 28 linked (bpf(2)). */
    get command(): NumberField;
    /** The program's or the map's type. */
    get objectType(): NumberField;
    /** The program's or the map's name. */
    get name(): TextField;
}
/**
 * A process loaded, attached or asked for something of BPF, or could not (bpf). What reads and writes
 * maps is not told.
 */
export declare const bpf: BpfFields;
