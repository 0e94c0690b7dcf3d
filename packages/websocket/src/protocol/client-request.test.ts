import { describe, expect, it } from "vitest";
import { type ClientRequest, formatUpgradeRequest } from "./client-request.ts";
import { formatDeflateOffer } from "./permessage-deflate-negotiation.ts";

const plain: ClientRequest = {
  host: "example.com",
  target: "/chat?room=1",
  key: "dGhlIHNhbXBsZSBub25jZQ==",
  subprotocols: [],
  headers: [],
};

const openToAll = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

describe("handshake request of a client (RFC 6455 §4.1)", () => {
  it("consists of the mandatory headers if nothing else is wished for", () => {
    expect(formatUpgradeRequest(plain)).toBe(
      "GET /chat?room=1 HTTP/1.1\r\n" +
        "Host: example.com\r\n" +
        "Upgrade: websocket\r\n" +
        "Connection: Upgrade\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
        "Sec-WebSocket-Version: 13\r\n" +
        "\r\n",
    );
  });

  it("puts subprotocols, extensions, origin and the caller's headers behind them", () => {
    const text = formatUpgradeRequest({
      ...plain,
      host: "[::1]:6001",
      target: "/",
      origin: "https://example.com",
      subprotocols: ["chat", "superchat"],
      extensions: formatDeflateOffer(openToAll),
      headers: [["Authorization", "Bearer x"]],
    });
    expect(text).toBe(
      "GET / HTTP/1.1\r\n" +
        "Host: [::1]:6001\r\n" +
        "Upgrade: websocket\r\n" +
        "Connection: Upgrade\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
        "Sec-WebSocket-Version: 13\r\n" +
        "Sec-WebSocket-Protocol: chat, superchat\r\n" +
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" +
        "Origin: https://example.com\r\n" +
        "Authorization: Bearer x\r\n" +
        "\r\n",
    );
  });

  it.each([
    "Host",
    "upgrade",
    "Connection",
    "Sec-WebSocket-Key",
    "sec-websocket-version",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Protocol",
    "Content-Length",
    "Transfer-Encoding",
  ])("throws if the caller sets %s", (name) => {
    expect(() => formatUpgradeRequest({ ...plain, headers: [[name, "x"]] })).toThrow(
      "request-header-not-allowed",
    );
  });

  it.each([
    ["X-Name", "a\r\nHost: evil"],
    ["X-Name", "a\0"],
    ["X-Name", "é"],
    ["X Name", "a"],
    ["Origin", "a\nb"],
  ] as const)("throws for the header %j: %j, without quoting the value", (name, value) => {
    const format = (): string => formatUpgradeRequest({ ...plain, headers: [[name, value]] });
    expect(format).toThrow("request-header-not-allowed");
    expect(format).not.toThrow("evil");
  });

  it("throws if Origin is given twice", () => {
    const origin = "https://a.example";
    expect(() => formatUpgradeRequest({ ...plain, origin, headers: [["origin", origin]] })).toThrow(
      "it is there twice",
    );
  });

  it.each([[["a", "a"]], [["a b"]], [[""]], [["a,b"]]])("throws for the subprotocols %j", (subprotocols) => {
    expect(() => formatUpgradeRequest({ ...plain, subprotocols })).toThrow("request-subprotocol-invalid");
  });

  it.each([
    { target: "" },
    { target: "chat" },
    { target: "/a b" },
    { target: "/a#b" },
    { target: "/é" },
    { target: "/ HTTP/1.1\r\nX: y" },
    { host: "" },
    { host: "a/b" },
    { host: "::1" },
    { host: "a\r\nX: y" },
  ])("throws for %j", (change) => {
    expect(() => formatUpgradeRequest({ ...plain, ...change })).toThrow("url-invalid");
  });
});

describe("offer of permessage-deflate (RFC 7692 §7.1)", () => {
  it.each([
    [{}, "permessage-deflate; client_max_window_bits"],
    [{ clientMaxWindowBits: 12 }, "permessage-deflate; client_max_window_bits=12"],
    [{ offerClientWindowBits: false }, "permessage-deflate"],
    [
      { serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 10 },
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits",
    ],
  ])("of %j is %s", (change, text) => {
    expect(formatDeflateOffer({ ...openToAll, ...change })).toBe(text);
  });
});
