/** Fields of events of the kind `mmap`. */
import { NumberField, Scope, TextField } from "../filters.js";
/** Fields of events of the kind `mmap`. */
export declare class MmapFields extends Scope {
    /** Where it is. */
    get address(): NumberField;
    /** Bytes. */
    get length(): NumberField;
    /** 1 read, 2 write, 4 execute. */
    get protection(): NumberField;
    /** Flags of mmap(2). */
    get flags(): NumberField;
    /** The file that is mapped, resolved by the kernel. */
    get path(): TextField;
    /** Its inode number. */
    get inode(): NumberField;
    /** Its device (kernel encoding: major << 20 | minor). */
    get dev(): NumberField;
    /** Its type and permissions (st_mode). */
    get fileMode(): NumberField;
}
/**
 * Memory was mapped that can be executed and is of no file, or can be written as well, or could not be
 * (mmap). A program's code that is mapped from its file is not told.
 */
export declare const mmap: MmapFields;
