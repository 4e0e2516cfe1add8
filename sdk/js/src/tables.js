/** How records are laid out: the forms of the tables that follow from the schema. */

/** @type {{[type: string]: number}} */
const SIZES = { u8: 1, u16: 2, u32: 4, u64: 8, i32: 4, i64: 8, text: 8, list: 8, bytes16: 16 };

/** A field of a record. */
export class Field {
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
  constructor(name, type, offset, word, bit, reads, of, always) {
    this.name = name;
    this.type = type;
    this.offset = offset;
    this.word = word;
    this.bit = bit;
    this.reads = reads;
    this.of = of;
    this.always = always;
    this.size = SIZES[type];
    /** Whether filters compare it. */
    this.comparable = type !== "list" && reads !== "row" && reads !== "payload";
  }
}

/** A kind of record: of a section of its own, or what a kind of event has. */
export class Record {
  /**
   * @param {string} name
   * @param {number} section
   * @param {number} size bytes of a record, as this version writes it
   * @param {number | undefined} kind the kind's number
   * @param {boolean} hasProcess
   * @param {boolean} hasResult
   * @param {Field[]} fields
   */
  constructor(name, section, size, kind, hasProcess, hasResult, fields) {
    this.name = name;
    this.section = section;
    this.size = size;
    this.kind = kind;
    this.hasProcess = hasProcess;
    this.hasResult = hasResult;
    this.fields = new Map(fields.map((field) => [field.name, field]));
  }

  /**
   * A record of another length as one of this length: what does not lie within it is not there.
   * @param {Uint8Array} written
   */
  padded(written) {
    const record = new Uint8Array(this.size);
    record.set(written.subarray(0, this.size));
    for (const field of this.fields.values()) {
      if (field.offset + field.size > written.length) {
        record[field.word + (field.bit >> 3)] &= ~(1 << (field.bit & 7));
      }
    }
    return record;
  }
}

/**
 * `unix_path` to `unixPath`: how a field is called here.
 * @param {string} name
 */
export function camel(name) {
  return name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
}
