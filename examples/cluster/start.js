/** Starts the cluster and the page, and stops all of it on Ctrl-C. */
import { once } from "node:events";
import { createCluster } from "./cluster.js";
import { createDemoServer } from "./demo-server.js";
import { Journal } from "./journal.js";

const { PORT = "3000", PROXY = "nginx", PROXY_PORT = "0" } = process.env;

const journal = new Journal(({ source, text }) => console.log(`${source.padEnd(8)} ${text}`));
let cluster;
let stopping = false;

// Whatever ends this process, no other stays behind.
process.on("exit", () => cluster?.abandon());
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => void stop());

try {
  cluster = await createCluster(journal, { proxyName: PROXY, proxyPort: Number(PROXY_PORT) });
  const page = createDemoServer(cluster, journal).listen(Number(PORT), "127.0.0.1");
  await once(page, "listening");
  await cluster.start();
  console.log(
    `\nThe cluster is up. Open http://127.0.0.1:${page.address().port} in a few tabs; Ctrl-C stops all.\n`,
  );
} catch (error) {
  fail(error);
}

async function stop(code = 0) {
  if (stopping) return;
  stopping = true;
  await cluster?.stop();
  process.exit(code);
}

function fail(error) {
  // What is being stopped ends before it listens: that is no news.
  if (stopping) return;
  console.error(error.message);
  void stop(1);
}
