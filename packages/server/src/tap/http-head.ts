/** The heads of requests and answers as the tap shows them: the headers that matter, redacted and safe to print. */
import { redactHeader, redactTarget } from "./secret-fields.ts";
import { escapeUnsafe, shortenText } from "../cli/safe-text.ts";

export interface ShownHead {
  readonly line: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly otherHeaders: number;
}

/** Longer values are cut: nobody reads them in a terminal. */
const maxValueCharacters = 300;

/** What decides whether a handshake stands, and what shows who is on the way. */
const headersThatMatter =
  /^(?:host|upgrade|connection|origin|user-agent|authorization|cookie|set-cookie|server|via|forwarded|x-forwarded-.*|x-real-ip|cf-ray|sec-websocket-.*|content-type|content-length|transfer-encoding|location|www-authenticate|proxy-.*|retry-after|allow|expect)$/i;

/** Takes a head of Latin-1 text apart. Lines that are no headers are shown as they are. */
export function showHead(text: string, options: { readonly allHeaders: boolean }): ShownHead {
  const [line = "", ...lines] = text.replace(/(?:\r?\n)+$/, "").split(/\r?\n/);
  const fields = lines.map(splitHeader);
  const shown = fields.filter(([name]) => options.allHeaders || headersThatMatter.test(name));
  return {
    line: showLine(line),
    headers: shown.map(([name, value]) => [
      escapeUnsafe(name),
      shortenText(redactHeader(name, value), maxValueCharacters),
    ]),
    otherHeaders: fields.length - shown.length,
  };
}

/** The values of a header, as received. */
export function readHeaders(text: string, name: string): string[] {
  const wanted = name.toLowerCase();
  return text
    .split(/\r?\n/)
    .slice(1)
    .map(splitHeader)
    .filter(([found]) => found.toLowerCase() === wanted)
    .map(([, value]) => value);
}

function splitHeader(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(":");
  return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).trim()];
}

function showLine(line: string): string {
  const [method = "", target, ...rest] = line.split(" ");
  const isRequest = target !== undefined && !method.startsWith("HTTP/");
  const redacted = isRequest ? [method, redactTarget(target), ...rest].join(" ") : line;
  return shortenText(redacted, 1000);
}
