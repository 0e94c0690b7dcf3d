/**
 * The echo server of examples/ as a process of its own, and a suite modelled on the sections of Autobahn's: what each
 * section sends, in small, and the cases on performance in full.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { clientFrame, openWire, type WireClient } from "../support/wire-client.ts";

const script = new URL("../../examples/echo-server/server.mjs", import.meta.url).pathname;

let server: ChildProcess;
let port: number;

async function start(...parameters: readonly string[]): Promise<{ process: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [script, ...parameters], { stdio: ["ignore", "pipe", "pipe"] });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return { process: child, port: Number(/^listening on ws:\/\/127\.0\.0\.1:(\d+)$/.exec(line)?.[1]) };
}

async function exitCode(child: ChildProcess): Promise<unknown> {
  const [code] = (await once(child, "exit")) as [unknown];
  return code;
}

beforeAll(async () => {
  ({ process: server, port } = await start("0"));
});

afterAll(() => void server.kill("SIGKILL"));

const utf8 = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");

/** What the server answers to these bytes, until it ends the connection or has answered `count` times. */
async function answers(
  bytes: Uint8Array,
  { count = Number.POSITIVE_INFINITY, splits = false } = {},
): Promise<string[]> {
  const client = await openWire(port);
  if (splits) {
    for (const byte of bytes) {
      client.write(Buffer.from([byte]));
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  } else {
    client.write(bytes);
  }
  const given: string[] = [];
  while (given.length < count && !given.at(-1)?.startsWith("close")) given.push(await client.next());
  client.socket.end();
  return given;
}

const text = (data: string, fin = true): Buffer => clientFrame(data, { fin });
const more = (data: string, fin = true): Buffer => clientFrame(data, { opcode: 0, fin });
const ping = (data: string): Buffer => clientFrame(data, { opcode: 9 });
const close = (code?: number, reason = ""): Buffer =>
  clientFrame(
    code === undefined ? "" : Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]),
    { opcode: 8 },
  );
const polite = close(1000);

const join = (...frames: readonly Uint8Array[]): Buffer => Buffer.concat(frames);

describe("1 framing", () => {
  it.each([0, 125, 126, 127, 128, 65_535, 65_536])("echoes %d bytes as text and as binary", async (size) => {
    const client = await openWire(port);
    client.send("*".repeat(size)).send(Buffer.alloc(size, 0xfe), { opcode: 2 });
    expect(await client.next()).toBe(`text ${"*".repeat(size)}`);
    const binary = await client.frame();
    expect([binary.opcode, binary.payload.equals(Buffer.alloc(size, 0xfe))]).toEqual([2, true]);
  });
});

describe("2 pings and pongs", () => {
  const ten = Array.from({ length: 10 }, (_, at) => `payload-${at}`);

  it.each([false, true])("answers ten at once in order, byte by byte: %s", async (splits) => {
    const bytes = join(...ten.map(ping), polite);
    expect(await answers(bytes, { splits })).toEqual([...ten.map((data) => `pong ${data}`), "close 1000"]);
  });

  it("ignores pongs that nobody asked for, and fails a ping of 126 bytes", async () => {
    expect(await answers(join(clientFrame("x", { opcode: 10 }), ping("a"), polite))).toEqual([
      "pong a",
      "close 1000",
    ]);
    expect(await answers(ping("x".repeat(126)))).toEqual(["close 1002 frame-control-too-long"]);
  });
});

describe("3–5 reserved bits, opcodes and fragments", () => {
  it.each([
    ["3.4", join(text("ok"), clientFrame("x", { rsv: 4 }), ping("never")), ["text ok", "close 1002"]],
    ["3.7", clientFrame("", { opcode: 8, rsv: 7 }), ["close 1002"]],
    ["4.1", join(text("ok"), clientFrame("x", { opcode: 3 })), ["text ok", "close 1002"]],
    ["4.2", clientFrame("", { opcode: 11 }), ["close 1002"]],
    ["5.1", clientFrame("x", { opcode: 9, fin: false }), ["close 1002"]],
    ["5.6", join(text("a", false), ping("p"), more("b"), polite), ["pong p", "text ab", "close 1000"]],
    ["5.9", join(more("x"), text("y")), ["close 1002"]],
    ["5.15", join(text("a", false), more("b"), more("c", false), text("d")), ["text ab", "close 1002"]],
    ["5.18", join(text("a", false), text("b")), ["close 1002"]],
    ["6.1.3", join(text("", false), more("x", false), more(""), polite), ["text x", "close 1000"]],
  ])("%s", async (_, bytes, expected) => {
    for (const splits of [false, true]) {
      const given = await answers(bytes, { splits });
      expect(given.map((line) => line.replace(/^(close 1002) .*/, "$1"))).toEqual(expected);
    }
  });
});

