/** Events of the kind `mmap`. */
import { Event } from "../event.js";
/**
 * Memory was mapped that can be executed and is of no file, or can be written as well, or could not be
 * (mmap). A program's code that is mapped from its file is not told.
 */
export declare class MmapEvent extends Event {
    /** @type {"mmap"} */
    get kind(): "mmap";
    /** Where it is. */
    get address(): bigint | undefined;
    /** Bytes. */
    get length(): bigint;
    /** 1 read, 2 write, 4 execute. */
    get protection(): number;
    /** Flags of mmap(2). */
    get flags(): number;
    /** The file that is mapped, resolved by the kernel. */
    get path(): import("../text.js").Text;
    /** Its inode number. */
    get inode(): bigint | undefined;
    /** Its device (kernel encoding: major << 20 | minor). */
    get dev(): number | undefined;
    /** Its type and permissions (st_mode). */
    get fileMode(): number | undefined;
}
