/** A handshake in text: a request, an answer, or both, plain or as `curl -v` prints them. */

export interface HandshakeText {
  readonly request: string | undefined;
  readonly response: string | undefined;
}

const requestLine = /^[A-Z]{3,7} \S+ HTTP\/\d\.\d[ \t]*$/m;
const responseLine = /^HTTP\/\d\.\d \d{3}\b.*$/m;

/** `undefined` if the text does not begin with either line. */
export function splitHandshakeText(text: string): HandshakeText | undefined {
  const plain = /^[><] (?:[A-Z]{3,7} |HTTP\/)/m.test(text) ? readCurlOutput(text) : text.replace(/^\s+/, "");
  const normal = plain.replaceAll("\r\n", "\n");
  const request = requestLine.exec(normal);
  const response = responseLine.exec(normal);
  if (request?.index !== 0 && response?.index !== 0) return undefined;
  if (!response || !request)
    return { request: request ? normal : undefined, response: response ? normal : undefined };
  return request.index === 0
    ? { request: normal.slice(0, response.index), response: normal.slice(response.index) }
    : { request: normal.slice(request.index), response: normal.slice(0, request.index) };
}

/** The lines of both sides without their marks; curl's own remarks, and its progress, say nothing. */
function readCurlOutput(text: string): string {
  const lines = text.split(/\r?\n/);
  const side = (mark: string): string[] =>
    lines.filter((line) => line === mark || line.startsWith(`${mark} `)).map((line) => line.slice(2));
  return [...side(">"), ...side("<")].join("\n");
}