describe("6 UTF-8", () => {
  it.each(["ce ba e1 bd b9 cf 83 ce bc ce b5", "f4 8f bf bf", "ef bf bf", "ed 9f bf ee 80 80"])(
    "echoes %s",
    async (hex) => {
      const parts = [...utf8(hex)].map((byte) => clientFrame(Buffer.from([byte]), { opcode: 0, fin: false }));
      const bytes = join(text("", false), ...parts, more(""), polite);
      expect((await answers(bytes))[0]).toBe(`text ${utf8(hex).toString()}`);
    },
  );

  it.each(["ed a0 80", "f4 90 80 80", "c0 af", "fe", "80", "f0 80 80 af", "ce ba e1 bd"])(
    "refuses %s",
    async (hex) => {
      expect(await answers(clientFrame(utf8(hex)))).toEqual(["close 1007 message-invalid-utf8"]);
    },
  );

  it("fails at the first bad byte, long before the message ends", async () => {
    const client = await openWire(port);
    const start = clientFrame(join(utf8("ce ba f4 90 80 80"), Buffer.alloc(1000)));
    client.write(start.subarray(0, 8 + 4));
    expect(await client.next()).toBe("close 1007 message-invalid-utf8");
  });
});

describe("7 closing", () => {
  it.each([
    [
      "nothing after a Close",
      join(text("a"), polite, text("b"), ping("c"), polite),
      ["text a", "close 1000"],
    ],
    ["between fragments", join(text("a", false), polite, more("b")), ["close 1000"]],
    ["empty", close(), ["close"]],
    ["one byte", clientFrame("x", { opcode: 8 }), ["close 1002 close-payload-one-byte"]],
    ["the longest reason", close(1000, "*".repeat(123)), ["close 1000"]],
    ["a reason too long", close(1000, "*".repeat(124)), ["close 1002 frame-control-too-long"]],
    [
      "a reason that is not UTF-8",
      clientFrame(utf8("03 e8 ce ba e1 bd b9 cf 83 ed a0 80"), { opcode: 8 }),
      ["close 1007 close-reason-invalid-utf8"],
    ],
  ])("%s", async (_, bytes, expected) => {
    expect(await answers(bytes)).toEqual(expected);
  });

  it.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])(
    "echoes %d",
    async (code) => {
      expect(await answers(close(code))).toEqual([`close ${code}`]);
    },
  );

  it.each([0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535])("refuses %d", async (code) => {
    expect((await answers(close(code)))[0]).toMatch(/^close 1002 close-code-/);
  });
});

/** A `ws` client whose echoes are counted and compared. */
async function echoAll(
  messages: readonly (string | Buffer)[],
  options: WebSocket.ClientOptions,
  send: (client: WebSocket, message: string | Buffer) => void = (client, message) => client.send(message),
): Promise<string> {
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { maxPayload: 64 * 1024 * 1024, ...options });
  await once(client, "open");
  let echoes = 0;
  let differing = 0;
  client.on("message", (data: Buffer, isBinary) => {
    const message = messages[echoes]!;
    if (isBinary !== (typeof message !== "string") || !data.equals(Buffer.from(message))) differing += 1;
    echoes += 1;
    if (echoes === messages.length) client.close(1000);
  });
  for (const [at, message] of messages.entries()) {
    send(client, message);
    // Or all of it would have to fit into the client's memory, compressed and not.
    if (at % 8 === 7) await new Promise((resolve) => setImmediate(resolve));
  }
  const [code] = (await once(client, "close")) as [number];
  return `${echoes} echoes, ${differing} different, ${code}`;
}

const plain = { perMessageDeflate: false };
const mebibyte = 1024 * 1024;

