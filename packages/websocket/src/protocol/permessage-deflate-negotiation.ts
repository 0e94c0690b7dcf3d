/**
 * The negotiation of permessage-deflate (RFC 7692 §5, §7.1), both roles: a server takes the first acceptable offer and
 * answers it, a client makes one offer and judges the answer. What both then do with messages is `permessage-deflate.ts`.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import type { ExtensionOffer, ExtensionParameter, Parsed } from "./header-syntax.ts";
import type { NegotiatedDeflate } from "./permessage-deflate.ts";

export const deflateExtensionName = "permessage-deflate";

/** The wishes of one side. On a client all four are what it offers. */
export interface DeflateOptions {
  /** The server forgets its window after each message: less memory, and messages that can be shared. */
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  /** 8–15; the most that the server may use to compress. */
  readonly serverMaxWindowBits: number;
  /** 8–15; the most that the client may use to compress. */
  readonly clientMaxWindowBits: number;
  /** Server: declines a client that cannot be told to use a smaller window, instead of inflating with 15 bits. */
  readonly requireClientWindowBits?: boolean;
  /**
   * Server: says that the compressor never reaches back further than 256 bytes when asked for 8 bits. zlib cannot run raw
   * DEFLATE at 8 and uses 9, so by default an offer that demands 8 is declined.
   */
  readonly deflatesWithin8Bits?: boolean;
}

/** The parameters of one offer or answer; a window without a value is `true`. */
interface DeflateParameters {
  serverNoContextTakeover: boolean;
  clientNoContextTakeover: boolean;
  serverMaxWindowBits: number | undefined;
  clientMaxWindowBits: number | true | undefined;
}

export type AcceptedDeflate =
  | { readonly parameters: NegotiatedDeflate; readonly response: string }
  | { readonly declined: Failure };

/**
 * Server: answers the offers of a client, left to right (RFC 7692 §5). Undefined if permessage-deflate was not offered;
 * `declined` is an information for the log, the handshake goes on without compression.
 */
export function acceptDeflateOffers(
  offers: readonly ExtensionOffer[],
  options: DeflateOptions,
): AcceptedDeflate | undefined {
  const deflateOffers = offers.filter((offer) => offer.name === deflateExtensionName);
  let reason: string | undefined;
  for (const offer of deflateOffers) {
    const accepted = acceptOffer(offer, options);
    if (accepted.ok) return accepted.value;
    reason ??= accepted.problem;
  }
  if (reason === undefined) return undefined;
  const evidence = { offers: deflateOffers.length, reason };
  return { declined: engineFailures.create("deflate-offer-declined", evidence) };
}

function acceptOffer(
  offer: ExtensionOffer,
  options: DeflateOptions,
): Parsed<{ parameters: NegotiatedDeflate; response: string }> {
  const read = readParameters(offer.parameters);
  if (!read.ok) return read;
  const wanted = read.value;
  const serverMaxWindowBits = Math.min(wanted.serverMaxWindowBits ?? 15, options.serverMaxWindowBits);
  if (serverMaxWindowBits === 8 && options.deflatesWithin8Bits !== true) {
    return { ok: false, problem: "the server cannot compress with a window of 8 bits" };
  }
  const clientLimit = wanted.clientMaxWindowBits === true ? 15 : wanted.clientMaxWindowBits;
  if (
    clientLimit === undefined &&
    options.clientMaxWindowBits < 15 &&
    options.requireClientWindowBits === true
  ) {
    return {
      ok: false,
      problem: "the client does not understand client_max_window_bits, which the server requires",
    };
  }
  const parameters: NegotiatedDeflate = {
    serverNoContextTakeover: wanted.serverNoContextTakeover || options.serverNoContextTakeover,
    clientNoContextTakeover: wanted.clientNoContextTakeover || options.clientNoContextTakeover,
    serverMaxWindowBits,
    // A client that did not name the parameter must not be sent it (RFC 7692 §7.1.2.2), so it may use all 15 bits.
    clientMaxWindowBits: clientLimit === undefined ? 15 : Math.min(clientLimit, options.clientMaxWindowBits),
  };
  const response = formatExtension(parameters, {
    // An offered server window must be answered even where it limits nothing (RFC 7692 §7.1.2.1).
    server: wanted.serverMaxWindowBits !== undefined || serverMaxWindowBits < 15,
    client: parameters.clientMaxWindowBits < 15,
  });
  return { ok: true, value: { parameters, response } };
}

/** What a client offers. */
export interface DeflateOffer extends DeflateOptions {
  /** Whether the server may limit the client's window; default true. */
  readonly offerClientWindowBits?: boolean;
}

