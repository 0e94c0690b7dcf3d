/**
 * The list that a member gets when it joins, and what it hears from then on, leave no gap between them: ten thousand times
 * one client joins while another comes or goes, on other connections of a started server.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { AntiphonProcess } from "../support/antiphon-process.ts";
import { startConfiguredServer } from "../support/configured-server.ts";
import { createPublisher } from "../support/publisher.ts";
import { connectRawClient, pusherUrl, type RawClient } from "../support/raw-client.ts";

const app = { id: "35", key: "race-key", secret: "race-secret" };
const pairs = 20;
const roundsPerPair = 500;

let server: AntiphonProcess;

beforeAll(async () => {
  server = await startConfiguredServer({ apps: [app] });
});

afterAll(() => server.stop());

interface Message {
  readonly event: string;
  readonly data: string;
}

/** Who is in the channel, as a client knows it that got these messages since it joined. */
function readPicture(messages: readonly string[]): string[] {
  const members = new Set<string>();
  for (const text of messages) {
    const { event, data } = JSON.parse(text) as Message;
    const content = JSON.parse(data) as { user_id: string; presence: { ids: string[] } };
    if (event === "pusher_internal:subscription_succeeded")
      for (const id of content.presence.ids) members.add(id);
    if (event === "pusher_internal:member_added") members.add(content.user_id);
    // Whoever leaves was known.
    if (event === "pusher_internal:member_removed") expect(members.delete(content.user_id)).toBe(true);
  }
  return [...members].sort((one, other) => one.localeCompare(other));
}

async function connectAs(user_id: string, channel: string) {
  const { client, socketId } = await connectRawClient(pusherUrl(server, app.key));
  const auth = createPublisher(server, app).authorizeChannel(socketId, channel, { user_id });
  return {
    client,
    join: () => client.subscribe(channel, auth),
    leave: () => client.send({ event: "pusher:unsubscribe", data: { channel } }),
  };
}

async function playRounds(channel: string): Promise<void> {
  const joiner = await connectAs("joiner", channel);
  const other = await connectAs("other", channel);
  let otherIsIn = false;
  for (let round = 0; round < roundsPerPair; round += 1) {
    const moves = [joiner.join, otherIsIn ? other.leave : other.join];
    // Who is first changes with every second round; the network may change it again.
    for (const move of round % 4 < 2 ? moves : moves.toReversed()) move();
    otherIsIn = !otherIsIn;
    const [messages] = await settleAll(joiner.client, other.client);
    expect(readPicture(messages ?? [])).toEqual(otherIsIn ? ["joiner", "other"] : ["joiner"]);
    joiner.leave();
    await joiner.client.settle();
  }
}

/** The first barrier may come before the other client's move was handled: only after both does the second say all. */
async function settleAll(...clients: readonly RawClient[]): Promise<string[][]> {
  const first = await Promise.all(clients.map((client) => client.settle()));
  const second = await Promise.all(clients.map((client) => client.settle()));
  return first.map((messages, index) => [...messages, ...(second[index] ?? [])]);
}

it("a member who joins while another comes or goes misses nothing, ten thousand times", async () => {
  expect(pairs * roundsPerPair).toBe(10_000);
  await Promise.all(Array.from({ length: pairs }, (_, index) => playRounds(`presence-race-${index}`)));
}, 60_000);
