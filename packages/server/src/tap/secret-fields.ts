/**
 * Takes credentials out of what the tap shows: queries, headers, subprotocols and JSON payloads go in as they were on the
 * wire, and come out with `***` where a secret was. What travels is never touched.
 */

const hidden = "***";

/** Parts of names whose values are credentials; `auth` but not `author`. */
const secretName =
  /token|secret|passw|pwd|signature|auth(?!or)|jwt|session|credential|cookie|api[-_]?key|access[-_]?key|private[-_]?key|ticket/i;

/** Whether the value of something with this name is to be hidden. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** A request target with the values of secret query parameters hidden. */
export function redactTarget(target: string): string {
  const start = target.indexOf("?");
  if (start < 0) return target;
  const query = target
    .slice(start + 1)
    .split("&")
    .map((pair) => {
      const equals = pair.indexOf("=");
      const name = equals < 0 ? pair : pair.slice(0, equals);
      return equals >= 0 && isSecretName(name) ? `${name}=${hidden}` : pair;
    });
  return `${target.slice(0, start + 1)}${query.join("&")}`;
}

/** A header's value as it may be shown; the name in any letter case. */
export function redactHeader(name: string, value: string): string {
  switch (name.toLowerCase()) {
    case "authorization":
    case "proxy-authorization":
      return redactCredentials(value);
    case "cookie":
      return value
        .split(";")
        .map((cookie) => ` ${redactPair(cookie.trim())}`)
        .join(";")
        .trim();
    case "set-cookie": {
      const [cookie = "", ...attributes] = value.split(";");
      return [redactPair(cookie.trim()), ...attributes].join(";");
    }
    case "location":
    case "referer":
      return redactTarget(value).replace(/^([a-z]+:)?\/\/[^/@]*@/i, `$1//${hidden}@`);
    case "sec-websocket-protocol":
      return redactSubprotocols(value);
    // The challenge names a scheme and a realm, and `Sec-WebSocket-Key` is a nonce.
    case "www-authenticate":
    case "proxy-authenticate":
      return value;
  }
  return isSecretName(name) ? hidden : value;
}

/** The scheme may be shown, as in `Bearer ***`. */
function redactCredentials(value: string): string {
  const scheme = /^[A-Za-z][\w-]*(?= )/.exec(value)?.[0];
  return scheme === undefined ? hidden : `${scheme} ${hidden}`;
}

function redactPair(pair: string): string {
  const equals = pair.indexOf("=");
  return equals < 0 ? hidden : `${pair.slice(0, equals)}=${hidden}`;
}

/** Browsers cannot set headers, so tokens travel as subprotocols: what is long or three-part is taken for one. */
function redactSubprotocols(value: string): string {
  return value
    .split(",")
    .map((member) => member.trim())
    .map((member, index, members) => {
      const isLong = member.length > 24 || member.split(".").length > 4;
      const isJwt = member.startsWith("eyJ");
      return isLong || isJwt || (index > 0 && isSecretLabel(members[index - 1]!)) ? hidden : member;
    })
    .join(", ");
}

function isSecretLabel(member: string): boolean {
  return /^(?:bearer|basic)$/i.test(member) || isSecretName(member);
}

/** `"name": "value"`, and the same inside a JSON string, where every quote has backslashes before it. */
const plainField = /"([^"\\]{1,64})"(\s*:\s*)"(?:\\.|[^"\\])*(?:"|\\?$)/gs;
const nestedField = /(\\+")([^"\\]{1,64})\1(\s*:\s*)\1(?:(?!\1).)*(?:\1|$)/gs;

/** A payload's text with the string values of secret fields hidden, also where the text was cut inside one. */
export function redactText(text: string): string {
  if (!secretName.test(text)) return text;
  return text
    .replace(plainField, (field, name: string, colon: string) =>
      isSecretName(name) ? `"${name}"${colon}"${hidden}"` : field,
    )
    .replace(nestedField, (field, quote: string, name: string, colon: string) =>
      isSecretName(name) ? `${quote}${name}${quote}${colon}${quote}${hidden}${quote}` : field,
    );
}
