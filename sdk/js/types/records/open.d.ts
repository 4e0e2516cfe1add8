/** Events of the kind `open`. */
import { OpenMethods } from "../kind-methods.js";
/** A file was opened, or could not be (open, openat, openat2, creat, open_by_handle_at). */
export declare class OpenEvent extends OpenMethods {
    /** @type {"open"} */
    get kind(): "open";
    /**
     * The path: resolved by the kernel where the open succeeded, else as asked for, made absolute. Not
     * there where what was asked for could not be read.
     */
    get path(): import("../text.js").Text;
    /** Open flags (open(2)). */
    get flags(): number;
    /** Permissions asked for, where the open may create. */
    get mode(): number;
    /** Inode number of the file that was opened. */
    get inode(): bigint | undefined;
    /** Its device (kernel encoding: major << 20 | minor). */
    get dev(): number | undefined;
    /** Its type and permissions (st_mode). */
    get fileMode(): number | undefined;
    /** Whether this open created the file. */
    get created(): boolean;
    /** Whether the file lies on the upper layer of an overlay. */
    get fileUpper(): boolean | undefined;
    /**
     * The path as asked for, made absolute and not resolved; not there where there was none
     * (open_by_handle_at) or where it is `path`.
     */
    get asked(): import("../text.js").Text;
    /** Whether the file had no name any more. */
    get deleted(): boolean | undefined;
    /** Owner of the file. */
    get owner(): number | undefined;
    /** Names that the file has (hard links). */
    get links(): number | undefined;
    /**
     * Another path of the same file, in the host's view: where `path` is a container's or leads through a
     * bind mount, or where the file is a hard link of one that a pack's filter names. Not there where
     * `path` is the host's own, or where the host has no path to the file.
     */
    get hostPath(): import("../text.js").Text;
}
