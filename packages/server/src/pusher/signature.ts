/**
 * The signatures with which an app's backend authorises its clients: checks an `auth` field (`KEY:HEX`) against what
 * should have been signed, and says why it does not match. Pure; called by the subscribe and signin rules.
 */
import { describeDigest, isHexDigest, matchesDigest, type SigningApp } from "./digest.ts";
import { excerpt } from "./excerpt.ts";
import {
  diagnoseChannelSignature,
  diagnoseSigninSignature,
  type Diagnosis,
  undiagnosed,
} from "./signature-diagnosis.ts";
import { channelSigningText, signinSigningText } from "./signing-text.ts";

/** Longest `auth` that is looked at, in characters: a key, a colon, 64 digits and much room. */
export const maxAuthLength = 300;

/** Why an `auth` field was refused. */
export type AuthProblem =
  | { readonly kind: "missing" }
  | { readonly kind: "malformed"; readonly problem: string }
  | { readonly kind: "key-mismatch"; readonly key: string }
  | ({ readonly kind: "signature-mismatch"; readonly signedText: string } & Diagnosis);

/** Everything a channel signature depends on. */
export interface ChannelAuth {
  /** As the client sent it; anything but a non-empty string counts as missing. */
  readonly auth: unknown;
  readonly socketId: string;
  readonly channel: string;
  /** Whether it is a presence channel, whose data must be part of the signed text. */
  readonly presence: boolean;
  /** The raw JSON text; absent if the client sent none. */
  readonly channelData?: string;
}

/** Everything a signin signature depends on. */
export interface SigninAuth {
  /** As the client sent it; anything but a non-empty string counts as missing. */
  readonly auth: unknown;
  readonly socketId: string;
  /** The raw JSON text. */
  readonly userData: string;
}

/**
 * Checks the signature of a subscription. Answers `undefined` when it is good. If `mayDiagnose` says yes, a mismatch is compared
 * with the mistakes that backends are known to make, at the cost of some dozen digests.
 *
 * Without presence, channel data may be signed or not: pusher-js' own auth server signs it, most others do not.
 */
export function findChannelAuthProblem(
  app: SigningApp,
  request: ChannelAuth,
  mayDiagnose: () => boolean,
): AuthProblem | undefined {
  const { socketId, channel, channelData } = request;
  const signedText = channelSigningText(socketId, channel, channelData);
  const optionalText =
    channelData !== undefined && !request.presence ? [channelSigningText(socketId, channel)] : [];
  return findAuthProblem(app, request.auth, [signedText, ...optionalText], (hex) =>
    mayDiagnose() ? diagnoseChannelSignature(app, request, hex) : undiagnosed,
  );
}

/** Checks the signature of a signin, as {@link findChannelAuthProblem} does for a subscription. */
export function findSigninAuthProblem(
  app: SigningApp,
  request: SigninAuth,
  mayDiagnose: () => boolean,
): AuthProblem | undefined {
  const signedText = signinSigningText(request.socketId, request.userData);
  return findAuthProblem(app, request.auth, [signedText], (hex) =>
    mayDiagnose() ? diagnoseSigninSignature(app, request, hex) : undiagnosed,
  );
}

function findAuthProblem(
  app: SigningApp,
  auth: unknown,
  texts: readonly [string, ...string[]],
  diagnose: (hex: string) => Diagnosis,
): AuthProblem | undefined {
  if (typeof auth !== "string" || auth === "") return { kind: "missing" };
  if (auth.length > maxAuthLength) {
    return { kind: "malformed", problem: `auth has ${auth.length} characters; ${maxAuthLength} are allowed` };
  }
  const colon = auth.indexOf(":");
  if (colon < 0) {
    const problem = isHexDigest(auth)
      ? "auth holds only the signature; the app key and a colon must stand before it"
      : "auth has no colon between key and signature";
    return { kind: "malformed", problem };
  }
  const key = auth.slice(0, colon);
  if (key !== app.key) return { kind: "key-mismatch", key: excerpt(key) };
  const hex = auth.slice(colon + 1);
  if (!isHexDigest(hex)) {
    const problem = `the signature has ${hex.length} characters and ${describeDigest(hex)}; 64 hex digits are needed`;
    return { kind: "malformed", problem };
  }
  if (matchesDigest(app, texts, hex)) return undefined;
  const { cause, reason } = diagnose(hex);
  return { kind: "signature-mismatch", signedText: texts[0], cause, reason };
}
