import { describe, expect, it } from "vitest";
import { formatSwitchingProtocols } from "./switching-protocols.ts";

const accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

describe("101 Switching Protocols (RFC 6455 §4.2.2)", () => {
  it("consists of the three mandatory headers if nothing else was agreed", () => {
    expect(formatSwitchingProtocols({ accept })).toEqual({
      ok: true,
      text:
        "HTTP/1.1 101 Switching Protocols\r\n" +
        "Upgrade: websocket\r\n" +
        "Connection: Upgrade\r\n" +
        `Sec-WebSocket-Accept: ${accept}\r\n` +
        "\r\n",
    });
  });

  it("puts subprotocol, extensions and the application's headers behind them, in this order", () => {
    const answer = formatSwitchingProtocols({
      accept,
      subprotocol: "chat",
      extensions: "permessage-deflate; server_no_context_takeover",
      headers: [
        ["X-Node", "7"],
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
      ],
    });
    expect(answer).toEqual({
      ok: true,
      text:
        "HTTP/1.1 101 Switching Protocols\r\n" +
        "Upgrade: websocket\r\n" +
        "Connection: Upgrade\r\n" +
        `Sec-WebSocket-Accept: ${accept}\r\n` +
        "Sec-WebSocket-Protocol: chat\r\n" +
        "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n" +
        "X-Node: 7\r\n" +
        "Set-Cookie: a=1\r\n" +
        "Set-Cookie: b=2\r\n" +
        "\r\n",
    });
  });

  it.each([
    "Upgrade",
    "connection",
    "Sec-WebSocket-Protocol",
    "sec-websocket-anything",
    "Content-Length",
    "Transfer-Encoding",
    "Trailer",
    "X:Y",
    "",
  ])("refuses the application's header %j", (name) => {
    const answer = formatSwitchingProtocols({ accept, headers: [[name, "x"]] });
    expect(answer).toMatchObject({
      ok: false,
      failure: { name: "handshake-hook-illegal-header", httpStatus: 500 },
    });
  });

  it.each(["a\rb", "a\nb", "a\0b", "é", "\x7f"])(
    "refuses the header value %j without quoting it",
    (value) => {
      const answer = formatSwitchingProtocols({ accept, headers: [["X-Secret", value]] });
      expect(answer).toMatchObject({
        ok: false,
        failure: {
          message:
            'The application set the response header "X-Secret", but its value contains something other than printable ASCII.',
        },
      });
    },
  );
});
