/**
 * A process full of presence members on one node: sockets that write frames made here and look at nothing but what they must.
 * Takes port, app key, secret, connections, channels of each and number of channels; prints `joined` when all are in.
 */
import { createHmac } from "node:crypto";
import { connect } from "node:net";

const [port, key, secret, ...sizes] = process.argv.slice(2);
const [connections, channelsEach, channels] = sizes.map(Number);
const request = [
  `GET /app/${key}?protocol=7 HTTP/1.1`,
  "Host: 127.0.0.1",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "\r\n",
].join("\r\n");
/** Sockets that are on their way in at the same time. */
const together = 50;

let waiting = connections;
let next = 0;

/** A masked text frame whose key is zero, so that the text stays as it is. */
function frame(message) {
  const text = Buffer.from(JSON.stringify(message));
  const length = text.length < 126 ? [text.length] : [126, text.length >> 8, text.length & 255];
  length[0] |= 0x80;
  return Buffer.concat([Buffer.from([0x81, ...length, 0, 0, 0, 0]), text]);
}

function subscribe(channel, auth = {}) {
  return frame({ event: "pusher:subscribe", data: { channel, ...auth } });
}

/** Member `member-7` of connection 7 is in all channels of its group; the group has a public channel as well. */
function frames(index, socketId) {
  const group = index % (channels / channelsEach);
  const channel_data = JSON.stringify({ user_id: `member-${index}` });
  const all = [subscribe(`crowd-${group}`)];
  for (let channel = group * channelsEach; channel < (group + 1) * channelsEach; channel++) {
    const name = `presence-crowd-${channel}`;
    const signature = createHmac("sha256", secret)
      .update(`${socketId}:${name}:${channel_data}`)
      .digest("hex");
    all.push(subscribe(name, { auth: `${key}:${signature}`, channel_data }));
  }
  return Buffer.concat(all);
}

function open() {
  if (next === connections) return;
  const index = next++;
  const socket = connect(Number(port), "127.0.0.1", () => socket.write(request));
  let unread = "";
  const read = (chunk) => {
    const wasGreeted = unread.includes("socket_id");
    unread += chunk;
    const socketId = wasGreeted ? undefined : /socket_id\\":\\"([\d.]+)/.exec(unread)?.[1];
    if (socketId !== undefined) socket.write(frames(index, socketId));
    if (unread.split("subscription_succeeded").length <= channelsEach + 1) return;
    socket.off("data", read).resume();
    open();
    if (--waiting === 0) process.stdout.write("joined\n");
  };
  socket.setEncoding("latin1").on("data", read);
  // They end with their node.
  socket.on("error", () => {});
}

for (let count = 0; count < together; count++) open();
