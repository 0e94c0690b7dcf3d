/** Clients that ask for another protocol on their first request, as Java's HttpClient does: the server may ignore that. */
import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AntiphonProcess, startAntiphon } from "../support/antiphon-process.ts";

let server: AntiphonProcess;

beforeAll(async () => {
  server = await startAntiphon();
});

afterAll(async () => void (await server?.stop()));

const offer =
  "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQBAAAAAAIAAAAA\r\n";

async function exchange(request: string): Promise<string> {
  const socket = connect(server.port, server.host);
  socket.end(request);
  let answer = "";
  socket.setEncoding("utf8").on("data", (text: string) => (answer += text));
  await once(socket, "close");
  return answer;
}

describe("Upgrade: h2c", () => {
  it("is ignored on a signed publish, whose body is read", async () => {
    const body = JSON.stringify({ name: "event", channel: "room", data: "{}" });
    const md5 = createHash("md5").update(body).digest("hex");
    const timestamp = Math.floor(Date.now() / 1000);
    const query = `auth_key=antiphon-key&auth_timestamp=${timestamp}&auth_version=1.0&body_md5=${md5}`;
    const path = "/apps/antiphon/events";
    const signature = createHmac("sha256", "antiphon-secret").update(`POST\n${path}\n${query}`).digest("hex");
    const answer = await exchange(
      `POST ${path}?${query}&auth_signature=${signature} HTTP/1.1\r\nHost: x\r\n${offer}` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toMatch(/\r\n\r\n\{\}$/);
  });

  it("is ignored on a health check, and refused where only WebSockets are served", async () => {
    expect(await exchange(`GET /up HTTP/1.1\r\nHost: x\r\n${offer}\r\n`)).toContain('{"health":"OK"}');
    const refused = await exchange(`GET /app/antiphon-key HTTP/1.1\r\nHost: x\r\n${offer}\r\n`);
    expect(refused).toMatch(/^HTTP\/1\.1 426 /);
  });
});
