import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createIPv4Packet, createPcap, type TestSegment } from "../decode/capture/capture.test.harness.ts";
import { exitCodes, type RunOptions, type RunResult, runCommand } from "./cli.test.harness.ts";
import { registerDecodeCommand } from "./decode.ts";

const run = (args: string, options?: RunOptions): Promise<RunResult> =>
  runCommand([registerDecodeCommand], ["decode", ...args.split(" ").filter((arg) => arg !== "")], options);

interface JsonFinding {
  readonly name: string;
  readonly faults: readonly string[];
  readonly certainty: string;
  readonly where: string;
}

async function findings(args: string, options?: RunOptions): Promise<JsonFinding[]> {
  const { stdout, stderr } = await run(`${args} --json`, options);
  expect(stderr).toBe("");
  const { connections } = JSON.parse(stdout) as { connections: { findings: JsonFinding[] }[] };
  return connections.flatMap((connection) => connection.findings);
}

const request = [
  "GET /chat HTTP/1.1",
  "Host: example.com",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
  "",
  "",
].join("\r\n");
const response = [
  "HTTP/1.1 101 Switching Protocols",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
  "",
  "",
].join("\r\n");
const deflate = "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
const offer = request.replace(/\r\n$/, deflate);
const accepted = response.replace(/\r\n$/, deflate);
const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");

