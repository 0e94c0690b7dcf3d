/** A handshake request without fault, as the hook and the handlers see it. */
import type { IncomingMessage } from "node:http";
import type { ExtensionOffer } from "../protocol/header-syntax.ts";
import type { AcceptableUpgrade } from "../protocol/upgrade-request.ts";
import type { ClientAddress } from "./client-address.ts";
import type { RouteParameters } from "./route-path.ts";
import type { HandshakeRequest } from "./upgrade-decision.ts";

/** What was read of the request, and on demand what has to be asked for. */
export class AcceptedRequest implements HandshakeRequest {
  readonly path: string;
  readonly query: string;
  readonly host: string;
  readonly key: string;
  readonly subprotocols: readonly string[];
  readonly extensionOffers: readonly ExtensionOffer[];
  readonly origin: string | undefined;
  readonly parameters: RouteParameters;
  readonly raw: IncomingMessage;
  readonly #upgrade: AcceptableUpgrade;
  readonly #address: ClientAddress;

  constructor(
    upgrade: AcceptableUpgrade,
    parameters: RouteParameters,
    address: ClientAddress,
    raw: IncomingMessage,
  ) {
    this.path = upgrade.path;
    this.query = upgrade.query;
    this.host = upgrade.host;
    this.key = upgrade.key;
    this.subprotocols = upgrade.subprotocols;
    this.extensionOffers = upgrade.extensionOffers;
    this.origin = upgrade.origin;
    this.#upgrade = upgrade;
    this.parameters = parameters;
    this.raw = raw;
    this.#address = address;
  }

  header(name: string): string | undefined {
    return this.#upgrade.header(name);
  }

  get ip(): string {
    return this.#address.ip;
  }

  get isSecure(): boolean {
    return this.#address.isSecure;
  }
}
