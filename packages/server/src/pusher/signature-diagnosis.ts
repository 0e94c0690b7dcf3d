/**
 * Why a signature does not match. A digest cannot be read backwards, but the mistakes that backends make are few: each is
 * tried, and the one that gives the digest that was sent is named. What comes out is safe to show to anyone: it never
 * holds a secret or an expected digest. Called only after a signature was refused.
 */
import { parseBoundedJson } from "./bounded-json.ts";
import { channelTypeOf } from "./channel-name.ts";
import { hasDigest, type SigningApp, secretsOf } from "./digest.ts";
import type { ChannelAuth, SigninAuth } from "./signature.ts";
import { channelSigningText, signinSigningText } from "./signing-text.ts";

/** What went wrong: a stable name, and the rest of the sentence "the signature does not match: …". */
export interface Diagnosis {
  readonly cause: string;
  readonly reason: string;
}

/** A mistake and the text that would have been signed by it. */
export interface Suspect extends Diagnosis {
  readonly text: string;
}

/** Said instead of a diagnosis where one would cost too much. */
export const undiagnosed: Diagnosis = {
  cause: "not-examined",
  reason: "it is not the HMAC-SHA256 of what the server signed",
};

const unknownCause: Diagnosis = {
  cause: "secret-or-text",
  reason: "no known mistake explains it, so the secret differs, or another text was signed",
};

/** The first suspect whose text gives the digest; else whether the app key was used as secret; else an honest guess. */
export function diagnoseDigest(
  app: SigningApp,
  hex: string,
  signedTexts: readonly string[],
  suspects: readonly Suspect[],
): Diagnosis {
  for (const text of signedTexts) {
    if (hasDigest(app.key, text, hex)) {
      return { cause: "key-used-as-secret", reason: "it was made with the app key instead of the secret" };
    }
  }
  for (const secret of secretsOf(app)) {
    for (const { cause, reason, text } of suspects) {
      if (hasDigest(secret, text, hex)) return { cause, reason };
    }
  }
  return unknownCause;
}

/** Names the mistake behind a channel signature that was refused. */
export function diagnoseChannelSignature(app: SigningApp, request: ChannelAuth, hex: string): Diagnosis {
  const { socketId, channel, channelData } = request;
  const sign = (id: string, name: string): string => channelSigningText(id, name, channelData);
  const suspects: Suspect[] = [];
  if (channelData === undefined) {
    if (request.presence) suspects.push(...suspectsOfMissingData(socketId, channel));
  } else {
    suspects.push({
      cause: "channel-data-not-signed",
      reason: "the backend signed socket id and channel, but not the channel_data",
      text: channelSigningText(socketId, channel),
    });
    for (const spelling of otherSpellings("channel_data", channelData)) {
      suspects.push({ ...spelling, text: channelSigningText(socketId, channel, spelling.text) });
    }
    suspects.push({
      cause: "signed-as-signin",
      reason: "the backend signed it as a signin, not as a subscription",
      text: signinSigningText(socketId, channelData),
    });
  }
  for (const id of ["", "undefined", "null", "None"]) {
    suspects.push({
      cause: "socket-id-missing",
      reason:
        id === "" ? "the backend signed an empty socket id" : `the backend signed the socket id "${id}"`,
      text: sign(id, channel),
    });
  }
  const bareName = withoutPrefix(channel);
  if (bareName !== channel) {
    suspects.push({
      cause: "channel-prefix-missing",
      reason: `the backend signed the channel "${bareName}", without its prefix`,
      text: sign(socketId, bareName),
    });
  }
  const encodedName = encodeURIComponent(channel);
  if (encodedName !== channel) {
    suspects.push({
      cause: "channel-encoded",
      reason: `the backend signed the URL-encoded channel "${encodedName}"`,
      text: sign(socketId, encodedName),
    });
  }
  suspects.push(
    {
      cause: "parts-swapped",
      reason: "the backend signed the channel before the socket id",
      text: sign(channel, socketId),
    },
    {
      cause: "line-break",
      reason: "the backend signed a line break at the end",
      text: `${sign(socketId, channel)}\n`,
    },
  );
  return diagnoseDigest(app, hex, [sign(socketId, channel)], suspects);
}

/** Names the mistake behind a signin signature that was refused. */
export function diagnoseSigninSignature(app: SigningApp, request: SigninAuth, hex: string): Diagnosis {
  const { socketId, userData } = request;
  const suspects: Suspect[] = [
    ...otherSpellings("user_data", userData).map((spelling) => ({
      ...spelling,
      text: signinSigningText(socketId, spelling.text),
    })),
    {
      cause: "colons",
      reason: "the backend signed single colons instead of ::user::",
      text: `${socketId}:user:${userData}`,
    },
    {
      cause: "colons",
      reason: "the backend left ::user:: out of what it signed",
      text: `${socketId}:${userData}`,
    },
    ...["", "undefined", "null", "None"].map((id) => ({
      cause: "socket-id-missing",
      reason:
        id === "" ? "the backend signed an empty socket id" : `the backend signed the socket id "${id}"`,
      text: signinSigningText(id, userData),
    })),
    {
      cause: "line-break",
      reason: "the backend signed a line break at the end",
      text: `${signinSigningText(socketId, userData)}\n`,
    },
  ];
  return diagnoseDigest(app, hex, [signinSigningText(socketId, userData)], suspects);
}

function suspectsOfMissingData(socketId: string, channel: string): readonly Suspect[] {
  const reason = "the backend signed empty channel_data, and none was sent";
  return [
    { cause: "channel-data-missing", reason, text: `${socketId}:${channel}:` },
    { cause: "channel-data-missing", reason, text: `${socketId}:${channel}:null` },
  ];
}

/** Texts that mean the same as `json` or wrap it: what a backend may have signed instead of what the client sent. */
function otherSpellings(field: string, json: string): readonly Suspect[] {
  const spellings: Suspect[] = [
    {
      cause: "encoded-twice",
      reason: `the backend signed the ${field} JSON-encoded once more than it was sent`,
      text: JSON.stringify(json),
    },
  ];
  const parsed = parseBoundedJson(json);
  if (!parsed.ok) return spellings;
  if (typeof parsed.value === "string") {
    spellings.push({
      cause: "encoded-twice",
      reason: `the ${field} arrived JSON-encoded twice, and the backend signed the text inside`,
      text: parsed.value,
    });
  }
  const compact = JSON.stringify(parsed.value);
  const reason = `the backend signed the same ${field} in another spelling (white space or escapes)`;
  for (const text of new Set([compact, compact.replaceAll("/", "\\/")])) {
    if (text !== json) spellings.push({ cause: "reserialised", reason, text });
  }
  return spellings;
}

function withoutPrefix(channel: string): string {
  const { kind } = channelTypeOf(channel);
  return kind === "public" ? channel : channel.slice(kind.length + 1);
}