describe("9–10 limits and performance", () => {
  it.each([64 * 1024, mebibyte, 4 * mebibyte, 16 * mebibyte])(
    "echoes one message of %d bytes",
    async (size) => {
      expect(await echoAll(["é*".repeat(size / 3), randomBytes(size)], plain)).toBe(
        "2 echoes, 0 different, 1000",
      );
    },
  );

  it.each([64, 1024, 65_536])("echoes 4 MiB in fragments of %d bytes", async (fragment) => {
    const whole = Buffer.alloc(4 * mebibyte, "äb*");
    for (const message of [whole.toString(), whole]) {
      const given = await echoAll([message], plain, (client) => {
        for (let at = 0; at < whole.length; at += fragment) {
          const fin = at + fragment >= whole.length;
          client.send(whole.subarray(at, at + fragment), { binary: typeof message !== "string", fin });
        }
      });
      expect(given).toBe("1 echoes, 0 different, 1000");
    }
  });

  it("echoes 1 MiB that comes in pieces of 64 bytes", async () => {
    const client: WireClient = await openWire(port);
    const bytes = clientFrame(Buffer.alloc(mebibyte, "x"));
    for (let at = 0; at < bytes.length; at += 64) {
      client.write(bytes.subarray(at, at + 64));
      if (at % 1024 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await client.frame()).payload.length).toBe(mebibyte);
  });

  it.each([0, 16, 4096])("makes 1,000 round trips of %d bytes", async (size) => {
    const client = new WebSocket(`ws://127.0.0.1:${port}`, plain);
    await once(client, "open");
    for (let trip = 0; trip < 1000; trip += 1) {
      client.send(Buffer.alloc(size));
      await once(client, "message");
    }
    client.terminate();
  });
});

describe("12–13 permessage-deflate", () => {
  const words = Array.from({ length: 2000 }, (_, at) =>
    JSON.stringify({ id: at * 7919, tags: ["alpha", `beta${at % 17}`] }),
  );
  const corpus = Buffer.from(words.join(",").repeat(4));

  it.each([
    ["default", {}],
    ["no context takeover", { serverNoContextTakeover: true, clientNoContextTakeover: true }],
    ["windows of 9 bits", { serverMaxWindowBits: 9, clientMaxWindowBits: 9 }],
    ["windows of 15 bits", { serverMaxWindowBits: 15, clientMaxWindowBits: 15 }],
    [
      "both",
      {
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
        serverMaxWindowBits: 9,
        clientMaxWindowBits: 9,
      },
    ],
  ])("echoes 1,000 messages of 16 bytes to 128 KiB: %s", async (_, offer) => {
    for (const [count, size] of [
      [1000, 16],
      [1000, 1024],
      [200, 131_072],
    ] as const) {
      const messages = Array.from({ length: count }, (__, at) => {
        const start = (at * 997) % (corpus.length - size);
        const message = corpus.subarray(start, start + size);
        return at % 2 === 0 ? message.toString() : message;
      });
      expect(await echoAll(messages, { perMessageDeflate: { threshold: 0, ...offer } })).toBe(
        `${count} echoes, 0 different, 1000`,
      );
    }
  });
});

describe("the command", () => {
  it("keeps to its limits", async () => {
    const small = await start("0", "--max-message", "100", "--max-fragments", "3", "--no-deflate");
    try {
      const client = await openWire(small.port, "/", { "Sec-WebSocket-Extensions": "permessage-deflate" });
      expect(await client.send("x".repeat(100)).next()).toBe(`text ${"x".repeat(100)}`);
      expect(await client.send("x".repeat(101)).next()).toBe("close 1009 message-too-large");
      const other = await openWire(small.port);
      other.write(join(text("a", false), more("b", false), more("c", false), more("d")));
      expect(await other.next()).toBe("close 1009 message-too-many-fragments");
    } finally {
      small.process.kill("SIGKILL");
    }
  });

  it("closes politely when it is told to stop", async () => {
    const child = await start("0");
    const client = await openWire(child.port);
    child.process.kill("SIGTERM");
    expect(await client.next()).toBe("close 1012 restart");
    client.sendClose(1012).socket.end();
    expect(await exitCode(child.process)).toBe(0);
  });

  it.each([[], ["x"], ["0", "--max-message", "0"], ["1", "2"]])(
    "explains itself for %j",
    async (...parameters) => {
      const child = spawn(process.execPath, [script, ...parameters], { stdio: ["ignore", "ignore", "pipe"] });
      const [line] = (await once(createInterface(child.stderr), "line")) as [string];
      expect(line).toMatch(/^usage: server\.mjs PORT /);
      expect(await exitCode(child)).toBe(2);
    },
  );
});
