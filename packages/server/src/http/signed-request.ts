/**
 * Authentication of API requests, before anything of them is believed: state of the server, app, body, signature, whether
 * the app is enabled, read rate; in this order, which decides what a stranger can learn. A Fastify hook of every signed
 * route.
 */
import { FailureError } from "@antiphon/websocket";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { App } from "../apps/app.ts";
import type { AppStore } from "../apps/app-store.ts";
import { httpFailures } from "../failures/http-failures.ts";
import { excerpt } from "../pusher/excerpt.ts";
import { verifyRequestSignature } from "../pusher/request-signature.ts";
import { bodyOf, queryValue, type RouteContext } from "./route-context.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Wrong signatures that are examined in a second: who knows an app's key could otherwise keep the server busy. */
const maxDiagnosesPerSecond = 10;

/** How requests name their app: by something of the request, looked up in the store. */
export interface AppFinder {
  /** What names the app, for the refusal. */
  readonly by: "id" | "key";
  readonly read: (request: FastifyRequest) => string;
  readonly find: (apps: AppStore, name: string) => App | undefined | Promise<App | undefined>;
}

/** `/apps/APP_ID/…` */
export const appByPath: AppFinder = {
  by: "id",
  // The routes that use this finder have the parameter in their pattern.
  read: (request) => (request.params as { readonly appId?: string }).appId ?? "",
  find: (apps, id) => apps.findById(id),
};

/** The Python SDK leaves `/apps/APP_ID` out of one route; its `auth_key` says which app it means. */
export const appByKey: AppFinder = {
  by: "key",
  read: (request) => queryValue(request, "auth_key") ?? "",
  find: (apps, key) => apps.findByKey(key),
};

/** Makes the hook. It sets `request.caller` and goes on, or answers. */
export function createAuthentication(context: RouteContext, finder: AppFinder) {
  const diagnoses = new TokenBucket(maxDiagnosesPerSecond, context.now());
  const mayDiagnose = (): boolean => diagnoses.take(1, context.now()) === 0;

  return async function authenticate(request: FastifyRequest, reply: FastifyReply) {
    const status = context.status();
    if (status !== "ready") return context.refuse(reply, httpFailures.create("http-not-ready", { status }));

    const name = finder.read(request);
    const app = await findApp(context.apps, finder, name);
    if (app === undefined) {
      const named = `${finder.by} "${excerpt(name)}"`;
      return context.refuse(reply, httpFailures.create("http-app-unknown", { named }));
    }
    request.caller = app;

    const body = bodyOf(request);
    if (!body.ok) {
      return context.refuse(reply, body.failure, body.mustClose ? { connection: "close" } : {});
    }
    const { method = "", url: target = "" } = request.raw;
    const signed = { method, target, body: body.bytes, pathPrefix: context.pathPrefix };
    const verdict = verifyRequestSignature(signed, app, context.now(), mayDiagnose);
    if (!verdict.ok) return context.refuse(reply, verdict.failure);
    if (!app.enabled) {
      return context.refuse(reply, httpFailures.create("http-app-disabled", { appId: app.id }));
    }
    if (method !== "GET") return undefined;
    const refusal = context.rates.take(app, "maxReadRequestsPerSecond", 1);
    return refusal === undefined ? undefined : context.refuse(reply, refusal.failure, refusal.headers);
  };
}

async function findApp(apps: AppStore, finder: AppFinder, name: string): Promise<App | undefined> {
  try {
    return await finder.find(apps, name);
  } catch (cause) {
    throw new FailureError(httpFailures.create("http-app-store-unavailable"), { cause });
  }
}
