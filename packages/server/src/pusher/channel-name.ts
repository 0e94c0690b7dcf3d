/**
 * Channel names: which are legal, and what a name says about its channel. Names come in from clients, publishers and
 * URLs; the type that comes out rules authorisation, presence, caching and client events.
 */

/** What the prefix of a name promises. */
export interface ChannelType {
  /** `public` where no prefix matches. */
  readonly kind:
    | "public"
    | "cache"
    | "private"
    | "private-cache"
    | "private-encrypted"
    | "private-encrypted-cache"
    | "presence"
    | "presence-cache"
    | "server-to-user";
  /** A subscription needs a signature by the app's backend. */
  readonly signed: boolean;
  /** Members are announced, and a subscription says who joins. */
  readonly presence: boolean;
  /** The last published event is kept for later subscribers. */
  readonly cached: boolean;
  /** Subscribers may send events to each other. */
  readonly clientEvents: boolean;
}

const serverToUserPrefix = "#server-to-user-";

const publicChannel: ChannelType = {
  kind: "public",
  signed: false,
  presence: false,
  cached: false,
  clientEvents: false,
};

const signed = { signed: true, presence: false, cached: false, clientEvents: false } as const;

/** Longest prefix first, so that the first match decides. Encrypted channels take no client events: libraries cannot. */
const typesByPrefix: readonly (readonly [string, ChannelType])[] = [
  ["private-encrypted-cache-", { ...signed, kind: "private-encrypted-cache", cached: true }],
  ["private-encrypted-", { ...signed, kind: "private-encrypted" }],
  [serverToUserPrefix, { ...publicChannel, kind: "server-to-user" }],
  [
    "presence-cache-",
    { ...signed, kind: "presence-cache", presence: true, cached: true, clientEvents: true },
  ],
  ["private-cache-", { ...signed, kind: "private-cache", cached: true, clientEvents: true }],
  ["presence-", { ...signed, kind: "presence", presence: true, clientEvents: true }],
  ["private-", { ...signed, kind: "private", clientEvents: true }],
  ["cache-", { ...publicChannel, kind: "cache", cached: true }],
];

/** The type of a channel, from the longest prefix that matches at the start of its name. */
export function channelTypeOf(name: string): ChannelType {
  for (const [prefix, type] of typesByPrefix) if (name.startsWith(prefix)) return type;
  return publicChannel;
}

/** The user whom a `#server-to-user-` channel addresses; `undefined` for every other name, and for an empty id. */
export function userOfChannel(name: string): string | undefined {
  if (!name.startsWith(serverToUserPrefix)) return undefined;
  return name.slice(serverToUserPrefix.length) || undefined;
}

/** The channel that addresses a user. */
export function channelOfUser(userId: string): string {
  return serverToUserPrefix + userId;
}

/** What is wrong with a channel name. Positions count from 0. */
export type ChannelNameProblem =
  | { readonly kind: "empty" }
  | { readonly kind: "too-long"; readonly length: number; readonly limit: number }
  | { readonly kind: "character"; readonly character: string; readonly position: number };

const illegalCharacter = /[^-a-zA-Z0-9_=@,.;]/u;

/**
 * Checks a name against the grammar: 1 to `maxLength` characters out of `A–Z a–z 0–9 _ - = @ , . ;`. `#` is legal only
 * in `#server-to-user-`, behind which the user id may hold any character. Answers `undefined` for a legal name.
 *
 * The colon stays illegal in every response profile: signatures are made over `socket:channel:data`, so a colon in the
 * channel would let a signature for one channel pass for another channel with data.
 */
export function findChannelNameProblem(name: string, maxLength: number): ChannelNameProblem | undefined {
  if (name === "") return { kind: "empty" };
  if (name.length > maxLength) return { kind: "too-long", length: name.length, limit: maxLength };
  if (userOfChannel(name) !== undefined) return undefined;
  const illegal = illegalCharacter.exec(name);
  return illegal ? { kind: "character", character: illegal[0], position: illegal.index } : undefined;
}
