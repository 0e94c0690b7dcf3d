/** Protocols on top of WebSocket that need a server of their own, told from their first message. */

const signatures: readonly { readonly start: RegExp; readonly protocol: string }[] = [
  { start: /^(?:0\{"sid"|2probe$|3probe$|4[0-6](?:\/|\{|\[|$))/, protocol: "Socket.IO (Engine.IO)" },
  { start: /^(?:CONNECT|STOMP)\r?\n/, protocol: "STOMP" },
];

/** Names the protocol that a message belongs to, if it is one that plain endpoints do not speak. */
export function recogniseApplicationProtocol(data: string | Uint8Array): string | undefined {
  if (typeof data === "string") return signatures.find(({ start }) => start.test(data))?.protocol;
  // An MQTT CONNECT packet: its type, one byte of length, and the protocol's name with its own length.
  const isMqtt = data[0] === 0x10 && Buffer.from(data.subarray(4, 8)).toString("latin1") === "MQTT";
  return isMqtt ? "MQTT" : undefined;
}
