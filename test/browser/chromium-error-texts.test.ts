/**
 * What the installed Chromium prints when something is wrong with a WebSocket, and that `explain` leads from there to the
 * failure that was provoked. A change of the browser's texts shows here.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { explain } from "../../packages/server/src/explain/explain.ts";
import { type RawAnswer, startRawServer, switchProtocols } from "../support/raw-server.ts";

const search = inject("chromium");

const chromiumArguments = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

interface Provocation {
  /** What the server does wrong. */
  readonly about: string;
  readonly answer: RawAnswer;
  readonly subprotocols?: readonly string[];
  /** A part of what the browser prints. */
  readonly prints: string;
  /** The failure that was provoked: `explain` must name it, and first unless the text fits more than it. */
  readonly name: string;
  readonly isFirst?: false;
}

const end =
  (text: string): RawAnswer =>
  (_, socket) =>
    void socket.end(text);
const refuse = (status: number): RawAnswer => end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
/** A 101 in which something is replaced, or with more lines. */
const answer =
  (change: (head: string) => string, ...lines: readonly string[]): RawAnswer =>
  (request, socket) =>
    void socket.end(change(switchProtocols(request, ...lines)));
/** A right 101, then bytes in hex. */
const send =
  (hex: string, ...lines: readonly string[]): RawAnswer =>
  (request, socket) => {
    socket.write(switchProtocols(request, ...lines));
    socket.end(Buffer.from(hex.replaceAll(" ", ""), "hex"));
  };
const same = (head: string): string => head;
const hexOf = (text: string): string => Buffer.from(text).toString("hex");
const deflate = "Sec-WebSocket-Extensions: permessage-deflate";

const inHandshake: readonly Provocation[] = [
  {
    about: "a wrong accept value",
    answer: answer((head) => head.replace(/Accept: .*/, "Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")),
    prints: "Incorrect 'Sec-WebSocket-Accept' header value",
    name: "response-accept-mismatch",
  },
  {
    about: "no accept value",
    answer: answer((head) => head.replace(/Sec-WebSocket-Accept: .*\r\n/, "")),
    prints: "'Sec-WebSocket-Accept' header is missing",
    name: "response-accept-missing",
  },
  {
    about: "two accept values",
    answer: answer((head) => head.replace(/(Sec-WebSocket-Accept: .*\r\n)/, "$1$1")),
    prints: "'Sec-WebSocket-Accept' header must not appear more than once in a response",
    name: "response-accept-duplicated",
  },
  {
    about: "no Upgrade",
    answer: answer((head) => head.replace("Upgrade: websocket\r\n", "")),
    prints: "'Upgrade' header is missing",
    name: "response-upgrade-header-invalid",
  },
  {
    about: "another Upgrade",
    answer: answer((head) => head.replace("Upgrade: websocket", "Upgrade: h2c")),
    prints: "'Upgrade' header value is not 'WebSocket': h2c",
    name: "response-upgrade-header-invalid",
  },
  {
    about: "Connection: close",
    answer: answer((head) => head.replace("Connection: Upgrade", "Connection: close")),
    prints: "'Connection' header value must contain 'Upgrade'",
    name: "response-connection-header-invalid",
  },
  {
    about: "no Connection",
    answer: answer((head) => head.replace("Connection: Upgrade\r\n", "")),
    prints: "'Connection' header is missing",
    name: "response-connection-header-invalid",
  },
  {
    about: "a page instead of a handshake",
    answer: refuse(200),
    prints: "Unexpected response code: 200",
    name: "response-status-200",
  },
  {
    about: "400",
    answer: refuse(400),
    prints: "Unexpected response code: 400",
    name: "response-bad-request",
  },
  { about: "401", answer: refuse(401), prints: "HTTP Authentication failed", name: "response-unauthorized" },
  { about: "403", answer: refuse(403), prints: "Unexpected response code: 403", name: "response-forbidden" },
  { about: "404", answer: refuse(404), prints: "Unexpected response code: 404", name: "response-not-found" },
  {
    about: "426",
    answer: refuse(426),
    prints: "Unexpected response code: 426",
    name: "response-upgrade-required",
  },
  {
    about: "502",
    answer: refuse(502),
    prints: "Unexpected response code: 502",
    name: "response-gateway-error",
  },
  {
    about: "503",
    answer: refuse(503),
    prints: "Unexpected response code: 503",
    name: "response-unavailable",
  },
  {
    about: "a redirect",
    answer: end("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"),
    prints: "Unexpected response code: 302",
    name: "response-redirect",
  },
  {
    about: "no subprotocol",
    subprotocols: ["a", "b"],
    answer: answer(same),
    prints: "Sent non-empty 'Sec-WebSocket-Protocol' header but no response was received",
    name: "response-subprotocol-missing",
  },
  {
    about: "the list of subprotocols",
    subprotocols: ["a", "b"],
    answer: answer(same, "Sec-WebSocket-Protocol: a, b"),
    prints: "'Sec-WebSocket-Protocol' header must not appear more than once in a response",
    name: "response-subprotocol-list-echoed",
  },
  {
    about: "another subprotocol",
    subprotocols: ["a"],
    answer: answer(same, "Sec-WebSocket-Protocol: z"),
    prints: "'Sec-WebSocket-Protocol' header value 'z' in response does not match any of sent values",
    name: "response-subprotocol-unrequested",
    isFirst: false,
  },
  {
    about: "a subprotocol that nobody asked for",
    answer: answer(same, "Sec-WebSocket-Protocol: z"),
    prints: "Response must not include 'Sec-WebSocket-Protocol' header if not present in request: z",
    name: "response-subprotocol-unrequested",
  },
  {
    about: "an extension that nobody asked for",
    answer: answer(same, "Sec-WebSocket-Extensions: x-made-up"),
    prints: "Found an unsupported extension 'x-made-up' in 'Sec-WebSocket-Extensions' header",
    name: "response-extension-unrequested",
  },
  {
    about: "a deflate parameter that does not exist",
    answer: answer(same, `${deflate}; nonsense`),
    prints: "Error in permessage-deflate",
    name: "response-deflate-parameter-invalid",
  },
  {
    about: "something that is not HTTP",
    answer: end("nonsense\r\n\r\n"),
    prints: "net::ERR_INVALID_HTTP_RESPONSE",
    name: "response-malformed-http",
  },
  {
    about: "a frame before its answer",
    answer: (_, socket) => void socket.end(Buffer.from("8105 48656c6c6f".replace(" ", ""), "hex")),
    prints: "net::ERR_INVALID_HTTP_RESPONSE",
    name: "server-frame-before-101",
    isFirst: false,
  },
  {
    about: "a reset",
    answer: (_, socket) => void socket.resetAndDestroy(),
    prints: "net::ERR_CONNECTION_RESET",
    name: "tcp-reset",
  },
];

