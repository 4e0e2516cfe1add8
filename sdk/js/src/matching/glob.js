/**
 * Globs.
 *
 * A glob is run as an automaton that is in several states at once (Baeza-Yates and Gonnet, 1992): each byte of the text moves
 * all of them by one step. There is nothing to go back to, whatever the glob and the text are. Before that, a text has to begin,
 * to end and to have in it what every text of the glob does, which is quick to see. Texts have a character for each byte here.
 */

import { quoted } from "../address.js";
import { utf8 } from "../text.js";

/** Characters that a glob stands for at the most, `*` and `**` not counted. */
const MAX_LENGTH = 127;
/** Globs that one with `{…,…}` stands for at the most. */
const MAX_ALTERNATIVES = 64;
/** States a word. */
const BITS = 32;
const SLASH = "/";
const STAR = Symbol("*");
const DEEP = Symbol("**");
const [OPEN, COMMA, CLOSE] = [Symbol("{"), Symbol(","), Symbol("}")];

/**
 * A byte that stands for itself, or those that a `?` or `[…]` stands for, or `*` or `**`.
 * @typedef {string | Set<string> | symbol} Token
 */

/** What is wrong with a glob. */
class Wrong extends Error {}

/** @type {Set<string>} */
const ONE = new Set();
for (let byte = 0; byte < 256; byte++) if (byte !== 0x2f) ONE.add(String.fromCharCode(byte));

/**
 * Those that a glob stands for, without `{…,…}`.
 * @param {string} glob
 * @throws {Error} where it is none
 */
export function globs(glob) {
  try {
    return alternatives(utf8(glob)).map((tokens) => new Glob(tokens));
  } catch (error) {
    if (error instanceof Wrong) throw new Error(`${quoted(glob)} is no glob: ${error.message}`);
    throw error;
  }
}

/** @param {string} glob */
function alternatives(glob) {
  /** @type {Token[][]} */
  let every = [[]];
  /** @type {Token[][] | undefined} */
  let inside;
  let [at, length] = [0, 0];
  while (at < glob.length) {
    let [token, next] = tokenAt(glob, at);
    at = next;
    if (token === OPEN) {
      if (inside) throw new Wrong("a { of a glob lies between { and }");
      inside = [[]];
    } else if (token === CLOSE) {
      if (!inside) throw new Wrong("a } of a glob has no { before it");
      length += Math.max(...inside.map(lengthOf));
      if (every.length * inside.length > MAX_ALTERNATIVES) throw new Wrong("a glob has more than 64 alternatives");
      const ends = inside;
      every = every.flatMap((begin) => ends.map((end) => [...begin, ...end]));
      inside = undefined;
    } else if (token === COMMA && inside) {
      inside.push([]);
      if (inside.length > MAX_ALTERNATIVES) throw new Wrong("a glob has more than 64 alternatives");
    } else {
      if (token === COMMA) token = ",";
      for (const tokens of inside ? inside.slice(-1) : every) tokens.push(token);
      if (!inside) length += lengthOf([token]);
    }
    const here = inside ? lengthOf(inside[inside.length - 1]) : 0;
    if (length + here > MAX_LENGTH) throw new Wrong("a glob stands for more than 127 characters");
  }
  if (inside) throw new Wrong("a { of a glob has no } after it");
  return every;
}

/** @param {Token[]} tokens */
function lengthOf(tokens) {
  return tokens.filter((token) => token !== STAR && token !== DEEP).length;
}

/**
 * The token that begins there, and where the next one does.
 * @param {string} glob
 * @param {number} at
 * @returns {[Token, number]}
 */
function tokenAt(glob, at) {
  const character = glob[at];
  switch (character) {
    case "?":
      return [ONE, at + 1];
    case "{":
      return [OPEN, at + 1];
    case ",":
      return [COMMA, at + 1];
    case "}":
      return [CLOSE, at + 1];
    case "[":
      return classAt(glob, at + 1);
    case "\\":
      if (at + 1 === glob.length) throw new Wrong("a glob ends with a \\");
      return [glob[at + 1], at + 2];
    case "*": {
      let end = at + 1;
      while (glob[end] === "*") end++;
      return [end === at + 1 ? STAR : DEEP, end];
    }
    default:
      return [character, at + 1];
  }
}

/**
 * The rest of a `[…]`.
 * @param {string} glob
 * @param {number} from
 * @returns {[Token, number]}
 */
function classAt(glob, from) {
  const negated = glob[from] === "!" || glob[from] === "^";
  let at = negated ? from + 1 : from;
  const first = at;
  /** @type {Set<string>} */
  const members = new Set();
  while (at < glob.length) {
    if (glob[at] === "]") {
      if (at === first) throw new Wrong("a [ and ] of a glob have nothing between them");
      return [new Set([...ONE].filter((byte) => members.has(byte) !== negated)), at + 1];
    }
    let [low, next] = letterAt(glob, at);
    let high = low;
    if (glob[next] === "-" && next + 1 < glob.length && glob[next + 1] !== "]") [high, next] = letterAt(glob, next + 1);
    if (low > high) throw new Wrong("a range of a glob ends before it begins");
    if (high > "\x7f") throw new Wrong("a letter between [ and ] of a glob is not ASCII");
    for (let byte = low.charCodeAt(0); byte <= high.charCodeAt(0); byte++) members.add(String.fromCharCode(byte));
    at = next;
  }
  throw new Wrong("a [ of a glob has no ] after it");
}

