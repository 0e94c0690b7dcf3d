/** How many connections of one app the other nodes have, by node. Kept by the hub from what they announce. */

/** Figures of one node. */
export interface ConnectionFigures {
  /** They count against the app's limit. */
  readonly authorised: number;
  readonly unauthorised: number;
}

export class RemoteConnections {
  readonly #byNode = new Map<string, ConnectionFigures>();
  #authorised = 0;
  #unauthorised = 0;

  get authorised(): number {
    return this.#authorised;
  }

  get unauthorised(): number {
    return this.#unauthorised;
  }

  get total(): number {
    return this.#authorised + this.#unauthorised;
  }

  /** The node has so many now. */
  set(nodeId: string, { authorised, unauthorised }: ConnectionFigures): void {
    const before = this.#byNode.get(nodeId);
    this.#authorised += authorised - (before?.authorised ?? 0);
    this.#unauthorised += unauthorised - (before?.unauthorised ?? 0);
    if (authorised + unauthorised === 0) this.#byNode.delete(nodeId);
    else this.#byNode.set(nodeId, { authorised, unauthorised });
  }
}
