/** The part of Bun that its servers here use. Declared, so that the benchmark compiles without Bun's types. */

export interface BunSocket<Data> {
  readonly data: Data;
  send(message: string | Uint8Array, compress?: boolean): number;
  subscribe(topic: string): void;
}

export interface BunServer<Data> {
  readonly port: number;
  upgrade(request: Request, options: { readonly data: Data }): boolean;
  publish(topic: string, message: string, compress?: boolean): number;
  subscriberCount(topic: string): number;
}

export interface BunServeOptions<Data> {
  readonly port: number;
  readonly hostname: string;
  fetch(request: Request, server: BunServer<Data>): Response | undefined | Promise<Response | undefined>;
  readonly websocket: {
    readonly perMessageDeflate?: boolean;
    readonly idleTimeout?: number;
    readonly backpressureLimit?: number;
    open?(socket: BunSocket<Data>): void;
    message(socket: BunSocket<Data>, message: string | Uint8Array): void;
  };
}

export interface BunHasher {
  update(data: string | Uint8Array): BunHasher;
  digest(encoding: "hex"): string;
}

export interface BunRuntime {
  serve<Data>(options: BunServeOptions<Data>): BunServer<Data>;
  readonly CryptoHasher: new (algorithm: "md5" | "sha256", key?: string) => BunHasher;
}

/** Bun's own interface; these servers run nowhere else. */
export const bun: BunRuntime = (globalThis as unknown as { Bun: BunRuntime }).Bun;
