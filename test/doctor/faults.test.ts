/** Runs the table of faults: what is wrong is arranged for real, and named by the doctor or by the server's log. */
import type { Fault } from "@antiphon/websocket";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { examine } from "../../packages/server/src/doctor/examine.ts";
import type { ExamineOptions } from "../../packages/server/src/doctor/examination.ts";
import { describeFault } from "../../packages/server/src/failures/fault-text.ts";
import { startConfiguredServer } from "../support/configured-server.ts";
import type { AntiphonProcess } from "../support/antiphon-process.ts";
import { hasOpenssl } from "../support/tls-certificates.ts";
import { ClientLab } from "./client-lab.ts";
import type { ClientFault, Expected, ServerFault } from "./fault.ts";
import { faultTable } from "./fault-table.ts";
import { renderFaults } from "./render-faults.ts";
import { labApp, ServerLab } from "./server-lab.ts";

/** Short waits: everything is on this machine. */
const options: Omit<ExamineOptions, "url"> = {
  timeoutMs: 2000,
  firstFrameMs: 30,
  headers: [],
  subprotocols: [],
  insecure: false,
  idleMs: 0,
  probeStrictness: false,
  pusher: false,
};

let antiphon: AntiphonProcess;

beforeAll(async () => {
  antiphon = await startConfiguredServer({ apps: [labApp], log: { level: "debug", format: "json" } });
});

afterAll(async () => {
  await antiphon.stop();
});

async function runDoctor(fault: ServerFault): Promise<void> {
  const target = await fault.arrange(new ServerLab(antiphon));
  const { conclusion } = await examine({ ...options, url: target.url, ...target.options });
  const { failure, sentence } = conclusion;
  expect(sentence).toContain(`[${fault.expected.failure}]`);
  expect(failure && describeFault(failure)).toBe(fault.expected.fault);
  expect(sentence).toContain(fault.expected.fix);
}

interface LogEntry {
  readonly failure?: string;
  readonly fault: string;
  readonly certainty: "proved" | "likely";
  readonly fix: string;
}

/** The first entry of this failure that was logged after so many characters of output. */
function findEntry(output: string, start: number, name: string): LogEntry | undefined {
  const lines = output
    .slice(start)
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"));
  return lines.map((line) => JSON.parse(line) as LogEntry).find(({ failure }) => failure === name);
}

async function watchLog({ act, expected }: ClientFault): Promise<void> {
  const start = antiphon.output().length;
  await act(new ClientLab(antiphon.port));
  await expect
    .poll(() => findEntry(antiphon.output(), start, expected.failure), { interval: 5, timeout: 3000 })
    .toBeDefined();
  const entry = findEntry(antiphon.output(), start, expected.failure)!;
  expectEntry(entry, expected);
}

function expectEntry({ fault, certainty, fix }: LogEntry, expected: Expected): void {
  // As the log joins them.
  const faults = fault.split(" or ") as [Fault, ...Fault[]];
  expect(describeFault({ faults, certainty })).toBe(expected.fault);
  expect(fix.toLowerCase()).toContain(expected.fix.toLowerCase());
}

function findMissingProgram({ needs }: ServerFault): string | undefined {
  if (needs === undefined) return undefined;
  if (needs === "openssl") return hasOpenssl ? undefined : "openssl is not installed";
  const search = inject(needs);
  return search.found ? undefined : search.reason;
}

describe.each(faultTable)("$title", ({ faults }) => {
  it.for(faults)("$expected.failure: $title", async (fault, { skip }) => {
    if (fault.seenBy === "server log") {
      await watchLog(fault);
      return;
    }
    const missing = findMissingProgram(fault);
    if (missing !== undefined) skip(missing);
    await runDoctor(fault);
  });
});

describe("docs/reference/faults.md", () => {
  it("is the table of faults (vitest -u writes it anew)", async () => {
    await expect(renderFaults(faultTable)).toMatchFileSnapshot("../../docs/reference/faults.md");
  });
});
