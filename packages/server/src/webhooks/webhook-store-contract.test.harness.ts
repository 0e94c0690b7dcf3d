/** What every store of webhooks must do, whatever it is made of. Run by a test file for each kind. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  maxDeadLetters,
  type NewEntry,
  type StoreAddress,
  type WebhookStore,
  type WebhookStores,
} from "./webhook-store.ts";

/** What holds the stores. */
export interface StoreBackend {
  /** Connects another process. What one test stores, others do not see. */
  connect(place: string, maxEvents: number): Promise<WebhookStores>;
  /** Takes it away, and waits until it is gone. */
  kill(): Promise<void>;
  /** Brings it back, with what it held or without. */
  restart(options: { readonly empty: boolean }): Promise<void>;
  stop(): Promise<void>;
}

let places = 0;

/** A name that no other test uses. */
export function choosePlace(): string {
  return `test-${++places}`;
}

/** For as long as a busy machine may take. */
function eventually(check: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(check, 15_000);
}

const address: StoreAddress = { appId: "app", webhookId: "one" };
const reason = { failure: "webhook-refused", attempts: 3, status: 500, givenUpAtMs: 9 };

export function describeWebhookStore(name: string, startBackend: () => Promise<StoreBackend>): void {
  describe(`a webhook's store in ${name}`, () => {
    let backend: StoreBackend;
    let place: string;
    let store: WebhookStore;

    beforeAll(async () => {
      backend = await startBackend();
    });
    afterAll(() => backend.stop());
    beforeEach(async () => {
      place = choosePlace();
      store = await open();
    });

    async function open(maxEvents = 1000, where = address): Promise<WebhookStore> {
      const stores = await backend.connect(place, maxEvents);
      onTestFinished(() => stores.close());
      return stores.open(where);
    }

    let sequence = 0;

    function event(json: string, fields: Partial<NewEntry> = {}): NewEntry {
      return { sequence: ++sequence, channel: json.slice(0, 1), json, raisedAtMs: sequence, ...fields };
    }

    function append(entries: readonly NewEntry[], { writer = "w", owner = "me", to = store } = {}) {
      return to.append({ writer, owner, entries });
    }

    async function readAll(from = store): Promise<readonly string[]> {
      const jsons: string[] = [];
      for (let after: string | undefined; ; ) {
        const events = await from.read(after, 100);
        if (events.length === 0) return jsons;
        for (const { json, position } of events) {
          jsons.push(json);
          after = position;
        }
      }
    }

    it("gives events in their order to whoever reads, from wherever", async () => {
      await append([event("a1", { raisedAtMs: 5 }), event("b1"), event("a2")]);
      const other = await open();
      const [first] = await other.read(undefined, 1);
      expect(first).toMatchObject({ channel: "a", json: "a1", raisedAtMs: 5 });
      expect((await other.read(first?.position, 10)).map(({ json }) => json)).toEqual(["b1", "a2"]);
      expect(await store.depth()).toEqual({ events: 3, deadLetters: 0, oldestAtMs: 5 });
    });

    it("forgets what is removed, and minds nothing that is gone already", async () => {
      await append([event("a1"), event("b1"), event("a2")]);
      const [first, second] = await store.read(undefined, 2);
      await store.remove([first?.position ?? "", second?.position ?? ""]);
      await store.remove([first?.position ?? ""]);
      expect(await readAll()).toEqual(["a2"]);
    });

    it("appends nothing twice that one process tries again, and everything of others", async () => {
      const entries = [event("a1"), event("a2")];
      await append(entries);
      await append([...entries, event("a3")]);
      await append([event("b1", { sequence: 1 })], { writer: "other" });
      expect(await readAll()).toEqual(["a1", "a2", "a3", "b1"]);
    });

    it("drops the oldest above its limit, and says how many", async () => {
      const small = await open(10);
      const events = Array.from({ length: 12 }, (_, index) => event(`a${index}`));
      expect(await append(events.slice(0, 10), { to: small })).toEqual({ outcome: "appended", dropped: 0 });
      expect(await append(events.slice(10), { to: small })).toEqual({ outcome: "appended", dropped: 2 });
      expect(await readAll(small)).toEqual(events.slice(2).map(({ json }) => json));
    });

    it("knows what was told, for whoever claims it next", async () => {
      await store.claim("me");
      const keys = ["a", 'presence-a\0"é 🦉 \\ud800 . * > "', "b"];
      const edges = keys.map((key) => event("x", { edge: { key, present: true } }));
      await append(edges);
      await append([event("y", { edge: { key: "b", present: false } })]);
      expect([...(await (await open()).claim("other"))].toSorted()).toEqual(keys.slice(0, 2).toSorted());
    });

    it("records an edge that is no event", async () => {
      await store.claim("me");
      await append([
        { sequence: ++sequence, channel: "a", raisedAtMs: 1, edge: { key: "a", present: true } },
      ]);
      expect(await readAll()).toEqual([]);
      expect([...(await store.claim("other"))]).toEqual(["a"]);
    });

    it("takes no edges, nor what comes with them, from whoever has lost the claim", async () => {
      await store.claim("me");
      await store.claim("other");
      const batch = [event("a1"), event("a2", { edge: { key: "a", present: true } })];
      expect(await append(batch)).toEqual({ outcome: "taken" });
      expect(await append([event("b1")])).toEqual({ outcome: "appended", dropped: 0 });
      expect(await readAll()).toEqual(["b1"]);
      expect([...(await store.claim("third"))]).toEqual([]);
    });

    it("makes dead letters, with everything that is known of them", async () => {
      await append([event("a1", { raisedAtMs: 5 }), event("b1")]);
      const [first] = await store.read(undefined, 1);
      await store.bury([first?.position ?? ""], reason);
      await store.bury([first?.position ?? ""], reason);
      const { status: _, ...noAnswer } = reason;
      const [second] = await store.read(undefined, 1);
      await store.bury([second?.position ?? ""], noAnswer);
      expect(await store.depth()).toEqual({ events: 0, deadLetters: 2 });
      const [one, two, ...more] = await (await open()).listDead(10);
      expect(one).toEqual({ id: one?.id, channel: "a", json: "a1", raisedAtMs: 5, ...reason });
      expect(two).toMatchObject({ json: "b1", ...noAnswer });
      expect(two?.status).toBeUndefined();
      expect(more).toEqual([]);
      expect(await store.listDead(1)).toHaveLength(1);
    });

    it("puts dead letters back to the end, in their order, as if they were raised now", async () => {
      await append([event("a1"), event("a2"), event("a3"), event("b1")]);
      const events = await store.read(undefined, 3);
      await store.bury(
        events.map(({ position }) => position),
        reason,
      );
      const [, , third] = await store.listDead(10);
      expect(await store.replayDead([third?.id ?? "", "0-1"])).toBe(1);
      expect(await store.replayDead()).toBe(2);
      expect(await readAll()).toEqual(["b1", "a3", "a1", "a2"]);
      expect((await store.read(undefined, 10)).at(-1)?.raisedAtMs).toBeGreaterThan(Date.now() - 60_000);
      expect(await store.listDead(10)).toEqual([]);
      expect(await store.replayDead()).toBe(0);
    });

    it("deletes dead letters, some or all", async () => {
      await append([event("a1"), event("a2"), event("a3")]);
      const events = await store.read(undefined, 3);
      await store.bury(
        events.map(({ position }) => position),
        reason,
      );
      const [, second] = await store.listDead(10);
      expect(await store.deleteDead([second?.id ?? ""])).toBe(1);
      expect((await store.listDead(10)).map(({ json }) => json)).toEqual(["a1", "a3"]);
      expect(await store.deleteDead()).toBe(2);
      expect(await store.deleteDead()).toBe(0);
      expect(await store.listDead(10)).toEqual([]);
    });

    it(`forgets the oldest of more than ${maxDeadLetters} dead letters`, async () => {
      const events = Array.from({ length: maxDeadLetters + 3 }, (_, index) => event(`a${index}`));
      const roomy = await open(2000);
      for (let start = 0; start < events.length; start += 100) {
        await append(events.slice(start, start + 100), { to: roomy });
      }
      for (
        let left = await roomy.read(undefined, 100);
        left.length > 0;
        left = await roomy.read(undefined, 100)
      ) {
        await roomy.bury(
          left.map(({ position }) => position),
          reason,
        );
      }
      expect((await roomy.depth()).deadLetters).toBe(maxDeadLetters);
      expect((await roomy.listDead(1))[0]?.json).toBe("a3");
    });

    it("keeps webhooks and apps apart", async () => {
      await store.claim("me");
      await append([event("a1", { edge: { key: "a", present: true } })]);
      for (const where of [
        { ...address, webhookId: "two" },
        { ...address, appId: "app.*:{é}" },
      ]) {
        const other = await open(1000, where);
        expect(await readAll(other)).toEqual([]);
        expect([...(await other.claim("me"))]).toEqual([]);
      }
    });

    it("wakes whoever watches when another process appends", async () => {
      const woken = vi.fn<() => void>();
      const stop = store.watch(woken);
      onTestFinished(stop);
      const other = await open();
      await eventually(async () => {
        await append([event("a1")], { to: other });
        expect(woken).toHaveBeenCalled();
      });
    });

    it("is the same after an outage", async () => {
      await store.claim("me");
      await append([event("a1", { edge: { key: "a", present: true } })]);
      await backend.kill();
      await expect(append([event("a2")])).rejects.toThrow(Error);
      await backend.restart({ empty: false });
      await eventually(async () => expect(await readAll()).toEqual(["a1"]));
      expect(await append([event("a3", { edge: { key: "a", present: false } })])).toMatchObject({
        outcome: "appended",
      });
    });

    it("says that it was emptied, and can be told again what was told", async () => {
      await store.claim("me");
      await append([event("a1", { edge: { key: "a", present: true } })]);
      const [lost] = await store.read(undefined, 1);
      await backend.kill();
      await backend.restart({ empty: true });
      const edge = event("b1", { edge: { key: "b", present: true } });
      await eventually(async () => expect(await append([edge])).toEqual({ outcome: "lost" }));
      await store.restore("me", ["a", "c"]);
      expect(await append([edge])).toMatchObject({ outcome: "appended" });
      expect((await store.read(lost?.position, 10)).map(({ json }) => json)).toEqual(["b1"]);
      await store.remove([lost?.position ?? ""]);
      expect(await readAll()).toEqual(["b1"]);
      expect([...(await store.claim("other"))].toSorted()).toEqual(["a", "b", "c"]);
    });
  });
}