describe("antiphon decode of frames", () => {
  it("shows the much-copied frame for what it is: it says he, and two bytes are left that are no frame", async () => {
    const { exitCode, stdout } = await run("81 82 37 fa 21 3d 5f 9f 44 52");
    expect(exitCode).toBe(exitCodes.findings);
    expect(stdout).toContain('message: text "he" (frame 0)\n');
    expect(stdout).toMatch(/^ {5}8 {2}44 .*fin/m);
    expect(stdout).toContain(
      "frame-payload-longer-than-length (frame 1, byte 8): the fault of the client (likely). Count bytes",
    );
    expect((await findings("81 82 37 fa 21 3d 5f 9f 44 52")).map(({ name }) => name)).toEqual([
      "frame-rsv1-without-deflate",
      "frame-payload-longer-than-length",
    ]);
  });

  it("is fine where nothing breaks the RFC, and guesses who sent them", async () => {
    const { exitCode, stdout } = await run("81:02:68:69");
    expect(exitCode).toBe(exitCodes.fine);
    expect(stdout).toMatch(/^4 bytes from hex, sent by the server \(guessed: the first frame is not masked/);
    expect(stdout).toMatch(/Nothing here breaks the RFC\.\n$/);
    expect((await run("81 82 37fa213d 5f93")).stdout).toContain("sent by the client (guessed");
  });

  it("takes the sender from --from, which turns the verdict", async () => {
    expect(await findings("--from client 81026869")).toMatchObject([
      {
        name: "frame-unmasked-from-client",
        faults: ["client"],
        certainty: "proved",
        where: "frame 0, byte 1",
      },
    ]);
    expect(await findings("--from server 818237fa213d5f93")).toMatchObject([
      { name: "frame-masked-from-server", faults: ["server"] },
    ]);
  });

  it("blames the side that sent the frames where the catalogue cannot tell", async () => {
    expect(await findings("83 00")).toMatchObject([{ name: "frame-opcode-reserved", faults: ["server"] }]);
    expect(await findings("83 80 00000000")).toMatchObject([{ faults: ["client"] }]);
  });

  it.each(["c1 07 f248cdc9c90700", "0xc1,0x07,0xf2,0x48,0xcd,0xc9,0xc9,0x07,0x00", "wQfySM3JyQcA"])(
    "inflates %s under --deflate",
    async (text) => {
      const { exitCode, stdout } = await run(`--deflate any ${text}`);
      expect(exitCode).toBe(exitCodes.fine);
      expect(stdout).toContain('message: compressed text "Hello" (frame 0)');
    },
  );

  it("takes the parameters of --deflate as the answer gives them, and refuses what no answer can say", async () => {
    // The second message refers to the first.
    const two = "c107f248cdc9c90700 c105f200110000";
    expect((await run(`--deflate client_max_window_bits=10 ${two}`)).exitCode).toBe(exitCodes.fine);
    const reset = await findings(`--deflate permessage-deflate;server_no_context_takeover ${two}`);
    expect(reset[0]?.name).toBe("deflate-data-corrupt");
    const wrong = await run(`--deflate nonsense=1 ${two}`);
    expect(wrong).toMatchObject({ exitCode: exitCodes.wrongUsage, stdout: "" });
    expect(wrong.stderr).toContain("deflate-parameters-invalid");
  });

  it("refuses text that is no bytes, with the place", async () => {
    const { exitCode, stdout, stderr } = await run("81 0g!");
    expect([exitCode, stdout]).toEqual([exitCodes.wrongUsage, ""]);
    expect(stderr).toContain("at character");
  });

  it("reads standard input as text or as bytes, and a file", async () => {
    const fromText = await run("-", { stdin: "00000000  81 02 68 69                |..hi|\n" });
    expect(fromText.stdout).toMatch(/^4 bytes from a hex dump/);
    const fromBytes = await run("", { stdin: bytes("81026869") });
    expect(fromBytes.stdout).toMatch(/^4 bytes from raw bytes/);
    expect((await run("--file missing")).exitCode).toBe(exitCodes.couldNotRun);
  });

  it("shows the first frames of many, all with --all, and one with a fault in any case", async () => {
    const stdin = Buffer.concat([...Array.from({ length: 60 }, () => bytes("8100")), bytes("8300")]);
    const { stdout } = await run("-", { stdin });
    expect(stdout).toContain("frame 39,");
    expect(stdout).not.toContain("frame 40,");
    expect(stdout).toContain("20 more frames are not shown; --all shows them.");
    expect(stdout).toMatch(/^frame 60, .*\n.*\n.*<- frame-opcode-reserved$/m);
    expect((await run("- --all", { stdin })).stdout).toContain("frame 40,");
  });

  it("lets nothing from the wire move the cursor", async () => {
    const text = "\u001b[2J\u009b31m\u202e";
    const payload = Buffer.from(text);
    const stdin = Buffer.concat([Buffer.of(0x81, payload.length), payload]);
    expect((await run("-", { stdin })).stdout).not.toMatch(/[\u001b\u009b\u202e]/);
    const head = request.replace("example.com", "a\u001b[2Jb");
    expect((await run("-", { stdin: head })).stdout).not.toContain("\u001b");
  });

  it("has colour on a terminal only", async () => {
    expect((await run("8100", { isTTY: true })).stdout).toContain("\u001b[");
  });
});

describe("antiphon decode of a handshake", () => {
  it("judges both sides, and says what they agreed on", async () => {
    const { exitCode, stdout } = await run("-", { stdin: `${offer}${accepted}` });
    expect(exitCode).toBe(exitCodes.fine);
    expect(stdout).toContain("agreed: no subprotocol, permessage-deflate\n");
    expect(stdout).toContain("accept value of this key: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n");
  });

  it("names what is wrong on each side", async () => {
    const stdin = `${request.replace("Upgrade: websocket\r\n", "")}${response.replace("s3pP", "XXXX")}`;
    expect((await findings("-", { stdin })).map(({ name, where }) => `${where}: ${name}`)).toEqual([
      "request: proxy-stripped-upgrade",
      "response: response-accept-mismatch",
    ]);
  });

  it("understands what curl prints", async () => {
    const marked = (text: string, mark: string): string =>
      text.replaceAll("\r", "").replaceAll(/^/gm, `${mark} `);
    const stdin = `* Connected to example.com\n${marked(request, ">")}\n* Mark bundle\n${marked(response, "<")}\n`;
    const { stdout, exitCode } = await run("-", { stdin });
    expect(exitCode).toBe(exitCodes.fine);
    expect(stdout).toContain("request of the client: GET /chat HTTP/1.1\n");
    expect(stdout).toContain("answer of the server: HTTP/1.1 101 Switching Protocols\n");
  });

  it("judges an answer without its request as far as that goes", async () => {
    const { stdout, exitCode } = await run("-", { stdin: response.replace("s3pP", "XXXX") });
    expect(exitCode).toBe(exitCodes.fine);
    expect(stdout).toContain("accept value: not checked, since the request is not there\n");
    expect(
      await findings("-", { stdin: response.replace("Upgrade: websocket", "Upgrade: h2c") }),
    ).toMatchObject([{ name: "response-upgrade-header-invalid" }]);
  });

  it("hides credentials", async () => {
    const secrets = "Cookie: id=hush\r\nAuthorization: Bearer hush\r\n\r\n";
    const stdin = request.replace("/chat", "/chat?token=hush").replace(/\r\n$/, secrets);
    const { stdout } = await run("-", { stdin });
    expect(stdout).not.toContain("hush");
    expect(stdout).toContain("Bearer ***");
  });

  it("goes on with the frames behind it, under what it agreed on", async () => {
    const stdin = Buffer.concat([Buffer.from(accepted), bytes("c107f248cdc9c90700")]);
    const { stdout, exitCode } = await run("-", { stdin });
    expect(exitCode).toBe(exitCodes.fine);
    expect(stdout).toContain(`frame 0, bytes ${accepted.length} to ${accepted.length + 8}`);
    expect(stdout).toContain('message: compressed text "Hello"');
  });
});

describe("antiphon decode of a capture", () => {
  const opening: readonly TestSegment[] = [
    { from: "client", at: -1, flags: "S" },
    { from: "server", at: -1, flags: "SA" },
  ];
  const pair: readonly TestSegment[] = [
    ...opening,
    { from: "client", at: 0, payload: offer },
    { from: "server", at: 0, payload: accepted },
  ];
  const create = (segments: readonly TestSegment[], clientPort = 5000): Buffer[] =>
    segments.map((segment) => createIPv4Packet(segment, { clientPort }));
  const after = { client: offer.length, server: accepted.length };

  it("shows both sides of what antiphon tap saved, and who was wrong", async () => {
    const folder = fileURLToPath(new URL("../../../../conformance/captures/", import.meta.url));
    const { stdout, exitCode } = await run("--file unmasked-pong.pcapng", { cwd: folder });
    expect(exitCode).toBe(exitCodes.findings);
    expect(stdout).toContain('message: compressed text "Hello" (client frame 0)\n');
    expect(stdout).toContain('message: compressed text "Hello" (server frame 0)\n');
    expect(stdout).toContain("end: the server ended TCP first, +25.029 s\n");
    expect(stdout).toMatch(/^frame-unmasked-from-client \(frame 1 of the client, byte 219\): /m);
    const text = await run("-", { stdin: readFileSync(`${folder}unmasked-pong.pcapng`) });
    expect(text.stdout).toBe(stdout);
  });

  it("leaves connections alone that are not WebSocket, unless one is asked for", async () => {
    const redis = create([...opening, { from: "client", at: 0, payload: "*1\r\n$4\r\nPING\r\n" }], 6000);
    const stdin = createPcap([...create(pair), ...redis]);
    const { stdout, exitCode } = await run("-", { stdin });
    expect(exitCode).toBe(exitCodes.fine);
    expect(stdout).toContain("No WebSocket handshake; --connection 2 decodes it all the same.\n");
    expect((await run("- --connection 2", { stdin })).exitCode).toBe(exitCodes.findings);
    const unknown = await run("- --connection 3", { stdin });
    expect(unknown.exitCode).toBe(exitCodes.wrongUsage);
    expect(unknown.stderr).toContain("no TCP connection 3; it has 2");
  });

  it("says that TLS hides the frames", async () => {
    const hello = bytes("1603010005 0100000000");
    const segments: TestSegment[] = [...opening, { from: "client", at: 0, payload: hello }];
    const { stdout, exitCode } = await run("-", { stdin: createPcap(create(segments)) });
    expect(exitCode).toBe(exitCodes.fine);
    expect(stdout).toMatch(/^capture-encrypted \(all of it\): .*\nNothing was decoded\.\n$/m);
  });

  it.each([
    ["in the middle of a frame", "8105 4865", "FA", "stream-truncated-frame"],
    ["without a Close frame", "8100", "FA", "close-without-frame"],
    ["by a reset", "8100", "RA", "tcp-reset"],
  ])("names an end %s", async (_, hex, flags, name) => {
    const segments: TestSegment[] = [
      ...pair,
      { from: "server", at: after.server, payload: bytes(hex) },
      { from: "server", at: after.server + bytes(hex).length, flags },
    ];
    const found = await findings("-", { stdin: createPcap(create(segments)) });
    expect(found).toMatchObject([{ name, where: "the end, by the server" }]);
    expect(found[0]?.faults).toContain("server");
    expect(found[0]?.faults).not.toContain("client");
  });

  it("is content with an end behind a Close frame", async () => {
    const segments: TestSegment[] = [
      ...pair,
      { from: "server", at: after.server, payload: bytes("880203e8") },
      { from: "server", at: after.server + 4, flags: "FA" },
    ];
    expect(await findings("-", { stdin: createPcap(create(segments)) })).toEqual([]);
  });

  it("says what it misses, and draws no conclusions from it", async () => {
    const segments: TestSegment[] = [
      ...pair,
      { from: "server", at: after.server, payload: bytes("8105 48") },
      { from: "server", at: after.server + 10, payload: "lost before" },
      { from: "server", at: after.server + 30, flags: "FA" },
    ];
    const stdin = createPcap(create(segments));
    expect(await findings("-", { stdin })).toMatchObject([{ name: "capture-bytes-missing" }]);
    expect((await run("-", { stdin })).exitCode).toBe(exitCodes.fine);
  });

  it("of a refused handshake shows no frames", async () => {
    const refusal = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno";
    const segments: TestSegment[] = [
      ...opening,
      { from: "client", at: 0, payload: request },
      { from: "server", at: 0, payload: refusal },
    ];
    const found = await findings("-", { stdin: createPcap(create(segments)) });
    expect(found.map(({ name }) => name)).toEqual(["response-forbidden"]);
  });

  it("as tcpdump prints it, is put together in both directions", async () => {
    const print = (packet: Buffer): string => {
      const lines = packet.toString("hex").match(/.{1,32}/g) ?? [];
      const rows = lines.map((line, row) => {
        const words = line.match(/.{1,4}/g) ?? [];
        return `\t0x${(row * 16).toString(16).padStart(4, "0")}:  ${words.join(" ")}`;
      });
      return ["12:00:00.000000 IP 10.0.0.1.5000 > 10.0.0.2.80: Flags [P.]", ...rows].join("\n");
    };
    const { stdout, exitCode } = await run("-", { stdin: create(pair).map(print).join("\n") });
    expect(exitCode).toBe(exitCodes.fine);
    expect(stdout).toMatch(/^packets as tcpdump prints them with one TCP connection/);
    expect(stdout).toContain("agreed: no subprotocol, permessage-deflate\n");
  });

  it("that is broken is refused by name", async () => {
    const { exitCode, stderr } = await run("-", { stdin: bytes("d4c3b2a1 00") });
    expect(exitCode).toBe(exitCodes.wrongUsage);
    expect(stderr).toContain("capture-invalid");
  });
});

it("no input makes decode throw", async () => {
  const inputs = fc.oneof(fc.uint8Array({ maxLength: 100 }), fc.string({ maxLength: 100 }));
  await fc.assert(
    fc.asyncProperty(
      inputs,
      fc.constantFrom("", "GET / HTTP/1.1\r\n", "HTTP/1.1 101 OK\r\n\r\n"),
      async (rest, start) => {
        const stdin = Buffer.concat([Buffer.from(start), Buffer.from(rest)]);
        expect([0, 1, 2]).toContain((await run("-", { stdin })).exitCode);
      },
    ),
    { numRuns: 200 },
  );
});
