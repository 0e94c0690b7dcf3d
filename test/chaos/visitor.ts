/**
 * A client that remembers everything it is shown: who came and went in presence channels, which events came, and whether any
 * of it made no sense, such as a member that comes twice. Signs for itself. Gone when the test is over.
 */
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { type ChaosNode, credentials } from "./chaos-node.ts";

interface Message {
  readonly event: string;
  readonly channel?: string;
  /** JSON in a string, as events of the protocol have it. */
  readonly data: string;
}

interface Presence {
  readonly ids: readonly string[];
}

export class Visitor {
  /** What happened in each presence channel since it was joined, as `+anna` and `-anna`. */
  readonly changes = new Map<string, string[]>();
  /** Data of the events that backends published, by channel. */
  readonly received = new Map<string, string[]>();
  /** What cannot be: members who come twice, or leave without being there. */
  readonly contradictions: string[] = [];
  readonly #node: ChaosNode;
  readonly #websocket: WebSocket;
  readonly #members = new Map<string, Set<string>>();
  readonly #joining = new Map<string, () => void>();
  readonly #greeted: Promise<void>;
  #greet: () => void = () => {};
  #socketId = "";
  #closeCode: number | undefined;

  private constructor(node: ChaosNode) {
    this.#node = node;
    this.#greeted = new Promise((resolve) => {
      this.#greet = resolve;
    });
    this.#websocket = new WebSocket(`ws://127.0.0.1:${node.port}/app/${credentials.key}?protocol=7`, {
      perMessageDeflate: false,
    });
    this.#websocket.on("message", (data: Buffer) => this.#receive(JSON.parse(data.toString()) as Message));
    this.#websocket.on("close", (code) => (this.#closeCode = code));
    // The close says it all.
    this.#websocket.on("error", () => {});
    onTestFinished(() => this.#websocket.terminate());
  }

  static async connect(node: ChaosNode): Promise<Visitor> {
    const visitor = new Visitor(node);
    await visitor.#greeted;
    return visitor;
  }

  /** The code with which the connection ended, if it has. */
  get closeCode(): number | undefined {
    return this.#closeCode;
  }

  /** Resolves when the server has confirmed it; as this member where the channel has members. */
  async join(channel: string, userId?: string): Promise<void> {
    const auth =
      userId === undefined
        ? {}
        : this.#node.publisher.authorizeChannel(this.#socketId, channel, { user_id: userId });
    const joined = new Promise<void>((resolve) => this.#joining.set(channel, resolve));
    this.#send("pusher:subscribe", { channel, ...auth });
    await joined;
  }

  leave(channel: string): void {
    this.#send("pusher:unsubscribe", { channel });
  }

  /** Who is in the channel, as this client was shown. */
  membersOf(channel: string): string[] {
    return [...(this.#members.get(channel) ?? [])].toSorted();
  }

  changesOf(channel: string): readonly string[] {
    return this.changes.get(channel) ?? [];
  }

  receivedOn(channel: string): readonly string[] {
    return this.received.get(channel) ?? [];
  }

  close(): void {
    this.#websocket.close(1000);
  }

  #send(event: string, data: object): void {
    this.#websocket.send(JSON.stringify({ event, data }));
  }

  #receive({ event, channel = "", data }: Message): void {
    const parsed: unknown = event.startsWith("pusher") ? JSON.parse(data) : undefined;
    switch (event) {
      case "pusher:connection_established":
        this.#socketId = (parsed as { socket_id: string }).socket_id;
        this.#greet();
        break;
      case "pusher_internal:subscription_succeeded": {
        const { presence } = parsed as { presence?: Presence };
        this.#members.set(channel, new Set(presence?.ids));
        this.#joining.get(channel)?.();
        break;
      }
      case "pusher_internal:member_added":
      case "pusher_internal:member_removed":
        this.#change(channel, event.endsWith("added"), (parsed as { user_id: string }).user_id);
        break;
      default:
        this.#remember(this.received, channel, data);
    }
  }

  #change(channel: string, isComing: boolean, id: string): void {
    const members = this.#members.get(channel) ?? new Set();
    if (members.has(id) === isComing) this.contradictions.push(`${isComing ? "+" : "-"}${id} in ${channel}`);
    if (isComing) members.add(id);
    else members.delete(id);
    this.#remember(this.changes, channel, `${isComing ? "+" : "-"}${id}`);
  }

  #remember<T>(map: Map<string, T[]>, channel: string, item: T): void {
    const items = map.get(channel);
    if (items) items.push(item);
    else map.set(channel, [item]);
  }
}
