/** Texts of the kernel: bytes, most often UTF-8, never certainly. */
export type TextLike = string | Uint8Array | Text;
/**
 * A text of the kernel.
 *
 * It is compared as bytes. In a template string (`${text}`) it is safe to print: what is not UTF-8 becomes U+FFFD, control
 * characters are escaped (`\n`, `\x1b`), and so are those that change the direction of text (`\u{202e}`), so that whoever names
 * a file cannot act on the terminal or deceive the eye of the one who reads it.
 *
 * A text that is not known (`isKnown`) is not the same as an empty one: it equals no other text, and nothing is in it.
 */
export declare class Text {
    /** @internal */
    _raw: string;
    /** @param {string} raw its bytes, a character each */
    constructor(raw: string);
    /**
     * A text of bytes, or of a string.
     * @param {TextLike} text
     */
    static of(text: TextLike): Text;
    /** Whether it is known. A text that is known may be empty. */
    get isKnown(): boolean;
    /** Bytes in it. */
    get length(): number;
    /** The bytes; none where it is unknown. */
    get bytes(): Uint8Array<ArrayBuffer>;
    /** The text as it is, but for what is not UTF-8, which becomes U+FFFD. Nothing is escaped: to print, use `${text}`. */
    get lossy(): string;
    /**
     * As a path: what follows the last `/`.
     * @returns {Text}
     */
    get fileName(): Text;
    /**
     * As a path: what stands before the last `/`; `/` for what lies at the top, empty where there is no `/`.
     * @returns {Text}
     */
    get directory(): Text;
    /**
     * Whether it is this one.
     * @param {TextLike} text
     */
    equals(text: TextLike): boolean;
    /**
     * Whether it begins with one of these.
     * @param {...TextLike} prefixes
     */
    startsWith(...prefixes: TextLike[]): boolean;
    /**
     * Whether it ends with one of these.
     * @param {...TextLike} suffixes
     */
    endsWith(...suffixes: TextLike[]): boolean;
    /**
     * Whether one of these is anywhere in it.
     * @param {...TextLike} parts
     */
    includes(...parts: TextLike[]): boolean;
    /**
     * Whether it is one of these.
     * @param {Iterable<TextLike>} texts
     */
    oneOf(texts: Iterable<TextLike>): boolean;
    /**
     * As a path: whether it lies below `directory`, at any depth. A path is not below itself, and `/etc/cron.daily` not below
     * `/etc/cron`.
     * @param {TextLike} directory
     */
    isUnder(directory: TextLike): boolean;
    /** As it is safe to print. */
    toString(): string;
    toJSON(): string;
}
/** A text that is not known. It equals nothing: ask `text.isKnown`. It is shown as `?`. */
export declare const UNKNOWN: Text;
/**
 * The bytes of a text, a character each.
 * @param {TextLike} text
 * @returns {string}
 */
export declare function rawOf(text: TextLike): string;
/**
 * Bytes, a character each.
 * @param {Uint8Array} bytes
 */
export declare function rawOfBytes(bytes: Uint8Array): string;
/**
 * The bytes that a string has a character for each of.
 * @param {string} raw
 */
export declare function bytesOf(raw: string): Uint8Array<ArrayBuffer>;
/**
 * A string as UTF-8, a character for each byte. A surrogate without its other half becomes U+FFFD.
 * @param {string} text
 */
export declare function utf8(text: string): string;
/**
 * Bytes, a character each, read as UTF-8: of what is none, each longest beginning of a character is one U+FFFD, as the
 * Unicode Standard recommends.
 * @param {string} raw
 */
export declare function decoded(raw: string): string;
/**
 * A string as it is safe to print, in one line.
 * @param {string} text
 */
export declare function escape(text: string): string;
