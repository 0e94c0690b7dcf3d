/**
 * Every name in the engine's catalogue is shown by a test: by a conformance vector that replays the bytes, or by a test that
 * provokes it. A name that nothing can provoke on one machine stands below with the reason; it exists to be explained.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { engineFailures } from "@antiphon/websocket";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** These only list or explain names. */
const listings = ["failure-fixtures.test.ts", "failure-names", "/explain/", "all-failures", "docs/"];

function readTests(): string {
  const folders = ["conformance", "test", "packages/websocket/src", "packages/server/src"];
  return folders
    .flatMap((folder) =>
      readdirSync(`${root}${folder}`, { recursive: true }).map((file) => `${folder}/${String(file)}`),
    )
    .filter((file) => /^conformance\/.*\.json$|^test\/.*\.ts$|\.test\.ts$/.test(file))
    .filter((file) => !listings.some((listing) => file.includes(listing)))
    .map((file) => readFileSync(`${root}${file}`, "utf8"))
    .join("\n");
}

const onlyExplained = new Map<string, string>(
  Object.entries({
    "several connections, or a proxy's own log, would have to be compared": [
      "intermediary-corrupted-frames",
      "nat-mapping-expired",
      "network-changed",
      "proxy-buffering",
      "proxy-connection-limit",
      "proxy-forwarded-for-untrusted",
      "proxy-max-duration",
      "proxy-origin-rewritten",
      "proxy-reload-cut",
      "proxy-subprotocol-header-lost",
      "reconnect-storm",
      "server-crash",
    ],
    "it happens inside the peer's program, and the wire shows only what follows from it": [
      "client-timer-throttled",
      "close-info-lost-by-reset",
      "deflate-fragment-inflated-separately",
      "raw-read-without-reassembly",
      "receive-treated-as-closed",
      "tcp-lingering-after-close",
    ],
    "it happens inside the operating system or the process, and other tools report it": [
      "deflate-memory-pressure",
      "event-loop-stall",
      "system-suspended",
      "too-many-open-files",
    ],
    "other engines' names for what ours answers in another way": [
      "early-data-too-large",
      "handshake-rate-limited",
      "send-buffer-full",
      "unknown-connection",
    ],
    "WebSocket over HTTP/2 is not spoken here": [
      "h2-extended-connect-disabled",
      "h2-extended-connect-withdrawn",
      "h2-flow-control-stalled",
      "h2-goaway",
      "h2-pseudo-header-missing",
      "h2-stream-reset",
      "h2-upgrade-header-present",
      "h2-version-unsupported",
      "h2-websocket-protocol-unknown",
    ],
  }).flatMap(([reason, names]) => names.map((name): [string, string] => [name, reason])),
);

describe("the engine's catalogue", () => {
  const tests = readTests();
  const names = Object.keys(engineFailures.definitions);

  it.each(names.filter((name) => !onlyExplained.has(name)))("%s is shown by a test", (name) => {
    // Compared as a boolean: the report of a failure would otherwise quote all tests.
    expect(new RegExp(`[^a-z0-9-]${name}[^a-z0-9-]`).test(tests)).toBe(true);
  });

  it("excepts only names that it has", () => {
    expect([...onlyExplained.keys()].filter((name) => !names.includes(name))).toEqual([]);
  });
});
