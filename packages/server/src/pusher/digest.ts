/**
 * HMAC-SHA256 with an app's secrets: making digests, comparing them in constant time, and saying what a text that should
 * be one looks like. Pure computation under every signature of the protocol.
 */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import type { App } from "../apps/app.ts";

/** The part of an app that makes and checks signatures. */
export type SigningApp = Pick<App, "key" | "secret" | "previousSecret">;

const hexDigest = /^[0-9a-f]{64}$/i;

/** Whether a text has the form of a SHA-256 digest: 64 hex digits of any case. */
export function isHexDigest(text: string): boolean {
  return hexDigest.test(text);
}

/** HMAC-SHA256 over the UTF-8 bytes of the text, in lower-case hex. */
export function signText(secret: string, text: string): string {
  return createHmac("sha256", secret).update(text).digest("hex");
}

/** Whether this secret and text make the digest given in hex. Takes the same time for every wrong digest. */
export function hasDigest(secret: string | KeyObject, text: string, hex: string): boolean {
  const given = Buffer.from(hex, "hex");
  const expected = createHmac("sha256", secret).update(text).digest();
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Whether one of the app's secrets makes this digest from one of the texts. */
export function matchesDigest(app: SigningApp, texts: readonly string[], hex: string): boolean {
  return keysOf(app).some((key) => texts.some((text) => hasDigest(key, text, hex)));
}

/** Secrets as OpenSSL wants them, so that not every digest has to prepare its own. Apps are replaced, never changed. */
const keys = new WeakMap<SigningApp, readonly KeyObject[]>();

function keysOf(app: SigningApp): readonly KeyObject[] {
  let known = keys.get(app);
  if (known === undefined) {
    known = secretsOf(app).map((secret) => createSecretKey(secret, "utf8"));
    keys.set(app, known);
  }
  return known;
}

/** The secrets that are accepted now: the current one, and while it is rotated the one before. */
export function secretsOf(app: SigningApp): readonly string[] {
  return app.previousSecret === undefined ? [app.secret] : [app.secret, app.previousSecret];
}

/** What a text that should be a SHA-256 digest in hex looks like instead; continues a sentence about it. */
export function describeDigest(text: string): string {
  if (/^[0-9a-f]*$/i.test(text)) {
    if (text.length === 32) return "looks like an MD5";
    if (text.length === 40) return "looks like a SHA-1";
    if (text.length === 128) return "looks like a SHA-512";
    return text.length < 64 ? "is cut off" : "is too long";
  }
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return "looks like base64";
  return "is not hex";
}
