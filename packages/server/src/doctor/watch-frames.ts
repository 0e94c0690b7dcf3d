/** The open connection: what the server says first, whether it answers a ping, and how it closes. */
import { setTimeout as delay } from "node:timers/promises";
import { type CloseReport, engineFailures, type Failure } from "@antiphon/websocket";
import { findEndFailure, nameReceivedClose } from "@antiphon/websocket/inspect";
import { redactText } from "../tap/secret-fields.ts";
import { shortenText } from "../cli/safe-text.ts";
import type { ObservedConnection, Occurrence } from "./observed-connection.ts";
import type { Findings, Step } from "./report.ts";

/** After a failure the closing handshake is a courtesy. */
const farewellMs = 200;

/** Waits for what the server sends by itself; gives the first message, for whoever knows its protocol. */
export async function watchFirstFrame(
  connection: ObservedConnection,
  waitMs: number,
  findings: Findings,
): Promise<string | Uint8Array | undefined> {
  const startedAt = performance.now();
  const first = await connection.next(waitMs, ({ type }) => type !== "pong");
  const ms = performance.now() - startedAt;
  if (first === undefined) {
    findings.note("frames", `the server says nothing by itself within ${waitMs} ms`);
    return undefined;
  }
  if (first.type === "closed") {
    reportEnd(first.report, "frames", findings);
    return undefined;
  }
  if (first.type === "warning") findings.failed("frames", blamePeer(first.failure), ms);
  else findings.passed("frames", `first frame: ${describeOccurrence(first)}`, ms);
  return first.type === "message" ? first.data : undefined;
}

/** Pings once. Gives whether the connection is still there. */
export async function watchPing(
  connection: ObservedConnection,
  waitMs: number,
  findings: Findings,
): Promise<boolean> {
  if (connection.end) return false;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<"timeout">((resolve) => {
    timer = setTimeout(resolve, waitMs, "timeout");
  });
  const answer = await Promise.race([connection.ping().catch(() => "ended" as const), timeout]);
  clearTimeout(timer);
  if (typeof answer === "number") {
    findings.passed("ping", "the server answered a ping", answer);
    return true;
  }
  // The end of the connection tells itself, with its reason.
  const end = connection.end ?? (answer === "ended" ? await connection.closed : undefined);
  if (end) {
    reportEnd(end, "ping", findings);
    return false;
  }
  const warning = await connection.next(0, ({ type }) => type === "warning");
  findings.failed(
    "ping",
    warning?.type === "warning" ? blamePeer(warning.failure) : nameSilence(waitMs),
    waitMs,
  );
  return true;
}

/** A warning while there are other signs of life; here a client with a heartbeat would give the connection up. */
function nameSilence(waitMs: number): Failure {
  const message = `The server did not answer a ping within ${waitMs} ms.`;
  return {
    ...blamePeer(engineFailures.create("ping-not-answered", { inFlight: 1 })),
    message,
    severity: "fatal",
  };
}

/** Closes with 1000 and says how the server took it. */
export async function watchClose(connection: ObservedConnection, findings: Findings): Promise<void> {
  if (connection.end !== undefined) return;
  const startedAt = performance.now();
  connection.close();
  if (findings.hasFailed) {
    await Promise.race([connection.closed, delay(farewellMs)]);
    connection.terminate();
    return;
  }
  const { received, failure, tcp } = await connection.closed;
  const ms = performance.now() - startedAt;
  if (received === undefined) {
    findings.failed("close", blamePeer(failure ?? engineFailures.create("close-without-frame")), ms);
    return;
  }
  const code = received.code === undefined ? "an empty Close frame" : `Close ${received.code}`;
  const end = { fin: "then ended TCP", reset: "then reset TCP", destroyed: "but left TCP to us" }[tcp];
  findings.passed("close", `the server answered with ${code}, ${end}`, ms);
  if (tcp === "destroyed") {
    findings.failed(
      "close",
      engineFailures.create("tcp-lingering-after-close", { waitedMs: Math.round(ms) }),
    );
  }
}

/** Says how and why a connection ended that was to stay; after a failure that is only told. */
export function reportEnd(report: CloseReport, step: Step, findings: Findings): void {
  const failure = nameEnd(report);
  if (findings.hasFailed) findings.note(step, failure.message, report.durationMs);
  else findings.failed(step, failure, report.durationMs);
}

/** The failure that ended the connection; an ordinary close is one too for somebody who had not begun. */
export function nameEnd(report: CloseReport): Failure {
  return blamePeer(findEndFailure(report) ?? nameReceivedClose(report.code, report.reason));
}

/** The catalogue cannot tell the sides apart where either may be wrong; here the client is us, and known to be right. */
function blamePeer(failure: Failure): Failure {
  const [first, ...others] = failure.faults.filter((fault) => fault !== "client");
  return first === undefined ? failure : { ...failure, faults: [first, ...others] };
}

/** In a few words, without secrets. */
export function describeOccurrence(occurrence: Exclude<Occurrence, { type: "closed" | "warning" }>): string {
  if (occurrence.type !== "message") return `a ${occurrence.type}`;
  const { data } = occurrence;
  if (typeof data !== "string") return `a binary message of ${data.length} bytes`;
  return `text, ${Buffer.byteLength(data)} bytes: ${shortenText(redactText(data), 100)}`;
}
