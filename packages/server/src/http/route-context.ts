/** What every route file is given, and what a request carries once it has been authenticated. */
import type { FastifyRequest } from "fastify";
import type { App } from "../apps/app.ts";
import { joinParameters, parseQuery, splitTarget } from "../pusher/request-signing-text.ts";
import type { ApiRates } from "./api-rates.ts";
import type { HttpApiOptions } from "./http-api-options.ts";
import type { Refuse } from "./refusal.ts";
import { emptyBody, type ReadBody } from "./request-body.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The app that the request is for; `null` until it was found. */
    caller: App | null;
  }
}

export interface RouteContext extends HttpApiOptions {
  readonly rates: ApiRates;
  readonly refuse: Refuse;
}

/** The app of an authenticated request. Throws on routes that are not signed. */
export function callerOf(request: FastifyRequest): App {
  if (request.caller === null) throw new Error(`${request.routeOptions.url} is not behind authentication`);
  return request.caller;
}

/** What the body parser has read. Fastify does not parse bodies of GET requests, nor missing ones. */
export function bodyOf(request: FastifyRequest): ReadBody {
  // The only body parser that is registered answers a ReadBody.
  return (request.body as ReadBody | undefined) ?? emptyBody;
}

/** A value of the path, percent-decoded once by the router. */
export function pathValue(request: FastifyRequest, name: string): string {
  // The router makes an object of strings, one for each name in the route's pattern.
  const value = (request.params as Readonly<Record<string, string>>)[name];
  if (value === undefined) throw new Error(`${request.routeOptions.url} has no ${name}`);
  return value;
}

/** A value of the query; several ones, in any of the forms that PHP and Ruby use for arrays, are joined by commas. */
export function queryValue(request: FastifyRequest, name: string): string | undefined {
  const values = parseQuery(splitTarget(request.raw.url ?? "").query).filter(
    (parameter) => parameter.name === name || parameter.name.replace(/\[\d*\]$/, "") === name,
  );
  return values.length === 0 ? undefined : joinParameters(values);
}
