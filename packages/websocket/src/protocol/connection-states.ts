/**
 * The life of a connection after the handshake as data (RFC 6455 §5.5.1, §7.1): which event leads where, and what each
 * state allows. `WebSocketProtocol` follows this table and nothing else decides.
 */
export type ConnectionState = "open" | "closing-local" | "closing-remote" | "failing" | "closed";

export type StateTrigger = "close-sent" | "close-received" | "failure" | "transport-ended";

/** A trigger without an entry leaves the state as it is. */
export const transitions: Readonly<
  Record<ConnectionState, Readonly<Partial<Record<StateTrigger, ConnectionState>>>>
> = {
  open: {
    "close-sent": "closing-local",
    "close-received": "closing-remote",
    failure: "failing",
    "transport-ended": "closed",
  },
  // Our Close is on its way; the peer's is awaited, and its messages are still delivered.
  "closing-local": {
    "close-received": "closing-remote",
    failure: "failing",
    "transport-ended": "closed",
  },
  // Both Close frames have passed: only the end of TCP is awaited.
  "closing-remote": { "transport-ended": "closed" },
  // The peer broke the protocol (RFC 6455 §7.1.7); nothing more is read.
  failing: { "transport-ended": "closed" },
  closed: {},
};

export interface StateRights {
  readonly sendsMessages: boolean;
  readonly sendsPings: boolean;
  readonly sendsPongs: boolean;
  readonly readsFrames: boolean;
}

export const stateRights: Readonly<Record<ConnectionState, StateRights>> = {
  open: { sendsMessages: true, sendsPings: true, sendsPongs: true, readsFrames: true },
  "closing-local": { sendsMessages: false, sendsPings: false, sendsPongs: true, readsFrames: true },
  "closing-remote": { sendsMessages: false, sendsPings: false, sendsPongs: false, readsFrames: false },
  failing: { sendsMessages: false, sendsPings: false, sendsPongs: false, readsFrames: false },
  closed: { sendsMessages: false, sendsPings: false, sendsPongs: false, readsFrames: false },
};
