import type { Evidence } from "@antiphon/websocket";
import { describe, expect, it } from "vitest";
import { allFailures } from "../failures/all-failures.ts";
import { abnormalCloseSteps } from "./abnormal-close.ts";
import { type Explanation, explain } from "./explain.ts";
import { explainInGeneral } from "./general-message.ts";
import { foreignMessages } from "./match-foreign-message.ts";

/** The names that a pasted text leads to, most likely first. */
function namesFor(text: string): string[] {
  const explanation = explain(text);
  if (explanation.kind !== "message") throw new Error(`"${text}" was taken for a ${explanation.kind}`);
  return explanation.matches.flatMap(({ failures }) => failures.map(({ name }) => name));
}

describe.each([...allFailures])("%s", (name, definition) => {
  it("is explained by name, in a whole sentence without its evidence", () => {
    const explanation = explain(name);
    if (explanation.kind !== "failure") throw new Error(`taken for a ${explanation.kind}`);
    const { failure } = explanation;
    expect(failure.name).toBe(name);
    // Some end in a fact that is a sentence by itself.
    expect(failure.message).toMatch(/^\S.*(?:\.|: \{problem\})$/);
    expect(failure.message).not.toMatch(/undefined|NaN|\[object/);
    expect(failure.fix).toBe(definition.fix);
    expect(failure).toMatchObject({
      spec: definition.spec,
      phase: definition.phase,
      faults: definition.faults,
    });
  });
});

describe("a name", () => {
  it("that is called otherwise here is explained all the same", () => {
    expect(explain("frame-not-masked")).toMatchObject({
      kind: "failure",
      alias: "frame-not-masked",
      failure: { name: "frame-unmasked-from-client" },
    });
  });

  it("may be in capitals and among blanks", () => {
    expect(explain(" TCP-Reset\n")).toMatchObject({
      kind: "failure",
      alias: undefined,
      failure: { name: "tcp-reset" },
    });
  });

  it("with a typing error gets the nearest names, and parts of names all that hold them", () => {
    expect(explain("frame-unmaskd-from-client")).toMatchObject({
      kind: "unknown",
      failure: { name: "explain-text-unknown" },
      nearest: ["frame-unmasked-from-client"],
    });
    expect(explain("accept")).toMatchObject({
      nearest: expect.arrayContaining(["response-accept-mismatch", "response-accept-missing"]) as string[],
    });
    expect(explain("zzzzzzzzzzzzzzzz")).toMatchObject({ kind: "unknown", nearest: [] });
  });

  it.each(["", " ", "-", "constructor", "__proto__", "99999", "x".repeat(100_000)])(
    "such as %j is unknown, and nothing throws",
    (text) => {
      expect(explain(text).kind).toBe("unknown");
    },
  );
});

describe("a sentence without evidence", () => {
  it("leaves out what it can do without, and names what it cannot", () => {
    const sentence = (text: (evidence: Evidence) => string): string => explainInGeneral({ explain: text });
    expect(sentence(({ limit }) => `Over ${limit}.`)).toBe("Over {limit}.");
    expect(sentence(({ limit }) => (limit === undefined ? "Too much." : `Over ${limit}.`))).toBe("Too much.");
    expect(sentence(({ ms }) => `For ${Number(ms) / 1000} s.`)).toBe("For {number} s.");
    expect(sentence(({ text }) => `It says ${(text as string).toUpperCase()}.`)).toBe("It says {TEXT}.");
  });
});

describe("a close code", () => {
  const closeCode = (code: number): Extract<Explanation, { kind: "close-code" }> => {
    const explanation = explain(String(code));
    if (explanation.kind !== "close-code") throw new Error(`taken for a ${explanation.kind}`);
    return explanation;
  };

  it("1006 comes with the questions that lead to its cause, and only names that exist", () => {
    const { onWire, steps, received } = closeCode(1006);
    expect(onWire).toBe(false);
    expect(received?.name).toBe("close-without-frame");
    expect(steps.map(({ failures }) => failures.map(({ name }) => name))).toEqual(
      abnormalCloseSteps.map(({ names }) => names),
    );
    expect(steps.length).toBeGreaterThan(10);
  });

  it.each([
    [1000, true, "close-normal"],
    [1004, false, "close-code-reserved-on-wire"],
    [1005, false, "close-no-status"],
    [1012, true, "close-service-restart"],
    [1015, false, "tls-failed"],
    [2000, false, "close-code-out-of-range"],
    [3000, true, "close-registered-code"],
    [4009, true, "close-application-code"],
    [5000, false, "close-code-out-of-range"],
  ])("%i may be sent: %s, and means %s", (code, onWire, name) => {
    const explanation = closeCode(code);
    expect([explanation.onWire, explanation.received?.name]).toEqual([onWire, name]);
    expect(explanation.received?.message).not.toContain("{reason}");
  });

  it("of the Pusher protocol says what it is sent for and what pusher-js does", () => {
    const { sentFor, pusherJs } = closeCode(4001);
    expect(sentFor.map(({ name }) => name)).toEqual(["app-key-unknown"]);
    expect(pusherJs).toContain("gives up");
    expect(closeCode(4000).pusherJs).toContain("wss://");
    expect(closeCode(4100).pusherJs).toContain("after a second");
    expect(closeCode(4200).pusherJs).toContain("at once");
    expect(closeCode(4301).pusherJs).toContain("pusher:error");
    expect(closeCode(5000).pusherJs).toBeUndefined();
  });
});

describe("an HTTP status", () => {
  it.each([
    [200, "response-status-200"],
    [302, "response-redirect"],
    [404, "response-not-found"],
    [407, "proxy-auth-required"],
    [418, "response-status-not-101"],
    [426, "response-upgrade-required"],
    [502, "response-gateway-error"],
  ])("%i is judged as the engine's client does: %s", (status, name) => {
    expect(explain(String(status))).toMatchObject({ kind: "http-status", received: { name } });
  });

  it("lists what the server refuses with it, and 101 is no refusal", () => {
    const explanation = explain("426");
    if (explanation.kind !== "http-status") throw new Error("not a status");
    expect(explanation.handshakeRefusals.map(({ name }) => name)).toContain("handshake-version-unsupported");
    expect(explain("101")).toMatchObject({ kind: "http-status", received: undefined });
  });
});

describe("an error text of another tool", () => {
  it("is known by names that exist only", () => {
    const unknown = foreignMessages.flatMap(({ names }) => names.filter((name) => !allFailures.has(name)));
    expect(unknown).toEqual([]);
  });

  it.each(
    foreignMessages.flatMap((message) => message.fragments.map((fragment) => [fragment, message] as const)),
  )("such as %j leads to its own entry, however it is written", (fragment, { names }) => {
    for (const text of [fragment, `Error: ${fragment.toUpperCase()} (at x.js:1)`]) {
      const found = namesFor(text);
      expect(names.every((name) => found.includes(name))).toBe(true);
    }
  });

  it.each([
    ["Error: Unexpected server response: 200", "response-status-200"],
    ["RangeError: Invalid WebSocket frame: MASK must be set", "frame-unmasked-from-client"],
    ["RangeError: Invalid WebSocket frame: RSV2 and RSV3 must be clear", "stream-not-websocket"],
    ["websockets.exceptions.ConnectionClosedError: no close frame received or sent", "close-without-frame"],
    ["sent 1011 (internal error) keepalive ping timeout; no close frame received", "heartbeat-timeout"],
    ["Firefox can’t establish a connection to the server at ws://localhost/", "browser-connect-failed"],
    ["nginx: upstream prematurely closed connection while reading response header", "response-gateway-error"],
    ["write EPROTO 1408F10B:SSL routines:ssl3_get_record:wrong version number", "tls-sent-to-plain-port"],
  ])("%j means %s first", (text, name) => {
    expect(namesFor(text)[0]).toBe(name);
  });

  it("with a status or a close code alone is explained by the number", () => {
    expect(explain("Unexpected server response: 404")).toMatchObject({ kind: "http-status", status: 404 });
    expect(explain("server rejected WebSocket connection: HTTP 403")).toMatchObject({ status: 403 });
    expect(explain("WebSocket closed with code 4001")).toMatchObject({ kind: "close-code", code: 4001 });
  });

  it("of this server is known by the names in it", () => {
    expect(namesFor("closed: code=1002 reason=frame-unmasked-from-client")).toEqual([
      "frame-unmasked-from-client",
    ]);
    expect(explain("closed: code=1002 reason=frame-unmasked-from-client")).toMatchObject({ seeAlso: [1002] });
  });

  it("that nobody knows gets no nearest name", () => {
    expect(explain("my dog ate the socket")).toMatchObject({ kind: "unknown", nearest: [] });
  });
});
