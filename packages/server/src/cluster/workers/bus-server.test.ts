import { mkdtemp, rm } from "node:fs/promises";
import { connect, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { AppHubs } from "../../channels/app-hubs.ts";
import { ClusterReplica } from "../../channels/cluster-replica.ts";
import { testApp } from "../../pusher/app.test.harness.ts";
import { ManualClock } from "../../pusher/manual-clock.test.harness.ts";
import { TestNode } from "../../pusher/session.test.harness.ts";
import { decodePublication } from "../publication-encoding.ts";
import { BusFrameReader, encodePublicationFrame, frameKinds } from "./bus-frame.ts";
import { type BusMessage, decodeMessage, encodeMessage } from "./bus-message.ts";
import { Overview } from "./overview.ts";
import { WorkerClusterAdapter } from "./worker-cluster-adapter.ts";

const app = testApp();

/** A worker that writes what a test says, and nothing by itself. */
class RawWorker {
  readonly socket: Socket;
  readonly received: string[] = [];
  readonly #reader = new BusFrameReader();

  constructor(path: string) {
    this.socket = connect(path);
    this.socket.on("data", (chunk: Buffer) => {
      for (const { kind, payload } of this.#reader.read(chunk) ?? []) {
        const name =
          kind === frameKinds.message
            ? decodeMessage(payload)?.type
            : `publication ${decodePublication(payload)?.text}`;
        this.received.push(name ?? "nonsense");
      }
    });
    onTestFinished(() => void this.socket.destroy());
  }

  tell(message: BusMessage): void {
    this.socket.write(encodeMessage(message));
  }

  publish(channel: string, text: string): void {
    this.socket.write(encodePublicationFrame({ appId: app.id, channel, text }) ?? "");
  }

  async until(received: string): Promise<void> {
    await vi.waitFor(() => expect(this.received).toContain(received), { interval: 1 });
  }
}

let folder: string;
let path: string;
let overview: Overview;
const reports: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "antiphon-bus-"));
  path = join(folder, "bus");
  const clock = new ManualClock();
  overview = new Overview({
    findApp: () => app,
    raise: () => undefined,
    report: ({ name }) => reports.push(name),
    now: clock.now,
    scheduler: clock,
  });
  await overview.bus.start(path);
});

afterEach(async () => {
  await overview.bus.stop();
  await rm(folder, { recursive: true });
});

async function join2(): Promise<[RawWorker, RawWorker]> {
  const workers = [new RawWorker(path), new RawWorker(path)] as const;
  for (const [index, worker] of workers.entries()) {
    worker.tell({ type: "hello", nodeId: `node ${index}` });
    await worker.until("synchronised");
  }
  await workers[0].until("joined");
  return [...workers];
}

const subscriptions = (channel: string, count: number): BusMessage => ({
  type: "changes",
  nodeId: "node 1",
  appId: app.id,
  changes: [{ type: "subscriptions", channel, count }],
});

describe("the bus", () => {
  it("passes a publication to those whose interest is in another socket when it is read", async () => {
    const [publisher, subscriber] = await join2();
    // The publisher's socket is read first, as it may be under load.
    publisher.publish("a", "early");
    subscriber.tell(subscriptions("a", 1));
    await subscriber.until("publication early");
  });

  it("passes a publication to nobody who is not interested", async () => {
    const [publisher, subscriber] = await join2();
    subscriber.tell(subscriptions("a", 1));
    publisher.publish("other", "for nobody");
    publisher.publish("a", "for one");
    await subscriber.until("publication for one");
    expect(subscriber.received).toEqual(["welcome", "synchronised", "publication for one"]);
    expect(publisher.received).not.toContain("publication for one");
  });

  it("takes changes only of the worker that owns them", async () => {
    const [liar] = await join2();
    liar.tell(subscriptions("a", 1));
    await vi.waitFor(() => expect(liar.socket.destroyed).toBe(true), { interval: 1 });
    expect(reports).toContain("cluster-bus-broken");
    expect(overview.hubs.find(app.id)?.channel("a").occupied ?? false).toBe(false);
  });

  it.each([
    ["bytes that are no frame", Buffer.alloc(16, 0xff)],
    ["a message before hello", encodeMessage(subscriptions("a", 1))],
    ["an unknown kind", Buffer.from([0, 0, 0, 0, 9])],
  ])("cuts a link that sends %s", async (_what, bytes) => {
    const worker = new RawWorker(path);
    worker.socket.write(bytes);
    await vi.waitFor(() => expect(worker.socket.destroyed).toBe(true), { interval: 1 });
  });

  it("hears of a first subscriber before the subscriber is answered, and of further ones with the turn", async () => {
    const adapter = new WorkerClusterAdapter({ path, report: () => undefined });
    const node = new TestNode({}, { cluster: adapter });
    const hubs = new AppHubs(() => node.hub);
    await adapter.start(new ClusterReplica({ hubs, findApp: () => app, raise: () => undefined }));
    const [first, second] = [node.connect(), node.connect()];
    await new Promise(setImmediate);
    const write = vi.spyOn(Socket.prototype, "write");
    onTestFinished(() => write.mockRestore());
    first.transport.onMessage = () => expect(write).toHaveBeenCalledTimes(1);
    first.subscribe("a");
    expect(first.takeEvents()).toEqual(["pusher_internal:subscription_succeeded"]);
    second.subscribe("a");
    expect(write).toHaveBeenCalledTimes(1);
    await new Promise(setImmediate);
    expect(write).toHaveBeenCalledTimes(2);
    await adapter.stop();
  });
});
