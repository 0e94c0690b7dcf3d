import type { App } from "./app.ts";

/**
 * Where apps come from. Answers may be cached by the store; a changed secret or a disabled app must be seen within the
 * store's own time to live.
 */
export interface AppStore {
  /** Exact, case-sensitive match; `undefined` for an unknown id. Rejects only when the backing store is down. */
  findById(id: string): App | undefined | Promise<App | undefined>;
  /** Exact, case-sensitive match; `undefined` for an unknown key. Rejects only when the backing store is down. */
  findByKey(key: string): App | undefined | Promise<App | undefined>;
}
