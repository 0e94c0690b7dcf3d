/**
 * What the clients and publishers of each app have exchanged with this node since its start. Plain numbers, since they
 * are added to on the path of every message; Prometheus sees them when it scrapes.
 */

/** One app's sums. Bytes are those of messages and bodies: no frame headers, and before compression. */
export class AppTraffic {
  connections = 0;
  disconnections = 0;
  messagesReceived = 0;
  messageBytesReceived = 0;
  messagesSent = 0;
  messageBytesSent = 0;
  httpCalls = 0;
  httpBytesReceived = 0;
  httpBytesSent = 0;
}

/** The sums of all apps, by app id. Only ids of configured apps go in, so that it stays small. */
export class TrafficLedger {
  readonly #apps = new Map<string, AppTraffic>();

  /** The sums of one app, all zero at first. The same object every time: it may be kept. */
  of(appId: string): AppTraffic {
    let traffic = this.#apps.get(appId);
    if (traffic === undefined) {
      traffic = new AppTraffic();
      this.#apps.set(appId, traffic);
    }
    return traffic;
  }

  entries(): Iterable<[appId: string, traffic: AppTraffic]> {
    return this.#apps.entries();
  }
}
