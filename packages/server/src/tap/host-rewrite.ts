/**
 * `--rewrite-host`: the one change that the tap makes, and only when asked. The client's first request goes in, in any
 * pieces; the same bytes come out with Host and Origin naming the target. What follows the head is not touched.
 */

/** One header that was changed. */
export interface RewrittenHeader {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

export interface RewriteResult {
  /** To send on; empty while the head is incomplete. */
  readonly bytes: Uint8Array;
  readonly rewritten: readonly RewrittenHeader[];
}

const nothingRewritten: readonly RewrittenHeader[] = [];

export class HostRewriter {
  readonly #host: string;
  readonly #origin: string;
  readonly #maxHeadBytes: number;
  #held: Buffer | undefined = Buffer.alloc(0);

  /** @param maxHeadBytes a longer head is sent on as it is. */
  constructor(target: { readonly host: string; readonly origin: string }, maxHeadBytes: number) {
    this.#host = target.host;
    this.#origin = target.origin;
    this.#maxHeadBytes = maxHeadBytes;
  }

  /** Takes bytes of the client. */
  push(chunk: Uint8Array): RewriteResult {
    if (this.#held === undefined) return { bytes: chunk, rewritten: nothingRewritten };
    const held = Buffer.concat([this.#held, chunk]);
    const end = held.indexOf("\r\n\r\n");
    if (end < 0 && held.length <= this.#maxHeadBytes) {
      this.#held = held;
      return { bytes: Buffer.alloc(0), rewritten: nothingRewritten };
    }
    this.#held = undefined;
    if (end < 0) return { bytes: held, rewritten: nothingRewritten };
    const rewritten: RewrittenHeader[] = [];
    const head = this.#rewriteHead(held.toString("latin1", 0, end), rewritten);
    return { bytes: Buffer.concat([Buffer.from(head, "latin1"), held.subarray(end)]), rewritten };
  }

  /** What is still held when the client ends without a whole head. */
  end(): Uint8Array {
    const held = this.#held ?? Buffer.alloc(0);
    this.#held = undefined;
    return held;
  }

  #rewriteHead(head: string, rewritten: RewrittenHeader[]): string {
    return head.replace(
      /^(Host|Origin)(:[ \t]*)([^\r\n]*)/gim,
      (line, name: string, colon: string, before: string) => {
        const after = name.toLowerCase() === "host" ? this.#host : this.#origin;
        if (before === after) return line;
        rewritten.push({ name, before, after });
        return `${name}${colon}${after}`;
      },
    );
  }
}
