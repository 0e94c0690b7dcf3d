/** The handshake as text: both heads with a word on every header that matters, and what the sides agreed on. */
import type { NegotiatedDeflate } from "@antiphon/websocket/frames";
import type { StyleText } from "../cli/text-style.ts";
import { escapeUnsafe } from "../cli/safe-text.ts";
import { redactHeader, redactTarget } from "../tap/secret-fields.ts";
import type { DecodedHandshake, DecodedHead } from "./decoding.ts";
import { shorten } from "./format-value.ts";

type Meanings = Readonly<Record<string, string>>;

const meanings: Readonly<Record<DecodedHead["sender"], Meanings>> = {
  client: {
    host: "name and port that the client dialled",
    upgrade: "must contain websocket",
    connection: "must contain Upgrade",
    "sec-websocket-key": "16 random bytes in base64; proves nothing but that the answer is to this request",
    "sec-websocket-version": "must be 13",
    "sec-websocket-protocol": "subprotocols, the server may choose one",
    "sec-websocket-extensions": "extensions, the server may accept some",
    origin: "the page that connects; only browsers send it",
  },
  server: {
    upgrade: "must be websocket",
    connection: "must contain Upgrade",
    "sec-websocket-accept": "base64 of SHA-1 of the key and a fixed text",
    "sec-websocket-protocol": "the subprotocol that the server chose",
    "sec-websocket-extensions": "the extensions that the server accepts",
  },
};

const maxValueCharacters = 100;

/** Lines without their ends. */
export function renderHandshake({ heads, inspection }: DecodedHandshake, style: StyleText): string[] {
  const lines = heads.flatMap((head) => [...renderHead(head, style), ""]);
  const { expectedAccept, agreed } = inspection;
  if (expectedAccept !== undefined) lines.push(`accept value of this key: ${expectedAccept}`);
  else if (heads.every(({ sender }) => sender === "server")) {
    lines.push("accept value: not checked, since the request is not there");
  }
  if (agreed) {
    const subprotocol =
      agreed.subprotocol === "" ? "no subprotocol" : `subprotocol ${shown(agreed.subprotocol)}`;
    lines.push(`agreed: ${subprotocol}, ${describeDeflate(agreed.deflate)}`);
  }
  return lines;
}

function renderHead({ sender, lines }: DecodedHead, style: StyleText): string[] {
  const [first = "", ...headers] = lines;
  const title = sender === "client" ? "request of the client" : "answer of the server";
  const width = Math.max(0, ...headers.map((line) => line.indexOf(":")));
  return [
    `${style("bold", title)}: ${shown(redactTarget(first))}`,
    ...headers.map((line) => renderHeader(line, meanings[sender], width, style)),
  ];
}

function renderHeader(line: string, known: Meanings, width: number, style: StyleText): string {
  const colon = line.indexOf(":");
  if (colon < 0) return `  ${shown(line)}`;
  const name = line.slice(0, colon);
  const value = shown(redactHeader(name, line.slice(colon + 1).trim()));
  const meaning = known[name.toLowerCase()];
  return `  ${style("cyan", shown(name).padEnd(width))}  ${value}${meaning === undefined ? "" : `  ${style("dim", `(${meaning})`)}`}`;
}

/** The parameters under their names in the header; what is as it always is goes without saying. */
function describeDeflate(deflate: NegotiatedDeflate | undefined): string {
  if (deflate === undefined) return "no compression";
  const { serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits } =
    deflate;
  const parameters = [
    "permessage-deflate",
    ...(serverNoContextTakeover ? ["server_no_context_takeover"] : []),
    ...(clientNoContextTakeover ? ["client_no_context_takeover"] : []),
    ...(serverMaxWindowBits < 15 ? [`server_max_window_bits=${serverMaxWindowBits}`] : []),
    ...(clientMaxWindowBits < 15 ? [`client_max_window_bits=${clientMaxWindowBits}`] : []),
  ];
  return parameters.join("; ");
}

function shown(text: string): string {
  return escapeUnsafe(shorten(text, maxValueCharacters));
}
