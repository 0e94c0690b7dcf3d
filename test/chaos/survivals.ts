/**
 * What a cluster goes through, fault by fault: the titles of the tests that make each fault for real, the bounds that they
 * assert, and the words for both. `survivals.test.ts` prints it as docs/explanation/what-a-cluster-survives.md.
 */

export interface Survival {
  /** Of the test. */
  readonly title: string;
  /** The file beside this one in which it is. */
  readonly file: string;
  readonly over: "Redis" | "Redis and NATS";
  readonly fault: string;
  readonly clients: string;
  readonly lost: string;
  /** Asserted by the test, in milliseconds. */
  readonly bounds: Readonly<Record<string, number>>;
  /** Made of the bounds. */
  readonly howLong: string;
}

function define<Bounds extends Readonly<Record<string, number>>>(
  row: Omit<Survival, "bounds" | "howLong"> & {
    readonly bounds: Bounds;
    readonly tell: (bounds: { readonly [Name in keyof Bounds]: string }) => string;
  },
): Omit<Survival, "bounds"> & { readonly bounds: Bounds } {
  const { tell, ...rest } = row;
  const texts = Object.entries(row.bounds).map(([name, ms]) => [name, formatMs(ms)]);
  return { ...rest, howLong: tell(Object.fromEntries(texts) as { [Name in keyof Bounds]: string }) };
}

function formatMs(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
}

