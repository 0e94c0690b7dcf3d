/** What a cluster goes through, as the page of the documentation. */
import type { Survival } from "./survivals.ts";

const intro = `# What a cluster survives

Every line of this page is a test: real servers (\`antiphon start\`, Redis, NATS) are killed, stopped and cut off while real
clients are connected, and what stands here is what the test asserts. The title of the test stands with each fault; all of
them are in \`test/chaos/\`, and run with \`npm test\`. The page is made from the same table as the bounds in the tests.

What all of it rests on: each node owns the state of its own clients and shows it to the others, and nothing that a client
waits for asks another machine. So whatever is wrong between the nodes, a node serves its own clients on. Connections end only
with their node. No fault makes a node exit.

*Node timeout* is \`cluster.nodeTimeoutMs\`, 6 s unless set otherwise. *The node that leads* is the one that tells webhooks; after
its death another leads once the node timeout is over. Bounds are what the tests allow on a busy machine; mostly it is much faster.
`;

const outro = `
## What it does not survive

- **Events are not stored.** What is published while a client is away, or while its node cannot hear the others, is not delivered
  later; cache channels keep the last event.
- **Webhooks come at least once.** A node that dies after a receiver has taken a request, and before it has noted that, leaves
  the request to be made again. In every fault above nothing is told twice.
- **A backend that forgets** takes the queue with it: webhook events that wait in a Redis or NATS that comes back empty are lost.
  Have it write to disk, or replicate.
`;

export function renderSurvivals(survivals: Readonly<Record<string, Survival>>): string {
  const rows = Object.values(survivals).map(renderRow).join("");
  const head = "| What happens | What clients see | What is lost | How long |\n|---|---|---|---|\n";
  return `${intro}\n${head}${rows}${outro}`;
}

function renderRow({ fault, over, clients, lost, howLong, file, title }: Survival): string {
  const what = `**${fault}.** Over ${over}: “${title}” (\`${file}\`)`;
  return `| ${[what, clients, lost, howLong].join(" | ")} |\n`;
}
