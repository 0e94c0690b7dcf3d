/** One request to the HTTP API over a connection of its own: signed request in, status, headers and body out. */
import { type Agent, request as requestPlain, type IncomingHttpHeaders } from "node:http";
import { request as requestSecure } from "node:https";
import type { Failure } from "@antiphon/websocket";
import { doctorFailures } from "../failures/doctor-failures.ts";

/** How the API is reached. */
export interface ApiAccess {
  readonly apiUrl: string;
  readonly timeoutMs: number;
  /** Accepts any certificate. */
  readonly insecure?: boolean;
  /** Keeps connections for several requests. Default: one for each. */
  readonly agent?: Agent;
  /** Trusted beside the system's authorities, in PEM. */
  readonly ca?: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly ms: number;
}

export type ApiResult =
  | { readonly ok: true; readonly answer: ApiAnswer }
  | { readonly ok: false; readonly failure: Failure };

const maxBodyBytes = 65_536;

/** Never rejects: what keeps an answer from coming is `api-request-failed`. */
export function askApi(access: ApiAccess, method: string, target: string, body: string): Promise<ApiResult> {
  const { apiUrl, timeoutMs, insecure = false, ca, agent = false } = access;
  const startedAt = performance.now();
  const open = apiUrl.startsWith("https:") ? requestSecure : requestPlain;
  return new Promise((resolve) => {
    const refuse = (problem: string): void =>
      resolve({ ok: false, failure: doctorFailures.create("api-request-failed", { url: apiUrl, problem }) });
    const request = open(`${apiUrl}${target}`, {
      method,
      agent,
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
      rejectUnauthorized: !insecure,
      signal: AbortSignal.timeout(timeoutMs),
      ...(ca !== undefined && { ca }),
    });
    request.on("error", (error: NodeJS.ErrnoException) => {
      refuse(error.name === "AbortError" ? `no answer within ${timeoutMs} ms` : (error.code ?? error.name));
    });
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxBodyBytes) response.destroy(new Error("too large"));
        else chunks.push(chunk);
      });
      response.on("error", () => refuse("its answer ended early or is too large"));
      response.on("end", () => {
        const { statusCode = 0, headers } = response;
        const text = Buffer.concat(chunks).toString("utf8");
        const ms = performance.now() - startedAt;
        resolve({ ok: true, answer: { status: statusCode, headers, body: text, ms } });
      });
    });
    request.end(body);
  });
}
