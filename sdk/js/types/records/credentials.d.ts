/** Events of the kind `credentials`. */
import { Event } from "../event.js";
/**
 * A process changed its user, groups or capabilities, or could not (setuid and its family, setgroups,
 * capset). `process` is who it was before; that an exec changes them, the exec says.
 */
export declare class CredentialsEvent extends Event {
    /** @type {"credentials"} */
    get kind(): "credentials";
    /** Real user id, now. */
    get uid(): number | undefined;
    /** Effective user id, now. */
    get euid(): number | undefined;
    /** Saved user id, now. */
    get suid(): number | undefined;
    /** User id for the file system, now. */
    get fsuid(): number | undefined;
    /** Real group id, now. */
    get gid(): number | undefined;
    /** Effective group id, now. */
    get egid(): number | undefined;
    /** Saved group id, now. */
    get sgid(): number | undefined;
    /** Group id for the file system, now. */
    get fsgid(): number | undefined;
    /** Effective capabilities, now, a bit each (capabilities(7)). */
    get capsEffective(): bigint | undefined;
    /** Permitted capabilities, now. */
    get capsPermitted(): bigint | undefined;
    /** Inheritable capabilities, now. */
    get capsInheritable(): bigint | undefined;
}
