/** When which commands are sent, with a server that answers when the test says so. */
import { describe, expect, it } from "vitest";
import { createDeferred, type Deferred } from "../../../../../test/support/deferred.ts";
import type { Topic } from "../distributed/cluster-transport.ts";
import type { RedisSession } from "./redis-session.ts";
import { RedisSubscriptions } from "./redis-subscriptions.ts";
import { RedisTopics } from "./redis-topics.ts";

const topic = (name: string): Topic => ({ kind: "control", name });

class FakeServer {
  readonly commands: string[] = [];
  readonly #answers: Deferred<void>[] = [];
  /** The part of a session that subscriptions use. */
  readonly session = {
    isOver: false,
    subscriptionsOf: () => ({
      subscribe: (names: readonly string[]) => this.#take("subscribe", names),
      unsubscribe: (names: readonly string[]) => this.#take("unsubscribe", names),
    }),
  } as unknown as RedisSession;

  /** Answers the oldest command. */
  async answer(): Promise<void> {
    this.#answers.shift()!.resolve();
    await nextTurn();
  }

  #take(command: string, names: readonly string[]): Promise<void> {
    this.commands.push(`${command} ${names.map((name) => name.split(":").at(-1)).join(" ")}`);
    const answer = createDeferred();
    this.#answers.push(answer);
    return answer.promise;
  }
}

function createSubscriptions(): RedisSubscriptions {
  return new RedisSubscriptions({
    topics: new RedisTopics("antiphon", false),
    isCluster: false,
    onMessage: () => {},
    onRefused: () => {},
  });
}

async function attach(): Promise<{
  readonly server: FakeServer;
  readonly subscriptions: RedisSubscriptions;
}> {
  const server = new FakeServer();
  const subscriptions = createSubscriptions();
  await subscriptions.attach(server.session);
  return { server, subscriptions };
}

describe("subscriptions", () => {
  it("leave as the first of a turn at its end, and those of later callbacks together", async () => {
    const { server, subscriptions } = await attach();
    subscriptions.add(topic("a"));
    subscriptions.add(topic("b"));
    await Promise.resolve();
    for (const name of ["c", "d", "e"]) {
      subscriptions.add(topic(name));
      await Promise.resolve();
    }
    await nextTurn();
    expect(server.commands).toEqual(["subscribe a b", "subscribe c d e"]);
  });

  it("of a new session leave in portions, each when the one before is in force, and those that come meanwhile too", async () => {
    const server = new FakeServer();
    const subscriptions = createSubscriptions();
    for (let index = 0; index < 2500; index++) subscriptions.add(topic(`${index}`));
    const attached = { ended: false };
    const attaching = subscriptions.attach(server.session).finally(() => {
      attached.ended = true;
    });
    const sizes = () => server.commands.map((command) => command.split(" ").length - 1);
    expect(sizes()).toEqual([1000, 1000]);
    subscriptions.add(topic("late"));
    subscriptions.remove(topic("2400"));
    subscriptions.flush();
    await server.answer();
    expect(sizes()).toEqual([1000, 1000]);
    await server.answer();
    expect(sizes()).toEqual([1000, 1000, 500]);
    expect(server.commands[2]?.split(" ").slice(-2)).toEqual(["2499", "late"]);
    expect(attached.ended).toBe(false);
    await server.answer();
    await attaching;
  });

  it("leave before what is published next", async () => {
    const { server, subscriptions } = await attach();
    subscriptions.add(topic("a"));
    subscriptions.flush();
    expect(server.commands).toEqual(["subscribe a"]);
  });

  it("have one command about a topic under way at a time", async () => {
    const { server, subscriptions } = await attach();
    subscriptions.add(topic("a"));
    await nextTurn();
    subscriptions.remove(topic("a"));
    subscriptions.add(topic("b"));
    await nextTurn();
    expect(server.commands).toEqual(["subscribe a", "subscribe b"]);
    await server.answer();
    expect(server.commands.slice(2)).toEqual(["unsubscribe a"]);
    subscriptions.add(topic("a"));
    subscriptions.remove(topic("a"));
    subscriptions.add(topic("a"));
    await server.answer();
    expect(server.commands).toHaveLength(3);
    await server.answer();
    expect(server.commands.slice(3)).toEqual(["subscribe a"]);
  });

  it("are all sent to a new session, whatever was under way in the old one", async () => {
    const { server, subscriptions } = await attach();
    subscriptions.add(topic("a"));
    subscriptions.add(topic("b"));
    await nextTurn();
    subscriptions.remove(topic("b"));
    const next = new FakeServer();
    const inForce = subscriptions.attach(next.session);
    expect(next.commands).toEqual(["subscribe a"]);
    await server.answer();
    expect(server.commands).toHaveLength(1);
    await next.answer();
    await inForce;
  });
});

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