export const survivals = {
  nodeKilled: define({
    title: "a killed node takes its 5,000 members with it, each once, and nobody is kept waiting by it",
    file: "node-killed.test.ts",
    over: "Redis and NATS",
    fault: "A node with 5,000 presence members is killed (`kill -9`), the one that leads or another",
    clients:
      "Its own: closed with 1006, free to reconnect anywhere. Those of other nodes: each member leaves once.",
    lost: "Nothing that other nodes have. Webhooks tell each departure once, and each channel that nobody is left in.",
    bounds: { goneMs: 5000, heldMs: 300 },
    tell: ({ goneMs, heldMs }) =>
      `Members are gone the node timeout and at most ${goneMs} later; no survivor does anything else for longer than ${heldMs} meanwhile.`,
  }),
  nodePaused: define({
    title: "a node that stood still is gone for the others, and back with exactly the members it still has",
    file: "node-paused.test.ts",
    over: "Redis and NATS",
    fault: "A node stands still for longer than the node timeout (SIGSTOP, a suspended machine) and goes on",
    clients:
      "Its own: their connections stay, and they are shown what they missed of members. Those of other nodes: its members leave once, and come back once.",
    lost: "What was published elsewhere meanwhile does not reach its clients. Webhooks tell its members' departure and return once each.",
    bounds: { goneMs: 5000, backMs: 5000 },
    tell: ({ goneMs, backMs }) =>
      `Gone the node timeout and at most ${goneMs} later; back at most ${backMs} after it goes on.`,
  }),
  backendKilled: define({
    title: "dies and comes back with nothing: nobody is sent away, and all agree again",
    file: "backend-away.test.ts",
    over: "Redis and NATS",
    fault: "The server between the nodes is killed (`kill -9`) and comes back empty",
    clients:
      "Nothing but what really happens. Each node serves its own clients on, and shows the others as it knew them; what changed meanwhile on other nodes follows. `/ready` answers 503 where `cluster.readyWithoutBackend` is off.",
    lost: "What was published meanwhile reaches only clients of the same node. Webhooks tell what changed meanwhile once, and nothing else; what was queued there for a receiver that was down is lost with it.",
    bounds: { backMs: 10_000 },
    tell: ({ backMs }) => `All nodes agree at most ${backMs} after it is back.`,
  }),
  backendSilent: define({
    title: "says nothing for a while: the connection is given up, and nothing is told twice after",
    file: "backend-away.test.ts",
    over: "Redis and NATS",
    fault: "The server between the nodes hangs (SIGSTOP) for seconds, and goes on",
    clients: "As when it is killed.",
    lost: "As when it is killed.",
    bounds: { backMs: 10_000 },
    tell: ({ backMs }) => `All nodes agree at most ${backMs} after it goes on.`,
  }),
  networkCut: define({
    title: "leaves the node alone with its clients, gone for the others, until it is back by itself",
    file: "network-cut.test.ts",
    over: "Redis",
    fault:
      "The network between one node and Redis is cut silently: in both directions, in one, or only one side learns that connections are over",
    clients:
      "Its own: served on, with the others as it knew them. Those of other nodes: its members leave once, and come back once.",
    lost: "What is published on one side of the cut does not reach the other. Webhooks tell departures and returns once each.",
    bounds: { goneMs: 8000, backMs: 10_000 },
    tell: ({ goneMs, backMs }) =>
      `Gone the node timeout and at most ${goneMs} later; back at most ${backMs} after the network is.`,
  }),
  leaderKilled: define({
    title: "loses no webhook: the next one tells what was queued and what was seen, each once and in order",
    file: "leader-killed.test.ts",
    over: "Redis and NATS",
    fault:
      "The node that leads is killed with webhooks queued to a receiver that is down, or with departures that it waits with",
    clients: "As of any node that is killed.",
    lost: "Nothing but what comes and is gone again before another node leads. A delivery that is under way at that very moment may be made twice.",
    bounds: { toldMs: 20_000 },
    tell: ({ toldMs }) => `All is told at most ${toldMs} after the receiver is up and another node leads.`,
  }),
  rollingRestart: define({
    title: "loses nothing of what comes while a page is connected, and webhooks hear nothing of it",
    file: "rolling-restart.test.ts",
    over: "Redis and NATS",
    fault: "Three nodes are replaced one after the other (SIGTERM), each taken out of the balancer before",
    clients:
      "Closed with 4200, at which pusher-js connects again at once, to another node. Members of presence channels leave and come again.",
    lost: "What is published while a page connects again. Webhooks: nothing, as long as pages are back before `debounceMs`.",
    bounds: { awayMs: 2000 },
    tell: ({ awayMs }) => `No page is away for longer than ${awayMs}.`,
  }),
  redisFull: define({
    title: "serves on, nodes and clients together, and webhooks wait and say why until there is memory again",
    file: "redis-refuses.test.ts",
    over: "Redis",
    fault: "Redis has reached `maxmemory` and refuses to store anything",
    clients: "Nothing.",
    lost: "Nothing. No node leads, and webhooks wait.",
    bounds: { toldMs: 20_000 },
    tell: ({ toldMs }) =>
      `Webhooks have told what they missed at most ${toldMs} after there is memory again.`,
  }),
  wrongPassword: define({
    title:
      "lets a node serve its own clients, which says why it is alone, and joins once the password is known",
    file: "redis-refuses.test.ts",
    over: "Redis",
    fault: "Redis refuses the password of nodes that start, until it is mended while they run",
    clients: "Each node serves its own; when they join, members of the other come.",
    lost: "What is published on one node does not reach the others until then.",
    bounds: { joinedMs: 10_000 },
    tell: ({ joinedMs }) => `All are joined at most ${joinedMs} after Redis knows the password.`,
  }),
  masterKilled: define({
    title:
      "moves to the master that takes its place; clients see nothing but a gap in what comes from other nodes",
    file: "redis-failover.test.ts",
    over: "Redis",
    fault: "The master dies under Sentinels, or in a Redis Cluster, while events are published",
    clients: "Nothing: no member leaves or comes.",
    lost: "Events between nodes until another master is there; those for clients of the same node arrive.",
    bounds: { backMs: 20_000 },
    tell: ({ backMs }) =>
      `Until another master is there, and a moment more: at most ${backMs} where masters are given up after 1 s.`,
  }),
};
