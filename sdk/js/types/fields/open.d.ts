/** Fields of events of the kind `open`. */
import { FileField, NumberField, Scope, TextField, YesNoField } from "../filters.js";
/** Fields of events of the kind `open`. */
export declare class OpenFields extends Scope {
    /**
     * The path: resolved by the kernel where the open succeeded, else as asked for, made absolute. Not
     * there where what was asked for could not be read.
     */
    get path(): TextField;
    /** Open flags (open(2)). */
    get flags(): NumberField;
    /** Permissions asked for, where the open may create. */
    get mode(): NumberField;
    /** Inode number of the file that was opened. */
    get inode(): NumberField;
    /** Its device (kernel encoding: major << 20 | minor). */
    get dev(): NumberField;
    /** Its type and permissions (st_mode). */
    get fileMode(): NumberField;
    /** Whether this open created the file. */
    get created(): YesNoField;
    /** Whether the file lies on the upper layer of an overlay. */
    get fileUpper(): YesNoField;
    /**
     * The path as asked for, made absolute and not resolved; not there where there was none
     * (open_by_handle_at) or where it is `path`.
     */
    get asked(): TextField;
    /** Whether the file had no name any more. */
    get deleted(): YesNoField;
    /** Owner of the file. */
    get owner(): NumberField;
    /** Names that the file has (hard links). */
    get links(): NumberField;
    /**
     * Another path of the same file, in the host's view: where `path` is a container's or leads through a
     * bind mount, or where the file is a hard link of one that a pack's filter names. Not there where
     * `path` is the host's own, or where the host has no path to the file.
     */
    get hostPath(): TextField;
    /** The file, by any path that is known of it: `path`, or `hostPath`. */
    get file(): FileField;
}
/** A file was opened, or could not be (open, openat, openat2, creat, open_by_handle_at). */
export declare const open: OpenFields;
