import { describe, expect, it } from "vitest";
import type { App } from "../apps/app.ts";
import {
  type AdmissionLoad,
  type AdmissionRequest,
  admit,
  selectSubprotocol,
  sendRefusal,
} from "./admission.ts";
import { testApp } from "./app.test.harness.ts";

const app = testApp();
const calm: AdmissionLoad = {
  draining: false,
  overloaded: false,
  appConnections: 0,
  unauthenticatedConnections: 0,
};

interface Facts extends Partial<Omit<AdmissionRequest, "query">> {
  readonly query?: string;
}

function request({ query = "protocol=7", ...facts }: Facts = {}): AdmissionRequest {
  return {
    path: `/app/${app.key}`,
    key: app.key,
    secure: true,
    offeredSubprotocols: [],
    ...facts,
    query: new URLSearchParams(query),
  };
}

function refusalOf(facts: Facts, to: App | undefined = app, load: Partial<AdmissionLoad> = {}) {
  const admission = admit(request(facts), to, { ...calm, ...load });
  if (admission.admitted) throw new Error("the client was admitted");
  return { code: admission.code, name: admission.failure.name };
}

function protocolOf(facts: Facts, to = app): number | undefined {
  const admission = admit(request(facts), to, calm);
  return admission.admitted ? admission.protocol : undefined;
}

