/** Signs a request to the HTTP API as every Pusher server library does: what to ask in, the target with its signature out. */
import { createHash } from "node:crypto";
import { signText } from "../pusher/digest.ts";
import { requestSigningTexts } from "../pusher/request-signing-text.ts";
import type { AppCredentials } from "./pusher-target.ts";

export interface ApiRequest {
  readonly method: "GET" | "POST";
  /** From the server's root, without a prefix that a proxy removes: `/apps/ID/events`. */
  readonly path: string;
  /** Empty for none. */
  readonly body: string;
}

/** Path and query. `nowMs` is the time of day. */
export function signRequest(request: ApiRequest, app: AppCredentials, nowMs: number): string {
  const { method, path, body } = request;
  const bodyDigest = body === "" ? "" : `&body_md5=${createHash("md5").update(body).digest("hex")}`;
  const timestamp = Math.floor(nowMs / 1000);
  const query = `auth_key=${encodeURIComponent(app.key)}&auth_timestamp=${timestamp}&auth_version=1.0${bodyDigest}`;
  const target = `${path}?${query}`;
  const [text = ""] = requestSigningTexts(method, target);
  return `${target}&auth_signature=${signText(app.secret, text)}`;
}