/** Client: formats the offer, one member of Sec-WebSocket-Extensions. */
export function formatDeflateOffer(offer: DeflateOffer): string {
  const text = formatExtension(offer, { server: offer.serverMaxWindowBits < 15, client: false });
  if (offer.offerClientWindowBits === false) return text;
  return `${text}; client_max_window_bits${offer.clientMaxWindowBits < 15 ? `=${offer.clientMaxWindowBits}` : ""}`;
}

export type DeflateResponseVerdict =
  | { readonly ok: true; readonly parameters: NegotiatedDeflate }
  | { readonly ok: false; readonly failure: Failure };

/**
 * Client: judges the server's answer to `offer` (RFC 7692 §7.1). A server may limit the client to a window of 8 bits;
 * a client whose compressor cannot keep to that has to send uncompressed messages, which are always legal.
 */
export function judgeDeflateResponse(answer: ExtensionOffer, offer: DeflateOffer): DeflateResponseVerdict {
  const read = readParameters(answer.parameters);
  if (!read.ok) return invalid(read.problem);
  const {
    serverNoContextTakeover,
    clientNoContextTakeover,
    serverMaxWindowBits = 15,
    clientMaxWindowBits,
  } = read.value;
  if (clientMaxWindowBits === true) return invalid("client_max_window_bits has no value");
  if (serverMaxWindowBits > offer.serverMaxWindowBits) {
    return tooLarge("server_max_window_bits", offer.serverMaxWindowBits, serverMaxWindowBits);
  }
  if (clientMaxWindowBits !== undefined) {
    if (offer.offerClientWindowBits === false) {
      const evidence = { answered: clientMaxWindowBits };
      return {
        ok: false,
        failure: engineFailures.create("response-deflate-client-window-unrequested", evidence),
      };
    }
    if (clientMaxWindowBits > offer.clientMaxWindowBits) {
      return tooLarge("client_max_window_bits", offer.clientMaxWindowBits, clientMaxWindowBits);
    }
  }
  if (offer.serverNoContextTakeover && !serverNoContextTakeover) {
    return { ok: false, failure: engineFailures.create("response-deflate-takeover-ignored") };
  }
  const parameters: NegotiatedDeflate = {
    serverNoContextTakeover,
    // The client may always do more than it was asked to: it offered to reset its window.
    clientNoContextTakeover: clientNoContextTakeover || offer.clientNoContextTakeover,
    serverMaxWindowBits,
    clientMaxWindowBits: clientMaxWindowBits ?? offer.clientMaxWindowBits,
  };
  return { ok: true, parameters };
}

function invalid(problem: string): DeflateResponseVerdict {
  return { ok: false, failure: engineFailures.create("response-deflate-parameter-invalid", { problem }) };
}

function tooLarge(parameter: string, offered: number, answered: number): DeflateResponseVerdict {
  const evidence = { parameter, offered, answered };
  return {
    ok: false,
    failure: engineFailures.create("response-deflate-window-larger-than-offered", evidence),
  };
}

function readParameters(parameters: readonly ExtensionParameter[]): Parsed<DeflateParameters> {
  const read: DeflateParameters = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: undefined,
    clientMaxWindowBits: undefined,
  };
  const seen = new Set<string>();
  for (const { name, value } of parameters) {
    if (seen.has(name)) return { ok: false, problem: `${name} is repeated` };
    seen.add(name);
    const bits = readWindowBits(value);
    switch (name) {
      case "server_no_context_takeover":
      case "client_no_context_takeover":
        if (value !== undefined) return { ok: false, problem: `${name} has a value` };
        if (name === "server_no_context_takeover") read.serverNoContextTakeover = true;
        else read.clientNoContextTakeover = true;
        break;
      case "server_max_window_bits":
        if (bits === undefined) return { ok: false, problem: `${name} is not a number from 8 to 15` };
        read.serverMaxWindowBits = bits;
        break;
      case "client_max_window_bits":
        if (bits === undefined && value !== undefined) {
          return { ok: false, problem: `${name} is not a number from 8 to 15` };
        }
        read.clientMaxWindowBits = bits ?? true;
        break;
      default:
        return { ok: false, problem: "a parameter is unknown" };
    }
  }
  return { ok: true, value: read };
}

function readWindowBits(value: string | undefined): number | undefined {
  return value !== undefined && /^(?:[89]|1[0-5])$/.test(value) ? Number(value) : undefined;
}

function formatExtension(
  parameters: NegotiatedDeflate,
  windows: { readonly server: boolean; readonly client: boolean },
): string {
  let text = deflateExtensionName;
  if (parameters.serverNoContextTakeover) text += "; server_no_context_takeover";
  if (parameters.clientNoContextTakeover) text += "; client_no_context_takeover";
  if (windows.server) text += `; server_max_window_bits=${parameters.serverMaxWindowBits}`;
  if (windows.client) text += `; client_max_window_bits=${parameters.clientMaxWindowBits}`;
  return text;
}