describe("admission", () => {
  it("accepts a client of a known app", () => {
    expect(admit(request(), app, calm)).toEqual({ admitted: true, app, protocol: 7 });
  });

  it.each([4, 5, 6, 7])("accepts protocol %i", (protocol) => {
    expect(protocolOf({ query: `protocol=${protocol}` })).toBe(protocol);
  });

  it.each(["0", "1", "2", "3", "8", "-7", "100"])("refuses protocol %s with 4007", (protocol) => {
    expect(refusalOf({ query: `protocol=${protocol}` })).toEqual({
      code: 4007,
      name: "protocol-version-unsupported",
    });
  });

  it.each(["seven", "7.0", "7a", "0x7", "1e1", "9999999999"])("refuses protocol %s with 4006", (protocol) => {
    expect(refusalOf({ query: `protocol=${protocol}` })).toEqual({
      code: 4006,
      name: "protocol-version-invalid",
    });
  });

  it.each(["", "protocol=", "client=js"])(
    "takes the protocol of the query %j as 7, or refuses it with 4008 when strict",
    (query) => {
      expect(protocolOf({ query })).toBe(7);
      const strict = testApp({ connection: { strictProtocol: true } });
      expect(refusalOf({ query }, strict)).toEqual({ code: 4008, name: "protocol-version-missing" });
    },
  );

  it("reads the protocol from the subprotocol when the query names none", () => {
    const strict = testApp({ connection: { strictProtocol: true } });
    const offeredSubprotocols = ["pusher-channels-protocol-5"];
    expect(protocolOf({ query: "", offeredSubprotocols }, strict)).toBe(5);
    expect(protocolOf({ query: "protocol=7", offeredSubprotocols }, strict)).toBe(7);
    expect(refusalOf({ query: "", offeredSubprotocols: ["pusher-channels-protocol-9"] }).code).toBe(4007);
  });

  it("refuses an unknown key with 4001", () => {
    const admission = admit(request(), undefined, calm);
    expect(admission).toMatchObject({
      admitted: false,
      code: 4001,
      failure: { name: "app-key-unknown", retry: "after-change" },
    });
  });

  it("refuses a path without a key with 4005", () => {
    expect(refusalOf({ path: "/", key: undefined })).toEqual({ code: 4005, name: "app-path-invalid" });
  });

  it("refuses a disabled app with 4003", () => {
    expect(refusalOf({}, testApp({ enabled: false }))).toEqual({ code: 4003, name: "app-disabled" });
  });

  it("refuses plain connections with 4000 when the app demands TLS", () => {
    const strict = testApp({ connection: { requireTls: true } });
    expect(refusalOf({ secure: false }, strict)).toEqual({ code: 4000, name: "app-tls-required" });
    expect(protocolOf({ secure: true }, strict)).toBe(7);
  });

  it("refuses a foreign origin with 4009, but not a missing one", () => {
    const choosy = testApp({ connection: { allowedOrigins: ["*.example.com"] } });
    expect(refusalOf({ origin: "https://evil.org" }, choosy)).toEqual({
      code: 4009,
      name: "origin-not-allowed",
    });
    expect(protocolOf({ origin: "https://a.example.com" }, choosy)).toBe(7);
    expect(protocolOf({}, choosy)).toBe(7);
  });

  it("refuses a missing origin with 4009 when the app demands one", () => {
    const choosy = testApp({ connection: { requireOrigin: true } });
    expect(refusalOf({}, choosy)).toEqual({ code: 4009, name: "origin-missing" });
    expect(protocolOf({ origin: "https://a.example.com" }, choosy)).toBe(7);
  });

  it("refuses with 4004 once the app has all its connections, or with 4100 in profile soketi", () => {
    const small = testApp({ connection: { maxConnections: 2 } });
    expect(admit(request(), small, { ...calm, appConnections: 1 }).admitted).toBe(true);
    expect(refusalOf({}, small, { appConnections: 2 })).toEqual({
      code: 4004,
      name: "app-connections-exceeded",
    });
    const soketi = testApp({ profile: "soketi", connection: { maxConnections: 0 } });
    expect(refusalOf({}, soketi).code).toBe(4100);
  });

  it("refuses with 4100 once as many clients as may wait have yet to sign in, where that is required", () => {
    const connection = {
      requireUserAuthentication: true,
      maxConnections: 9,
      maxUnauthenticatedConnections: 2,
    };
    const strict = testApp({ connection });
    const load = { appConnections: 8, unauthenticatedConnections: 2 };
    expect(refusalOf({}, strict, load)).toEqual({ code: 4100, name: "app-unauthenticated-exceeded" });
    expect(admit(request(), strict, { ...calm, ...load, unauthenticatedConnections: 1 }).admitted).toBe(true);
    const open = testApp({ connection: { ...connection, requireUserAuthentication: false } });
    expect(admit(request(), open, { ...calm, ...load }).admitted).toBe(true);
    // Behind the waiting room there must be a place.
    expect(refusalOf({}, strict, { ...load, appConnections: 9 }).code).toBe(4004);
  });

  it("refuses with 4100 when the node is full or drains, so that clients wait before they return", () => {
    expect(refusalOf({}, app, { overloaded: true })).toEqual({ code: 4100, name: "node-overloaded" });
    expect(refusalOf({ key: undefined }, undefined, { draining: true })).toEqual({
      code: 4100,
      name: "node-not-accepting",
    });
  });

  it("judges the protocol before the app, and the app before its limits", () => {
    expect(refusalOf({ query: "protocol=1" }, undefined).code).toBe(4007);
    const full = testApp({ enabled: false, connection: { maxConnections: 0 } });
    expect(refusalOf({}, full, { overloaded: true }).code).toBe(4003);
  });

  it("tells a refused client the code in an event and closes with the same code", () => {
    const sent: unknown[] = [];
    const admission = admit(request({ key: "nope" }), undefined, calm);
    if (admission.admitted) throw new Error("the client was admitted");
    sendRefusal(
      { send: (text) => sent.push(text), close: (code, reason) => sent.push([code, reason]) },
      admission,
    );
    expect(sent).toEqual([
      '{"event":"pusher:error","data":{"code":4001,"message":"No app has the key \\"nope\\"."}}',
      [4001, 'No app has the key "nope".'],
    ]);
  });

  it("closes with a reason of at most 123 bytes, cut between characters", () => {
    let reason = "";
    const admission = admit(request({ key: "é".repeat(200) }), undefined, calm);
    if (admission.admitted) throw new Error("the client was admitted");
    sendRefusal({ send: () => {}, close: (_code, text) => (reason = text) }, admission);
    expect(Buffer.byteLength(reason)).toBe(122);
    expect(reason.endsWith("é")).toBe(true);
  });
});

describe("subprotocol", () => {
  it("is the newest supported one that is offered", () => {
    const offered = [
      "chat",
      "pusher-channels-protocol-6",
      "pusher-channels-protocol-7",
      "pusher-channels-protocol-8",
    ];
    expect(selectSubprotocol(offered)).toBe("pusher-channels-protocol-7");
  });

  it.each([[[]], [["chat"]], [["pusher-channels-protocol-3"]], [["pusher-channels-protocol-"]]])(
    "is none when %j is offered",
    (offered) => expect(selectSubprotocol(offered)).toBeUndefined(),
  );
});
