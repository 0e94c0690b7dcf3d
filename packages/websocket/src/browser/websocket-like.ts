/** The part of the WHATWG WebSocket interface that is used here: browsers, workers, Node 22 and `ws` all have it. */

export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly protocol: string;
  readonly readyState: number;
  addEventListener(type: "open" | "message" | "close" | "error", listener: (event: never) => void): void;
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
}

export type WebSocketConstructor = new (url: string, protocols?: string[]) => WebSocketLike;

/** `readyState` of a connection that is open. */
export const openReadyState = 1;

export interface MessageEventLike {
  readonly data: unknown;
}

export interface CloseEventLike {
  readonly code: number;
  readonly reason: string;
}