const inFrames: readonly Provocation[] = [
  {
    about: "a masked frame",
    answer: send("81 82 37fa213d 5f93"),
    prints: "A server must not mask any frames that it sends to the client.",
    name: "frame-masked-from-server",
  },
  {
    about: "RSV1 without compression",
    answer: send("c1 02 6869"),
    prints: "One or more reserved bits are on: reserved1 = 1, reserved2 = 0, reserved3 = 0",
    name: "frame-rsv1-without-deflate",
  },
  {
    about: "RSV2",
    answer: send("a1 02 6869"),
    prints: "One or more reserved bits are on: reserved1 = 0, reserved2 = 1, reserved3 = 0",
    name: "frame-rsv2-rsv3-set",
    isFirst: false,
  },
  {
    about: "a payload longer than its length",
    answer: send(`81 02 ${hexOf("hi there")}`),
    prints: "One or more reserved bits are on",
    name: "frame-payload-longer-than-length",
    isFirst: false,
  },
  {
    about: "a bad opcode",
    answer: send("83 02 6869"),
    prints: "Unrecognized frame opcode: 3",
    name: "frame-opcode-reserved",
  },
  {
    about: "bad UTF-8",
    answer: send("81 02 c328"),
    prints: "Could not decode a text frame as UTF-8.",
    name: "message-invalid-utf8",
  },
  {
    about: "an HTTP answer behind the 101",
    answer: send(hexOf("HTTP/1.1 400 Bad Request\r\n\r\n")),
    prints: "Invalid frame header",
    name: "http-response-after-101",
  },
  {
    about: "JSON without frames",
    answer: send(hexOf('{"event":"hi"}')),
    prints: "Invalid frame header",
    name: "stream-not-websocket",
    isFirst: false,
  },
  {
    about: "a continuation of nothing",
    answer: send("80 02 6869"),
    prints: "Received unexpected continuation frame.",
    name: "frame-continuation-unexpected",
  },
  {
    about: "a message inside another",
    answer: send("01 02 6869 81 02 6869"),
    prints: "Received start of new message but previous message is unfinished.",
    name: "frame-continuation-expected",
  },
  {
    about: "a ping in pieces",
    answer: send("09 00"),
    prints: "Invalid frame header",
    name: "frame-control-fragmented",
    isFirst: false,
  },
  {
    about: "a ping that is too long",
    answer: send(`89 7e 0080 ${"00".repeat(128)}`),
    prints: "Invalid frame header",
    name: "frame-control-too-long",
    isFirst: false,
  },
  {
    about: "a length in a longer form than needed",
    answer: send("81 7e 0002 6869"),
    prints: "Invalid frame header",
    name: "frame-length-not-minimal",
    isFirst: false,
  },
  {
    about: "corrupt compression",
    answer: send("c1 07 ffffffffffffff", deflate),
    prints: "Invalid frame header",
    name: "deflate-data-corrupt",
    isFirst: false,
  },
  {
    about: "a Close frame of one byte",
    answer: send("88 01 03"),
    prints: "Received a broken close frame with an invalid size of 1 byte.",
    name: "close-payload-one-byte",
  },
  {
    about: "1005 in a Close frame",
    answer: send("88 02 03ed"),
    prints: "Received a broken close frame containing a reserved status code.",
    name: "close-code-reserved-on-wire",
  },
  {
    about: "a close reason that is not UTF-8",
    answer: send("88 04 03e8 c328"),
    prints: "Received a broken close frame containing invalid UTF-8.",
    name: "close-reason-invalid-utf8",
  },
  {
    about: "data behind its Close frame",
    answer: send("88 02 03e8 81 02 6869"),
    prints: "Data frame received after close",
    name: "data-after-close",
  },
];

