/** Sets of texts. */
export type TextLike = import("../text.js").TextLike;
/** @typedef {import("../text.js").TextLike} TextLike */
/**
 * Texts that other texts are compared with: paths, names, arguments.
 *
 * A text is in the set where it passes any of its comparisons. Texts are compared as bytes; one that is not known is in no set. A
 * set is prepared once, where it is made, and asked often:
 *
 *     const KEYS = new TextSet({ startsWith: ["/root/.ssh/"], fileName: ["id_rsa"], glob: ["/home/*\/.ssh/id_*"] });
 *     if (KEYS.matches(event.path)) …
 *
 * A glob is compared with the whole path: `*` stands for bytes but `/`, `**` for any, `**` and a `/` between two `/` or at the
 * beginning for any folders or none, `?` for a byte but `/`, `[a-z_]` and `[!a-z]` for one of these ASCII characters or none of
 * them, `{etc,usr/etc}` for one of these, `\*` for the character itself. It takes a time that grows with the text and no faster.
 */
export declare class TextSet {
    _equals: Set<string>;
    _prefixes: string[];
    _suffixes: string[];
    _parts: string[];
    _names: Set<string>;
    _patterns: string[];
    _globs: import("./glob.js").Glob[];
    /**
     * @param {object} texts
     * @param {Iterable<TextLike>} [texts.equals]
     * @param {Iterable<TextLike>} [texts.startsWith]
     * @param {Iterable<TextLike>} [texts.endsWith]
     * @param {Iterable<TextLike>} [texts.includes]
     * @param {Iterable<TextLike>} [texts.fileName]
     * @param {Iterable<string>} [texts.glob]
     * @throws {Error} where one is no glob
     */
    constructor({ equals, startsWith, endsWith, includes, fileName, glob }: {
        equals?: Iterable<TextLike>;
        startsWith?: Iterable<TextLike>;
        endsWith?: Iterable<TextLike>;
        includes?: Iterable<TextLike>;
        fileName?: Iterable<TextLike>;
        glob?: Iterable<string>;
    });
    /**
     * Whether a text is in the set.
     * @param {TextLike} text
     */
    matches(text: TextLike): boolean;
    /**
     * What a host can compare: tests of which one has to hold, with their values as bytes, a character each.
     * @returns {[string, string[]][]}
     */
    tests(): [string, string[]][];
}
