import type { CloseReport } from "@antiphon/websocket";
import { describe, expect, it } from "vitest";
import { nameIdleCut } from "./idle-limits.ts";

const cut: CloseReport = {
  code: 1006,
  reason: "",
  wasClean: false,
  initiator: "network",
  tcp: "fin",
  durationMs: 60_000,
  lastReceivedAgoMs: 60_000,
  bytesReceived: 0,
  bytesSent: 0,
  consequences: [],
};

describe("a connection that was cut in silence", () => {
  it.each([
    [60_020, "nginx (proxy_read_timeout)"],
    [55_100, "Heroku"],
    [99_960, "Cloudflare"],
    [350_010, "AWS network load balancer"],
    [17_000, "a proxy or of the server"],
  ])("after %i ms was likely cut by %s", (silentMs, culprit) => {
    const failure = nameIdleCut(cut, silentMs, []);
    expect([failure.name, failure.certainty]).toEqual(["proxy-idle-timeout", "likely"]);
    expect(failure.message).toContain(culprit);
  });

  it("is blamed on the product that the answer passed through", () => {
    const failure = nameIdleCut(cut, 60_000, [{ product: "HAProxy", shownBy: "" }]);
    expect(failure.message).toContain("60 s of silence, the idle limit of HAProxy");
    expect(failure.fix).toMatch(/in HAProxy: timeout tunnel 1h$/);
  });

  it("after an odd time has no likely culprit", () => {
    expect(nameIdleCut(cut, 17_600, []).name).toBe("close-without-frame");
    expect(nameIdleCut(cut, 300, []).name).toBe("close-without-frame");
  });

  it("has said itself why, if it sent a Close frame", () => {
    const closed = { ...cut, code: 1001, received: { code: 1001, reason: "idle" } };
    expect(nameIdleCut(closed, 60_000, []).name).toBe("close-going-away");
  });
});
