import { describe, expect, it } from "vitest";
import { engineFailures } from "../failures/engine-failures.ts";
import {
  decideRetry,
  defaultRetryTable,
  pusherRetryTable,
  readRetryAfter,
  reconnectOnCleanClose,
} from "./retry-policy.ts";
import type { Loss } from "./session.ts";

const closed = (code: number, reason = ""): Loss => ({ type: "ended", code, reason, hasReceived: true });
const refused = (status: number): Loss => ({
  type: "refused",
  status,
  failure: engineFailures.create("response-status-not-101", { status }),
});

describe("retry table", () => {
  it.each([
    [200, "stop"],
    [301, "stop"],
    [400, "stop"],
    [401, "refresh"],
    [403, "refresh"],
    [404, "stop"],
    [405, "stop"],
    [408, "backoff"],
    [414, "stop"],
    [425, "backoff"],
    [426, "stop"],
    [429, "backoff"],
    [431, "stop"],
    [500, "backoff"],
    [501, "stop"],
    [502, "backoff"],
    [503, "backoff"],
    [504, "backoff"],
    [520, "backoff"],
    [527, "backoff"],
    [528, "stop"],
    [530, "backoff"],
  ])("HTTP %d: %s", (status, decision) => {
    expect(decideRetry(refused(status), defaultRetryTable)).toBe(decision);
  });

  it.each([
    [1000, "stop"],
    [1001, "backoff"],
    [1002, "stop"],
    [1003, "stop"],
    [1005, "stop"],
    [1006, "backoff"],
    [1007, "stop"],
    [1008, "stop"],
    [1009, "stop"],
    [1010, "stop"],
    [1011, "backoff"],
    [1012, "restart"],
    [1013, "backoff"],
    [1014, "backoff"],
    [3000, "refresh"],
    [3003, "stop"],
    [3008, "when-needed"],
    [4100, "stop"],
  ])("close %d: %s", (code, decision) => {
    expect(decideRetry(closed(code), defaultRetryTable)).toBe(decision);
  });

  it.each([
    [4000, "stop"],
    [4099, "stop"],
    [4100, "backoff"],
    [4199, "backoff"],
    [4200, "now"],
    [4299, "now"],
    [4300, "stop"],
    [1006, "backoff"],
  ])("Pusher close %d: %s", (code, decision) => {
    expect(decideRetry(closed(code), pusherRetryTable)).toBe(decision);
  });

  it("follows the catalogue where neither status nor code tells", () => {
    const of = (failure: Loss["failure"] & object): Loss => ({ type: "refused", failure });
    const dns = engineFailures.create("dns-lookup-failed", { host: "a", problem: "ENOTFOUND" });
    const expired = engineFailures.create("tls-certificate-expired", { code: "CERT_HAS_EXPIRED" });
    const accept = engineFailures.create("response-accept-missing");
    expect([dns, expired, accept].map((failure) => decideRetry(of(failure), defaultRetryTable))).toEqual([
      "backoff",
      "stop",
      "stop",
    ]);
    const ours = {
      ...closed(1006),
      failure: engineFailures.create("frame-masked-from-server", { opcode: 1 }),
    };
    expect(decideRetry(ours, defaultRetryTable)).toBe("stop");
  });

  it("comes back after a clean close if asked to", () => {
    const table = reconnectOnCleanClose(defaultRetryTable);
    expect([1000, 1005, 1002].map((code) => decideRetry(closed(code), table))).toEqual([
      "backoff",
      "backoff",
      "stop",
    ]);
  });

  it("reads hints of 1012 and 1013 only", () => {
    expect(readRetryAfter(closed(1013, "busy; retry-after=12"))).toBe(12_000);
    expect(readRetryAfter(closed(1012, "Retry after 3 s"))).toBe(3000);
    expect(readRetryAfter(closed(1001, "retry-after=12"))).toBeUndefined();
    expect(readRetryAfter(closed(1013, "busy"))).toBeUndefined();
    expect(readRetryAfter({ ...refused(503), retryAfterMs: 5 } as Loss)).toBe(5);
  });
});
