/**
 * Clients that break the rules of WebSocket or of the Pusher protocol: each is told which rule, by close code and reason or
 * by an error event, and a bystander on the same server notices nothing.
 */
import type Pusher from "pusher";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AntiphonProcess } from "../support/antiphon-process.ts";
import { startConfiguredServer } from "../support/configured-server.ts";
import { createPublisher } from "../support/publisher.ts";
import { connectRawClient, pusherUrl } from "../support/raw-client.ts";

const app = { id: "13", key: "hostile-key", secret: "hostile-secret", events: { clientEvents: "members" } };

let server: AntiphonProcess;
let backend: Pusher;
let url: string;

beforeAll(async () => {
  server = await startConfiguredServer({ apps: [app] });
  backend = createPublisher(server, app);
  url = pusherUrl(server, app.key);
});

afterAll(() => server.stop());

/** Does harm to the server while somebody else is connected, and checks that it goes on as if nothing had happened. */
async function harmNobodyElse(doHarm: () => Promise<void>): Promise<void> {
  const { client: bystander } = await connectRawClient(url);
  bystander.subscribe("bystanders");
  await bystander.next();
  await doHarm();
  await backend.trigger("bystanders", "still", "here");
  expect(await bystander.settle()).toEqual(['{"event":"still","channel":"bystanders","data":"here"}']);
}

/** A masking key of zeros keeps the payload readable. */
const mask = "00000000";

describe("frames against RFC 6455", () => {
  it.each([
    ["an unmasked text frame", "8102 6869", 1002, "frame-unmasked-from-client"],
    ["a reserved opcode", `8382${mask}6869`, 1002, "frame-opcode-reserved"],
    ["RSV1 without compression", `c182${mask}6869`, 1002, "frame-rsv1-without-deflate"],
    ["RSV2", `a182${mask}6869`, 1002, "frame-rsv2-rsv3-set"],
    ["a fragmented ping", `0980${mask}`, 1002, "frame-control-fragmented"],
    ["a ping of 126 bytes", `89fe007e${mask}`, 1002, "frame-control-too-long"],
    ["a continuation of nothing", `8082${mask}6869`, 1002, "frame-continuation-unexpected"],
    ["a message inside a message", `0181${mask}61 8181${mask}61`, 1002, "frame-continuation-expected"],
    ["a length in too long a form", `81fe0005${mask}6868686868`, 1002, "frame-length-not-minimal"],
    ["a length with its top bit set", "81ff8000000000000000", 1002, "frame-length-msb-set"],
    ["a close frame of one byte", `8881${mask}03`, 1002, "close-payload-one-byte"],
    ["close code 1005", `8882${mask}03ed`, 1002, "close-code-reserved-on-wire"],
    ["close code 999", `8882${mask}03e7`, 1002, "close-code-out-of-range"],
    ["bad UTF-8", `8182${mask}c328`, 1007, "message-invalid-utf8"],
    ["half a character at the end", `8181${mask}c3`, 1007, "message-invalid-utf8"],
    ["bad UTF-8 across two frames", `0181${mask}c3 8081${mask}28`, 1007, "message-invalid-utf8"],
    ["a surrogate in UTF-8", `8183${mask}eda080`, 1007, "message-invalid-utf8"],
    ["a binary message", `8282${mask}6869`, 1003, "message-type-not-accepted"],
    ["a message of 16 kB and a byte", "81fe4001", 1009, "message-too-large"],
    ["a message of a megabyte", "81ff0000000000100000", 1009, "message-too-large"],
    ["a message of an exabyte", "81ff1000000000000000", 1009, "frame-length-unsupported"],
  ])("%s", async (_what, hex, code, reason) => {
    await harmNobodyElse(async () => {
      const { client } = await connectRawClient(url);
      client.writeBytes(Buffer.from(hex.replaceAll(" ", ""), "hex"));
      expect(await client.closed).toEqual({ code, reason });
    });
  });
});

const subscribeTo = (data: string): string => `{"event":"pusher:subscribe","data":${data}}`;