/** All names that an explanation gives, in its order. */
function listNames(text: string): string[] {
  const explanation = explain(text);
  if (explanation.kind === "http-status") return explanation.received ? [explanation.received.name] : [];
  if (explanation.kind !== "message") return [];
  return explanation.matches.flatMap(({ failures }) => failures.map(({ name }) => name));
}

describe.skipIf(!search.found)(
  `Chromium's texts${search.found ? "" : ` (skipped: ${search.reason})`}`,
  () => {
    let browser: Browser;
    let page: Page;
    const site = createServer((_, response) => void response.end("<!doctype html><title>page</title>"));

    beforeAll(async () => {
      if (!search.found) return;
      browser = await chromium.launch({ executablePath: search.path, args: chromiumArguments });
      await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    });
    afterAll(async () => {
      await browser?.close();
      site.close();
    });

    // A context each time, since after some failures a process waits seconds before it connects again.
    beforeEach(async () => {
      page = await (await browser.newContext()).newPage();
      await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
    });
    afterEach(() => page.context().close());

    /** What the console says of a connection, in the order in which the page lives through it. */
    async function provoke(
      port: number,
      subprotocols: readonly string[],
      closeAtOnce = false,
    ): Promise<string> {
      const printed = page.waitForEvent("console", (message) =>
        message.text().startsWith("WebSocket connection"),
      );
      await page.evaluate(
        ([url, names, isClosed]) => {
          const socket = new WebSocket(url, [...names]);
          if (isClosed) socket.close();
        },
        [`ws://127.0.0.1:${port}/`, subprotocols, closeAtOnce] as const,
      );
      return (await printed).text();
    }

    it.each([...inHandshake, ...inFrames])(
      "for $about lead to $name",
      async ({ answer: respond, subprotocols = [], prints, name, isFirst = true }) => {
        const server = await startRawServer(respond);
        const text = await provoke(server.port, subprotocols);
        expect(text).toContain(prints);
        const names = listNames(text);
        if (isFirst) expect(names[0]).toBe(name);
        else expect(names).toContain(name);
      },
    );

    it("for a close before the connection is open lead to closed-before-established", async () => {
      const server = await startRawServer(answer(same));
      const text = await provoke(server.port, [], true);
      expect(text).toContain("WebSocket is closed before the connection is established.");
      expect(listNames(text)[0]).toBe("closed-before-established");
    });

    it("for a port where nothing listens lead to tcp-connect-refused", async () => {
      const vacant = createServer();
      await new Promise<void>((resolve) => vacant.listen(0, "127.0.0.1", resolve));
      const { port } = vacant.address() as AddressInfo;
      await new Promise((resolve) => vacant.close(resolve));
      expect(listNames(await provoke(port, []))[0]).toBe("tcp-connect-refused");
    });

    it.each([
      ["new WebSocket('ws://127.0.0.1:1/').send('x')", "send-before-open"],
      ["new WebSocket('ws://127.0.0.1:1/').close(1006)", "close-code-not-allowed"],
      ["new WebSocket('ws://a/#b')", "url-has-fragment"],
      ["new WebSocket('ws://a/', ['b', 'b'])", "request-subprotocol-invalid"],
    ])("that %s throws lead to %s", async (script, name) => {
      const text = await page.evaluate((source) => {
        try {
          // oxlint-disable-next-line no-eval -- the script is one of those above
          globalThis.eval(source);
          return "nothing was thrown";
        } catch (error) {
          return String(error);
        }
      }, script);
      expect(listNames(text)[0]).toBe(name);
    });
  },
);
