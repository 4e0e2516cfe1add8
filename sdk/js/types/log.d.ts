/**
 * Saying something to the people who run the host. Limited there: a flood is cut and counted. In tests it goes to standard
 * error.
 */
/**
 * Says it to who writes the pack.
 * @param {string} message
 */
export declare function debug(message: string): void;
/**
 * Says what is worth knowing.
 * @param {string} message
 */
export declare function info(message: string): void;
/**
 * Says that something is not as it should be, and the pack goes on.
 * @param {string} message
 */
export declare function warn(message: string): void;
/**
 * Says that something did not work.
 * @param {string} message
 */
export declare function error(message: string): void;
