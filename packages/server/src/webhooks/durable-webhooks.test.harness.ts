/**
 * What webhooks promise where nodes share a store: a receiver on a port, nodes that come, lead and die, and a store that goes
 * away. Run by a test file for each kind of store.
 */
import type { Failure } from "@antiphon/websocket";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { App, WebhookSettings } from "../apps/app.ts";
import type { ChannelOccurrence } from "../channels/channel-hub.ts";
import { timerScheduler } from "../lifecycle/timer-scheduler.ts";
import { testApp } from "../pusher/app.test.harness.ts";
import { AppWebhooks } from "./app-webhooks.ts";
import type { ChannelView, ClusterView } from "./leading-view.ts";
import { describeEdge, type Occupant } from "./webhook-edge.ts";
import { identifyWebhooks } from "./webhook-identity.ts";
import { startReceiver, type WebhookReceiver } from "./webhook-receiver.test.harness.ts";
import { HttpWebhookSender, type WebhookSender } from "./webhook-sender.ts";
import type { WebhookStores } from "./webhook-store.ts";
import { choosePlace, type StoreBackend } from "./webhook-store-contract.test.harness.ts";
import type { DeliveryResult } from "./webhook-target.ts";

const delivery = {
  batching: { enabled: false, durationMs: 5, maxEvents: 10 },
  retryForMs: 300_000,
  maxConcurrentRequests: 4,
  maxQueuedEvents: 2000,
};

/** What happens to the cluster's channels, as every hub sees it. */
class TestChannels implements ChannelView {
  readonly #members = new Map<string, Set<string>>();

  come({ channel, userId }: Occupant): void {
    const members = this.#members.get(channel) ?? new Set();
    this.#members.set(channel, members);
    if (userId !== undefined) members.add(userId);
  }

  go({ channel, userId }: Occupant): void {
    if (userId === undefined) this.#members.delete(channel);
    else this.#members.get(channel)?.delete(userId);
  }

  *occupants(): Iterable<Occupant> {
    for (const [channel, members] of this.#members) {
      yield { channel };
      for (const userId of members) yield { channel, userId };
    }
  }

  isPresent({ channel, userId }: Occupant): boolean {
    const members = this.#members.get(channel);
    return members !== undefined && (userId === undefined || members.has(userId));
  }
}

class TestNode {
  readonly webhooks: AppWebhooks;
  readonly stores: WebhookStores;
  readonly results: DeliveryResult[];
  readonly reported: Failure[];
  leads = false;

  constructor(
    webhooks: AppWebhooks,
    stores: WebhookStores,
    told: { results: DeliveryResult[]; reported: Failure[] },
  ) {
    this.webhooks = webhooks;
    this.stores = stores;
    this.results = told.results;
    this.reported = told.reported;
  }

  /** Its connections are cut; of what it does from here on nobody hears. */
  async die(): Promise<void> {
    this.leads = false;
    await this.stores.close();
  }

  sum(outcome: DeliveryResult["outcome"]): number {
    return this.results
      .filter((result) => result.outcome === outcome)
      .reduce((sum, { events }) => sum + events, 0);
  }

  get failures(): readonly string[] {
    return this.reported.map(({ name }) => name);
  }
}

/** For as long as a busy machine may take. */
function eventually(check: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(check, 15_000);
}

/** Sends into the void, as a node does that dies before the request has left. */
const lost: WebhookSender = { send: () => new Promise(() => {}) };

