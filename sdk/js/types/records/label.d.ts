/** The record `label`. */
import { View } from "../views.js";
/** A name and a value that somebody gave to something. */
export declare class Label extends View {
    static section: number;
    /** The name. */
    get name(): import("../text.js").Text;
    /** The value. */
    get value(): import("../text.js").Text;
}
