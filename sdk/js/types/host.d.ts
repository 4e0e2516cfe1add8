/** What a pack may call. In a component this is the host; in tests, whoever listens. */
export type Level = "debug" | "info" | "warn" | "error";
/** @typedef {"debug" | "info" | "warn" | "error"} Level */
export declare const host: {
    emit(finding: Uint8Array): void;
    log(level: Level, message: string): void;
};
