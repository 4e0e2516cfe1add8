/**
 * Globs.
 *
 * A glob is run as an automaton that is in several states at once (Baeza-Yates and Gonnet, 1992): each byte of the text moves
 * all of them by one step. There is nothing to go back to, whatever the glob and the text are. Before that, a text has to begin,
 * to end and to have in it what every text of the glob does, which is quick to see. Texts have a character for each byte here.
 */
export type Token = string | Set<string> | symbol;
/**
 * Those that a glob stands for, without `{…,…}`.
 * @param {string} glob
 * @throws {Error} where it is none
 */
export declare function globs(glob: string): Glob[];
/** A glob without alternatives, ready to be compared with texts. */
export declare class Glob {
    _begin: string;
    _end: string;
    _part: string;
    _automaton: Automaton;
    /** @param {Token[]} tokens */
    constructor(tokens: Token[]);
    /**
     * Whether it stands for all of the text.
     * @param {string} text
     */
    matches(text: string): boolean;
}
/** The states of a glob: the first is 0, and a step over a character leads from each state to the next. */
declare class Automaton {
    /** By word: the states that stay whatever comes (`**`), and where no `/` comes (`*`), and that are the next one too. */
    _stay: Uint32Array<ArrayBuffer>;
    _stayInName: Uint32Array<ArrayBuffer>;
    _skip: Uint32Array<ArrayBuffer>;
    _last: number;
    /** By byte: the states that it leads on from. */
    _steps: Uint32Array<ArrayBuffer>[];
    /**
     * @param {Token[]} tokens
     * @param {boolean} afterSlash
     */
    constructor(tokens: Token[], afterSlash: boolean);
    /** @param {string} text */
    matches(text: string): boolean;
}
export {};
