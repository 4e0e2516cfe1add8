/** Fields of events of the kind `credentials`. */
import { NumberField, Scope } from "../filters.js";
/** Fields of events of the kind `credentials`. */
export declare class CredentialsFields extends Scope {
    /** Real user id, now. */
    get uid(): NumberField;
    /** Effective user id, now. */
    get euid(): NumberField;
    /** Saved user id, now. */
    get suid(): NumberField;
    /** User id for the file system, now. */
    get fsuid(): NumberField;
    /** Real group id, now. */
    get gid(): NumberField;
    /** Effective group id, now. */
    get egid(): NumberField;
    /** Saved group id, now. */
    get sgid(): NumberField;
    /** Group id for the file system, now. */
    get fsgid(): NumberField;
    /** Effective capabilities, now, a bit each (capabilities(7)). */
    get capsEffective(): NumberField;
    /** Permitted capabilities, now. */
    get capsPermitted(): NumberField;
    /** Inheritable capabilities, now. */
    get capsInheritable(): NumberField;
}
/**
 * A process changed its user, groups or capabilities, or could not (setuid and its family, setgroups,
 * capset). `process` is who it was before; that an exec changes them, the exec says.
 */
export declare const credentials: CredentialsFields;