/**
 * @param {string} glob
 * @param {number} from
 * @returns {[string, number]}
 */
function letterAt(glob, from) {
  const at = glob[from] === "\\" ? from + 1 : from;
  if (at >= glob.length) throw new Wrong("a [ of a glob has no ] after it");
  return [glob[at], at + 1];
}

/** A glob without alternatives, ready to be compared with texts. */
export class Glob {
  /** @param {Token[]} tokens */
  constructor(tokens) {
    const begin = leading(tokens, 0);
    let last = tokens.length;
    while (last > begin && typeof tokens[last - 1] === "string") last--;
    // The `/` of `**/` goes with it.
    if (last < tokens.length && tokens[last] === SLASH && last > begin && tokens[last - 1] === DEEP) last++;
    this._begin = literal(tokens.slice(0, begin));
    this._end = literal(tokens.slice(last));
    const middle = tokens.slice(begin, last);
    this._part = longest(middle);
    this._automaton = new Automaton(middle, this._begin === "" || this._begin.endsWith("/"));
  }

  /**
   * Whether it stands for all of the text.
   * @param {string} text
   */
  matches(text) {
    const end = text.length - this._end.length;
    if (end < this._begin.length || !text.startsWith(this._begin) || !text.endsWith(this._end)) return false;
    const middle = text.substring(this._begin.length, end);
    return middle.includes(this._part) && this._automaton.matches(middle);
  }
}

/** The states of a glob: the first is 0, and a step over a character leads from each state to the next. */
class Automaton {
  /**
   * @param {Token[]} tokens
   * @param {boolean} afterSlash
   */
  constructor(tokens, afterSlash) {
    /** @type {Token[]} */
    const characters = [];
    /** @type {number[][]} */
    const [stay, stayInName, skip] = [[], [], []];
    for (let at = 0; at < tokens.length; at++) {
      const token = tokens[at];
      if (token === STAR) stayInName.push(characters.length);
      else if (token === DEEP) {
        stay.push(characters.length);
        if (afterSlash && tokens[at + 1] === SLASH) {
          // Folders, each with its `/`, or none. Another `**/` says the same again.
          skip.push(characters.length);
          characters.push(SLASH);
          at++;
          while (tokens[at + 1] === DEEP && tokens[at + 2] === SLASH) at += 2;
          continue;
        }
      } else characters.push(token);
      afterSlash = token === SLASH;
    }
    const words = (characters.length >> 5) + 1;
    /** By word: the states that stay whatever comes (`**`), and where no `/` comes (`*`), and that are the next one too. */
    this._stay = mask(stay, words);
    this._stayInName = mask([...stay, ...stayInName], words);
    this._skip = mask(skip, words);
    this._last = characters.length;
    /** By byte: the states that it leads on from. */
    this._steps = Array.from({ length: 256 }, (_, byte) => {
      const accepts = characters.flatMap((character, state) => (accepted(character, byte) ? [state] : []));
      return mask(accepts, words);
    });
  }

  /** @param {string} text */
  matches(text) {
    const words = this._skip.length;
    const states = new Uint32Array(words);
    states[0] = 1 | ((this._skip[0] & 1) << 1);
    for (let at = 0; at < text.length; at++) {
      const byte = text.charCodeAt(at);
      const step = this._steps[byte];
      const stay = byte === 0x2f ? this._stay : this._stayInName;
      let [carry, skipCarry, any] = [0, 0, 0];
      for (let word = 0; word < words; word++) {
        const led = states[word] & step[word];
        let entered = (led << 1) | carry;
        carry = led >>> (BITS - 1);
        const skipped = entered & this._skip[word];
        entered |= (skipped << 1) | skipCarry;
        skipCarry = skipped >>> (BITS - 1);
        states[word] = entered | (states[word] & stay[word]);
        any |= states[word];
      }
      if (any === 0) return false;
    }
    return ((states[this._last >> 5] >>> (this._last & 31)) & 1) !== 0;
  }
}

/** @param {number[]} states @param {number} words */
function mask(states, words) {
  const bits = new Uint32Array(words);
  for (const state of states) bits[state >> 5] |= 1 << (state & 31);
  return bits;
}

/** @param {Token} character @param {number} byte */
function accepted(character, byte) {
  const own = String.fromCharCode(byte);
  return character instanceof Set ? character.has(own) : character === own;
}

/**
 * How many tokens from there on are bytes.
 * @param {Token[]} tokens
 * @param {number} from
 */
function leading(tokens, from) {
  let at = from;
  while (at < tokens.length && typeof tokens[at] === "string") at++;
  return at - from;
}

/** @param {Token[]} tokens */
function literal(tokens) {
  return tokens.join("");
}

/**
 * The longest part that every text has; a `/` next to a `**` may be left out with it.
 * @param {Token[]} tokens
 */
function longest(tokens) {
  let best = "";
  for (let at = 0; at < tokens.length; ) {
    const count = leading(tokens, at);
    const leftOut = at > 0 && tokens[at - 1] === DEEP && tokens[at] === SLASH ? 1 : 0;
    const run = literal(tokens.slice(at + leftOut, at + count));
    if (run.length > best.length) best = run;
    at += Math.max(count, 1);
  }
  return best;
}