/** Malformed messages by what the server makes of them. */
const malformed = {
  '{"event":"pusher:error","data":{"code":null,': [
    "",
    " ",
    "{",
    "}",
    "null",
    "true",
    "1e400",
    '"pusher:ping"',
    "[]",
    "{}",
    "{'event':'pusher:ping'}",
    '{"event":"pusher:ping",}',
    '{"event":"pusher:ping"} {}',
    '\uFEFF{"event":"pusher:ping"}',
    '{"event":"pusher:ping\u0000"',
    '{"event":null}',
    '{"event":1}',
    '{"event":{}}',
    '{"event":["pusher:ping"]}',
    '{"data":{}}',
    '{"__proto__":{"event":"pusher:ping"}}',
    '{"event":"Pusher:ping"}',
    '{"event":"toString"}',
    `{"event":"client-x","channel":"a","data":${"[".repeat(4000)}${"]".repeat(4000)}}`,
    "[".repeat(16_000),
    subscribeTo("null"),
    subscribeTo("1"),
    subscribeTo('"x"'),
    subscribeTo("[]"),
    subscribeTo("{}"),
    subscribeTo('{"channel":null}'),
    subscribeTo('{"channel":7}'),
    subscribeTo('{"channel":["a"]}'),
    subscribeTo('{"channel":{"toString":1}}'),
    subscribeTo('{"channel":""}'),
    subscribeTo('"\\"{}\\""'),
    '{"event":"pusher:subscribe"}',
  ],
  '{"event":"pusher:subscription_error",': [
    subscribeTo('{"channel":"a b"}'),
    subscribeTo('{"channel":"\\u0000"}'),
    subscribeTo('{"channel":"ü"}'),
    subscribeTo(`{"channel":"${"x".repeat(201)}"}`),
    subscribeTo('{"channel":"#server-to-user-1"}'),
    subscribeTo('{"channel":"private-a","auth":null}'),
    subscribeTo('{"channel":"private-a","auth":{"toString":null}}'),
    subscribeTo('{"channel":"private-a","auth":":"}'),
    subscribeTo(`{"channel":"private-a","auth":"${app.key}:"}`),
    subscribeTo(`{"channel":"private-a","auth":"${app.key}:${"é".repeat(64)}"}`),
    subscribeTo(`{"channel":"private-a","auth":"${app.key}:${"0".repeat(64)}"}`),
    subscribeTo('{"channel":"presence-a","auth":"a:b","channel_data":7}'),
    subscribeTo('{"channel":"presence-a","auth":"a:b","channel_data":{"user_id":1}}'),
    subscribeTo(`{"channel":"presence-a","auth":"a:b","channel_data":"${"x".repeat(10_000)}"}`),
  ],
  '{"event":"pusher:error","channel":"private-a","data":{"code":4301,': [
    '{"event":"client-","channel":"private-a"}',
    '{"event":"client-x","channel":"private-a","data":null}',
    `{"event":"client-${"x".repeat(200)}","channel":"private-a","data":{}}`,
  ],
} satisfies Record<string, readonly string[]>;

/** Messages that mean nothing, and are nobody's harm. */
const ignored = [
  '{"event":"pusher:nonsense"}',
  '{"event":"pusher:pong","data":"x"}',
  '{"event":"pusher_internal:member_added","channel":"bystanders","data":"{}"}',
  '{"event":"pusher:unsubscribe","data":{"channel":7}}',
  '{"event":"pusher:unsubscribe","data":{"channel":"never-joined"}}',
  '{"event":"pusher:unsubscribe","data":{"channel":"__proto__"}}',
];

describe("messages against the Pusher protocol", () => {
  it.each(Object.entries(malformed))("are answered with %s… on a connection that stays", (start, messages) =>
    harmNobodyElse(async () => {
      for (const message of messages) {
        const { client } = await connectRawClient(url);
        client.send(message);
        const answers = await client.settle();
        expect(answers, message.slice(0, 100)).toEqual([expect.stringContaining(start)]);
        await client.close();
      }
    }),
  );

  it("are ignored if they mean nothing to a server", () =>
    harmNobodyElse(async () => {
      const { client } = await connectRawClient(url);
      for (const message of ignored) client.send(message);
      expect(await client.settle()).toEqual([]);
    }));

  it.each(["{}", '{"auth":1,"user_data":2}', '{"auth":"a:b","user_data":"{}"}', '{"user_data":null}'])(
    "end the connection with 4009 if they are the signin %s",
    (data) =>
      harmNobodyElse(async () => {
        const { client } = await connectRawClient(url);
        client.send(`{"event":"pusher:signin","data":${data}}`);
        expect(await client.closed).toMatchObject({ code: 4009 });
      }),
  );

  it("may use names that are special in JavaScript like any others", async () => {
    const { client } = await connectRawClient(url);
    for (const channel of ["__proto__", "constructor", "hasOwnProperty"]) {
      client.subscribe(channel);
      expect(await client.next()).toBe(
        `{"event":"pusher_internal:subscription_succeeded","channel":"${channel}","data":"{}"}`,
      );
    }
    const channels = await backend.get({ path: "/channels" });
    expect(await channels.text()).toBe('{"channels":{"__proto__":{},"constructor":{},"hasOwnProperty":{}}}');
  });
});
