/** Signed requests of the Pusher HTTP API as bytes, made before anything is measured. */
import { createHash, createHmac } from "node:crypto";
import { benchApp, benchChannel } from "../bench-app.ts";

export interface PublishShape {
  readonly port: number;
  readonly eventsPerRequest: number;
  /** Of the data of one event. */
  readonly bytes: number;
}

/** Requests differ from each other, so that nobody can remember an answer. `serial` makes the difference. */
export function formatSignedPublish({ port, eventsPerRequest, bytes }: PublishShape, serial: number): Buffer {
  const events = Array.from({ length: eventsPerRequest }, (_, index) => ({
    name: "message",
    channel: benchChannel,
    data: createData(bytes, serial * eventsPerRequest + index),
  }));
  const body = JSON.stringify(eventsPerRequest === 1 ? events[0] : { batch: events });
  const path = `/apps/${benchApp.id}/${eventsPerRequest === 1 ? "events" : "batch_events"}`;
  const query = [
    `auth_key=${benchApp.key}`,
    `auth_timestamp=${Math.floor(Date.now() / 1000)}`,
    "auth_version=1.0",
    `body_md5=${createHash("md5").update(body).digest("hex")}`,
  ].join("&");
  const signature = createHmac("sha256", benchApp.secret).update(`POST\n${path}\n${query}`).digest("hex");
  return Buffer.from(
    `POST ${path}?${query}&auth_signature=${signature} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
      `Content-Type: application/json\r\nUser-Agent: bench\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** JSON text of an exact size, which an envelope must escape as applications' data is. */
function createData(bytes: number, serial: number): string {
  const text = `{"id":${String(serial).padStart(8, "1")},"text":"`;
  return `${text}${"x".repeat(bytes - text.length - 2)}"}`;
}
