/** A handshake in text: a request, an answer, or both, plain or as `curl -v` prints them. */

export interface HandshakeText {
  readonly request: string | undefined;
  readonly response: string | undefined;
}

const requestLine = /^[A-Z]{3,7} \S+ HTTP\/\d\.\d$/m;
const responseLine = /^HTTP\/\d\.\d \d{3}\b.*$/m;

/** `undefined` if the text does not begin with either line. */
export function splitHandshakeText(text: string): HandshakeText | undefined {
  const plain = /^[><] (?:[A-Z]{3,7} |HTTP\/)/m.test(text) ? readCurlOutput(text) : text;
  // Blanks around lines come from copying.
  const lines = plain.split("\n").map((line) => line.trimEnd());
  const normal = lines.join("\n").trimStart();
  const request = requestLine.exec(normal);
  const response = responseLine.exec(normal);
  if (request?.index !== 0 && response?.index !== 0) return undefined;
  const border = Math.max(request?.index ?? 0, response?.index ?? 0);
  const [first, second] =
    border === 0 ? [normal, undefined] : [normal.slice(0, border), normal.slice(border)];
  const parts = [first, second].map((part) => part && endHead(part));
  return request?.index === 0
    ? { request: parts[0], response: parts[1] }
    : { request: parts[1], response: parts[0] };
}

/** One empty line behind a head that nothing follows, however many were copied. */
function endHead(text: string): string {
  return /\n\n\s*\S/.test(text) ? text : `${text.trimEnd()}\n\n`;
}

/** The lines of both sides without their marks; curl's own remarks, and its progress, say nothing. */
function readCurlOutput(text: string): string {
  const lines = text.split(/\r?\n/);
  const side = (mark: string): string[] =>
    lines.filter((line) => line === mark || line.startsWith(`${mark} `)).map((line) => line.slice(2));
  return [...side(">"), ...side("<")].join("\n");
}