export function describeDurableWebhooks(name: string, startBackend: () => Promise<StoreBackend>): void {
  describe(`webhooks with a store in ${name}`, () => {
    let backend: StoreBackend;
    let receiver: WebhookReceiver;
    let place: string;
    let channels: TestChannels;
    let webhook: WebhookSettings;
    let app: App;
    const nodes: TestNode[] = [];
    const senders: HttpWebhookSender[] = [];

    beforeAll(async () => {
      backend = await startBackend();
    });
    afterAll(() => backend.stop());
    beforeEach(async () => {
      receiver = await startReceiver();
      place = choosePlace();
      channels = new TestChannels();
      use({});
    });
    afterEach(async () => {
      for (const sender of senders.splice(0)) sender.close();
      await Promise.all(nodes.splice(0).map((node) => node.die()));
      await receiver.stop();
    });

    function use(settings: Partial<WebhookSettings>): void {
      webhook = {
        url: receiver.url,
        eventTypes: ["channel_occupied", "channel_vacated", "member_added", "member_removed", "client_event"],
        headers: {},
        debounceMs: 50,
        ...settings,
      };
      app = testApp({ webhooks: [webhook] });
    }

    async function startNode(
      options: { sender?: WebhookSender; delivery?: Partial<typeof delivery> } = {},
    ): Promise<TestNode> {
      const settings = { ...delivery, ...options.delivery };
      const stores = await backend.connect(place, settings.maxQueuedEvents);
      const sender = new HttpWebhookSender(
        { timeoutMs: 5000, maxConcurrentRequests: 4, denyPrivateAddresses: false },
        timerScheduler,
      );
      senders.push(sender);
      const told = { results: [] as DeliveryResult[], reported: [] as Failure[] };
      const webhooks = new AppWebhooks({
        delivery: settings,
        sender: options.sender ?? sender,
        now: () => performance.now(),
        timeOfDay: () => Date.now(),
        scheduler: timerScheduler,
        stores,
        onDelivery: (result) => told.results.push(result),
        report: (failure) => told.reported.push(failure),
      });
      const node = new TestNode(webhooks, stores, told);
      nodes.push(node);
      return node;
    }

    function viewOf(node: TestNode): ClusterView {
      return { apps: () => [app], channelsOf: () => channels, leads: () => node.leads };
    }

    function lead(node: TestNode): void {
      node.leads = true;
      node.webhooks.lead(viewOf(node));
    }

    async function startLeader(options?: Parameters<typeof startNode>[0]): Promise<TestNode> {
      const node = await startNode(options);
      lead(node);
      return node;
    }

    /** What every hub sees, and those nodes raise that take themselves for the leader. */
    function happen(occupant: Occupant, present: boolean): void {
      if (present) channels.come(occupant);
      else channels.go(occupant);
      for (const node of nodes) if (node.leads) node.webhooks.accept(app, describeEdge(occupant, present));
    }

    function say(node: TestNode, channel: string, data: string): void {
      const event: ChannelOccurrence = {
        name: "client_event",
        channel,
        event: "client-x",
        data,
        socketId: "1.1",
      };
      node.webhooks.accept(app, event);
    }

    function received(): readonly string[] {
      return receiver.received.flatMap(({ events }) =>
        events.map((event) => {
          const { name: type, channel, user_id, data } = event as Record<string, string | undefined>;
          return [type, channel, user_id ?? data].filter(Boolean).join(" ");
        }),
      );
    }

    function openStore(node: TestNode) {
      const [webhookId = ""] = identifyWebhooks([webhook]);
      return node.stores.open({ appId: app.id, webhookId });
    }

    /** Until then, a node that dies leaves what it has delivered to be delivered again. */
    async function waitUntilSettled(node: TestNode): Promise<void> {
      await eventually(async () => expect((await openStore(node).depth()).events).toBe(0));
    }

    async function waitUntilReceived(...expected: readonly string[]): Promise<void> {
      await eventually(() => expect(received()).toEqual(expected));
    }

    /** Everything is delivered and settled, and stays so for longer than departures and polls wait. */
    async function expectNoMore(node: TestNode): Promise<void> {
      await waitUntilSettled(node);
      const before = received().length;
      const marker = `marker-${before}`;
      // Departures that wait come before what comes into the same line after them: another channel shows that time passed.
      await new Promise((resolve) => {
        setTimeout(resolve, webhook.debounceMs * 3);
      });
      say(node, marker, "last");
      await eventually(() => expect(received().at(-1)).toBe(`client_event ${marker} last`));
      expect(received()).toHaveLength(before + 1);
    }

    it("are delivered by the leader, whichever node saw what happened", async () => {
      const leader = await startLeader();
      const other = await startNode();
      happen({ channel: "a" }, true);
      await waitUntilReceived("channel_occupied a");
      for (const text of ["1", "2", "3"]) say(other, "a", text);
      await waitUntilReceived(
        "channel_occupied a",
        "client_event a 1",
        "client_event a 2",
        "client_event a 3",
      );
      expect(other.results).toEqual([]);
      expect(leader.sum("delivered")).toBe(4);
      await expectNoMore(leader);
    });

    it("tell nothing that was told already, however often it is seen", async () => {
      use({ debounceMs: 0 });
      const node = await startLeader();
      happen({ channel: "a" }, true);
      await waitUntilReceived("channel_occupied a");
      happen({ channel: "a" }, true);
      happen({ channel: "b" }, false);
      await expectNoMore(node);
    });

    it("wait in the store while nobody leads", async () => {
      const node = await startNode();
      say(node, "a", "1");
      await eventually(async () => expect((await openStore(node).depth()).events).toBe(1));
      expect(await node.webhooks.depth()).toBe(0);
      lead(node);
      await waitUntilReceived("client_event a 1");
    });

    it("tell a leader's first look at channels: what is occupied, each once, a channel before its members", async () => {
      channels.come({ channel: "presence-a", userId: "1" });
      channels.come({ channel: "presence-a", userId: "2" });
      const first = await startLeader({ delivery: { maxConcurrentRequests: 1 } });
      await waitUntilReceived(
        "channel_occupied presence-a",
        "member_added presence-a 1",
        "member_added presence-a 2",
      );
      await waitUntilSettled(first);
      await first.die();
      await expectNoMore(await startLeader());
    });

    it("are told once when the leader dies between storing and delivering them", async () => {
      const first = await startLeader({ sender: lost });
      happen({ channel: "a" }, true);
      happen({ channel: "b" }, true);
      const store = openStore(first);
      await eventually(async () => expect((await store.depth()).events).toBe(2));
      await first.die();
      const second = await startLeader();
      await eventually(() =>
        expect(received().toSorted()).toEqual(["channel_occupied a", "channel_occupied b"]),
      );
      await expectNoMore(second);
    });

    it("are told once when the leader dies between seeing and storing them", async () => {
      const first = await startLeader();
      happen({ channel: "a" }, true);
      await waitUntilReceived("channel_occupied a");
      await waitUntilSettled(first);
      happen({ channel: "b" }, true);
      happen({ channel: "a" }, false);
      await first.die();
      const second = await startLeader();
      await waitUntilReceived("channel_occupied a", "channel_occupied b", "channel_vacated a");
      await expectNoMore(second);
    });

    it("keep their order when the leader dies between attempts", async () => {
      receiver.answer = (response) => {
        response.statusCode = 500;
        response.end();
      };
      const first = await startLeader();
      happen({ channel: "a" }, true);
      await eventually(() => expect(first.sum("retrying")).toBe(1));
      say(first, "a", "1");
      happen({ channel: "a" }, false);
      const store = openStore(first);
      await eventually(async () => expect((await store.depth()).events).toBe(3));
      await first.die();
      first.webhooks.stopLeading();
      receiver.received.length = 0;
      receiver.answer = (response) => response.end();
      const second = await startLeader();
      await waitUntilReceived("channel_occupied a", "client_event a 1", "channel_vacated a");
      await expectNoMore(second);
    });

    it("try an event at least once that is older than the time for retries", async () => {
      const first = await startLeader({ sender: lost });
      happen({ channel: "a" }, true);
      const store = openStore(first);
      await eventually(async () => expect((await store.depth()).events).toBe(1));
      await first.die();
      receiver.answer = (response) => {
        response.statusCode = 500;
        response.end();
      };
      const second = await startLeader({ delivery: { retryForMs: 1 } });
      await eventually(() => expect(second.sum("given-up")).toBe(1));
      expect(received()).toEqual(["channel_occupied a"]);
      expect(second.failures).toEqual(["webhook-refused", "webhook-dead-lettered"]);
    });

    it("tell nothing of who returns under another leader within the debounce", async () => {
      use({ debounceMs: 400 });
      const first = await startLeader();
      happen({ channel: "a" }, true);
      happen({ channel: "b" }, true);
      await eventually(() => expect(received()).toHaveLength(2));
      await waitUntilSettled(first);
      happen({ channel: "a" }, false);
      happen({ channel: "b" }, false);
      first.leads = false;
      first.webhooks.stopLeading();
      const second = await startLeader();
      happen({ channel: "a" }, true);
      await eventually(() => expect(received()).toHaveLength(3));
      expect(received()[2]).toBe("channel_vacated b");
      await expectNoMore(second);
    });

    it("leave departures that wait to the next leader when a leader stops", async () => {
      use({ debounceMs: 300 });
      const first = await startLeader();
      happen({ channel: "a" }, true);
      await waitUntilReceived("channel_occupied a");
      happen({ channel: "a" }, false);
      say(first, "b", "last words");
      await first.webhooks.flush(5000);
      expect(first.failures).toEqual([]);
      await first.die();
      const second = await startLeader();
      await eventually(() =>
        expect(received()).toEqual(["channel_occupied a", "client_event b last words", "channel_vacated a"]),
      );
      await expectNoMore(second);
    });

    it("are told by one of two nodes that take themselves for the leader", async () => {
      // What it delivers of what it has read may come twice; what it tells must not.
      const zombie = await startLeader({ sender: lost });
      happen({ channel: "a" }, true);
      await eventually(async () => expect((await openStore(zombie).depth()).events).toBe(1));
      const second = await startLeader();
      happen({ channel: "b" }, true);
      happen({ channel: "c" }, true);
      await eventually(() => expect(received()).toHaveLength(3));
      zombie.leads = false;
      zombie.webhooks.stopLeading();
      happen({ channel: "a" }, false);
      await eventually(() => expect(received().at(-1)).toBe("channel_vacated a"));
      expect(received().toSorted()).toEqual([
        "channel_occupied a",
        "channel_occupied b",
        "channel_occupied c",
        "channel_vacated a",
      ]);
      await expectNoMore(second);
    });

    it("append no edge while the lease is in doubt", async () => {
      const node = await startLeader();
      happen({ channel: "a" }, true);
      await waitUntilReceived("channel_occupied a");
      await waitUntilSettled(node);
      node.leads = false;
      channels.come({ channel: "b" });
      node.webhooks.accept(app, { name: "channel_occupied", channel: "b" });
      say(node, "c", "behind it");
      await new Promise((resolve) => {
        setTimeout(resolve, 400);
      });
      expect(received()).toHaveLength(1);
      node.webhooks.stopLeading();
      const second = await startLeader();
      await eventually(() => expect(received()).toHaveLength(3));
      await expectNoMore(second);
    });

    it("tell a coming and a going of one that only wants goings right", async () => {
      use({ eventTypes: ["channel_vacated", "client_event"] });
      const first = await startLeader();
      happen({ channel: "a" }, true);
      say(first, "x", "marker");
      await waitUntilReceived("client_event x marker");
      await waitUntilSettled(first);
      happen({ channel: "a" }, false);
      await first.die();
      await startLeader();
      await waitUntilReceived("client_event x marker", "channel_vacated a");
    });

    it("compare thousands in portions, and tell each of them once", async () => {
      use({ debounceMs: 0 });
      const all = Array.from({ length: 1800 }, (_, index) => ({ channel: `c${index}` }));
      for (const occupant of all) channels.come(occupant);
      const batching = { enabled: true, durationMs: 5, maxEvents: 200 };
      const first = await startLeader({ delivery: { batching } });
      await eventually(() => expect(received()).toHaveLength(1800));
      await waitUntilSettled(first);
      await first.die();
      for (const occupant of all.slice(0, 900)) channels.go(occupant);
      const second = await startLeader({ delivery: { batching } });
      await eventually(() => expect(received()).toHaveLength(2700));
      expect(new Set(received()).size).toBe(2700);
      await waitUntilSettled(second);
    }, 40_000);

    it("wait in memory while the store is away, and are told in order when it is back", async () => {
      const leader = await startLeader();
      const other = await startNode();
      happen({ channel: "a" }, true);
      await waitUntilReceived("channel_occupied a");
      await waitUntilSettled(leader);
      await backend.kill();
      happen({ channel: "b" }, true);
      happen({ channel: "a" }, false);
      for (const text of ["1", "2"]) say(other, "d", text);
      say(leader, "b", "3");
      await eventually(() => expect(other.failures).toEqual(["webhook-queue-unavailable"]));
      expect(await other.webhooks.depth()).toBe(2);
      await backend.restart({ empty: false });
      await eventually(() => expect(received()).toHaveLength(6));
      expect(received().filter((text) => text.includes(" b"))).toEqual([
        "channel_occupied b",
        "client_event b 3",
      ]);
      expect(received().filter((text) => text.includes(" d"))).toEqual([
        "client_event d 1",
        "client_event d 2",
      ]);
      await expectNoMore(leader);
      expect(leader.failures.filter((failure) => failure === "webhook-queue-unavailable")).toHaveLength(1);
      expect(leader.sum("dropped")).toBe(0);
    });

    it("go on when the store comes back empty, and tell nothing twice", async () => {
      const first = await startLeader();
      happen({ channel: "a" }, true);
      await waitUntilReceived("channel_occupied a");
      await waitUntilSettled(first);
      await backend.kill();
      happen({ channel: "b" }, true);
      await backend.restart({ empty: true });
      await waitUntilReceived("channel_occupied a", "channel_occupied b");
      await eventually(() => expect(first.failures).toContain("webhook-queue-emptied"));
      await waitUntilSettled(first);
      await first.die();
      const second = await startLeader();
      await expectNoMore(second);
      happen({ channel: "a" }, false);
      await eventually(() => expect(received().at(-1)).toBe("channel_vacated a"));
    });

    it.each(["leads again", "did not lead before"])(
      "tell what changed, and nothing twice, when nobody leads while the store is away, it comes back empty, and who leads then %s",
      async (who) => {
        const first = await startLeader();
        const second = await startNode();
        happen({ channel: "a" }, true);
        happen({ channel: "b" }, true);
        await waitUntilReceived("channel_occupied a", "channel_occupied b");
        await waitUntilSettled(first);
        await backend.kill();
        for (const node of [first, second]) node.webhooks.remember(viewOf(node));
        first.leads = false;
        first.webhooks.stopLeading();
        happen({ channel: "a" }, false);
        happen({ channel: "c" }, true);
        await backend.restart({ empty: true });
        const leader = who === "leads again" ? first : second;
        lead(leader);
        await eventually(() =>
          expect(received().slice(2).toSorted()).toEqual(["channel_occupied c", "channel_vacated a"]),
        );
        await expectNoMore(leader);
        expect(leader.failures).toContain("webhook-queue-emptied");
      },
    );

    it("are remembered as told only when they were stored, by who leads when the store goes away for good", async () => {
      const node = await startLeader();
      happen({ channel: "a" }, true);
      await waitUntilReceived("channel_occupied a");
      await waitUntilSettled(node);
      await backend.kill();
      happen({ channel: "b" }, true);
      node.webhooks.remember(viewOf(node));
      node.leads = false;
      node.webhooks.stopLeading();
      await backend.restart({ empty: true });
      lead(node);
      await waitUntilReceived("channel_occupied a", "channel_occupied b");
      await expectNoMore(node);
    });

    it("drop events for which there is no room while the store is away, and find edges again", async () => {
      const node = await startLeader({ delivery: { maxQueuedEvents: 3 } });
      say(node, "x", "first");
      await waitUntilReceived("client_event x first");
      await waitUntilSettled(node);
      await backend.kill();
      for (const text of ["1", "2", "3", "4", "5"]) say(node, "c", text);
      happen({ channel: "a" }, true);
      expect(node.sum("dropped")).toBe(2);
      await eventually(() =>
        expect(node.failures).toEqual(
          expect.arrayContaining(["webhook-buffer-full", "webhook-queue-unavailable"]),
        ),
      );
      await backend.restart({ empty: false });
      await eventually(() => expect(received()).toHaveLength(5));
      expect(received()).toEqual(expect.arrayContaining(["channel_occupied a", "client_event c 3"]));
    });

    it("become dead letters when they are given up, and are delivered when they are replayed", async () => {
      receiver.answer = (response) => {
        response.statusCode = 410;
        response.end();
      };
      const node = await startLeader({ delivery: { retryForMs: 0 } });
      happen({ channel: "a" }, true);
      happen({ channel: "b" }, true);
      const store = openStore(node);
      await eventually(async () => expect(await store.depth()).toEqual({ events: 0, deadLetters: 2 }));
      expect(node.sum("given-up")).toBe(2);
      const letters = await store.listDead(10);
      expect(letters[0]).toMatchObject({ failure: "webhook-refused", attempts: 1, status: 410 });
      receiver.received.length = 0;
      receiver.answer = (response) => response.end();
      expect(await store.replayDead()).toBe(2);
      await waitUntilReceived(...letters.map(({ channel }) => `channel_occupied ${channel}`));
      await expectNoMore(node);
    });

    it("lose at the end only what could not be stored, and say how much", async () => {
      const node = await startLeader();
      say(node, "x", "first");
      await waitUntilReceived("client_event x first");
      await waitUntilSettled(node);
      await backend.kill();
      say(node, "c", "1");
      happen({ channel: "a" }, true);
      await node.webhooks.flush(300);
      expect(node.sum("lost-on-shutdown")).toBe(2);
      expect(node.failures).toContain("webhook-lost-on-shutdown");
      await backend.restart({ empty: true });
    });

    it("go to the new settings after a reload, with what was stored before", async () => {
      let answered = 0;
      receiver.answer = (response) => {
        answered++;
        if (answered > 1) response.end();
        else setTimeout(() => response.end(), 100);
      };
      const node = await startLeader();
      happen({ channel: "a" }, true);
      await eventually(() => expect(received()).toHaveLength(1));
      say(node, "a", "1");
      app = { ...app, secret: "changed" };
      node.webhooks.update();
      say(node, "a", "2");
      happen({ channel: "b" }, true);
      await eventually(() => expect(received()).toHaveLength(4));
      expect(received().filter((text) => text.includes(" a"))).toEqual([
        "channel_occupied a",
        "client_event a 1",
        "client_event a 2",
      ]);
      await expectNoMore(node);
    });
  });
}
