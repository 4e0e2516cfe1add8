/** How records are laid out: the forms of the tables that follow from the schema. */
/** A field of a record. */
export declare class Field {
    name: string;
    type: string;
    offset: number;
    word: number;
    bit: number;
    reads: string | undefined;
    of: string | undefined;
    always: boolean;
    size: number;
    /** Whether filters compare it. */
    comparable: boolean;
    /**
     * @param {string} name
     * @param {string} type
     * @param {number} offset bytes from the record's beginning
     * @param {number} word of the eight bytes with the bit that says whether it is there
     * @param {number} bit
     * @param {string | undefined} reads what a number stands for: row, payload, kind, bool, user, group, address
     * @param {string | undefined} of the record that a row or a list is of
     * @param {boolean} always every host gives it
     */
    constructor(name: string, type: string, offset: number, word: number, bit: number, reads: string | undefined, of: string | undefined, always: boolean);
}
/** A kind of record: of a section of its own, or what a kind of event has. */
export declare class Record {
    name: string;
    section: number;
    size: number;
    kind: number | undefined;
    hasProcess: boolean;
    hasResult: boolean;
    fields: Map<string, Field>;
    /**
     * @param {string} name
     * @param {number} section
     * @param {number} size bytes of a record, as this version writes it
     * @param {number | undefined} kind the kind's number
     * @param {boolean} hasProcess
     * @param {boolean} hasResult
     * @param {Field[]} fields
     */
    constructor(name: string, section: number, size: number, kind: number | undefined, hasProcess: boolean, hasResult: boolean, fields: Field[]);
    /**
     * A record of another length as one of this length: what does not lie within it is not there.
     * @param {Uint8Array} written
     */
    padded(written: Uint8Array): Uint8Array<ArrayBuffer>;
}
/**
 * `unix_path` to `unixPath`: how a field is called here.
 * @param {string} name
 */
export declare function camel(name: string): string;
