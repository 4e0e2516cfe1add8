/** Events of the kind `bpf`. */
import { Event } from "../event.js";
/**
 * A process loaded, attached or asked for something of BPF, or could not (bpf). What reads and writes
 * maps is not told.
 */
export declare class BpfEvent extends Event {
    /** @type {"bpf"} */
    get kind(): "bpf";
    /** Which: 0 a map is made, 5 a program loaded, 6 and 7 pinned and taken, 8 attached, 28 linked (bpf(2)). */
    get command(): number;
    /** The program's or the map's type. */
    get objectType(): number | undefined;
    /** The program's or the map's name. */
    get name(): import("../text.js").Text;
}
