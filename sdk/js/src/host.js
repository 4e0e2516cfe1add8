/** What a pack may call. In a component this is the host; in tests, whoever listens. */

/** @typedef {"debug" | "info" | "warn" | "error"} Level */

export const host = {
  /**
   * Takes a finding, as it travels.
   * @type {(finding: Uint8Array) => void}
   */
  emit() {
    throw new Error("findings are raised while a pack runs: in a host, or in a PackTest");
  },

  /**
   * Takes a line for the people who run the host, and how much it matters.
   * @type {(level: Level, message: string) => void}
   */
  log(level, message) {
    /** @type {any} */ (globalThis).console.error(`${level}: ${message}`);
  },
};
