/**
 * One attempt to deliver: a POST that follows no redirect, waits only so long, and throws the answer's body away. Shared
 * by all webhooks of the server, whose connections it bounds and reuses.
 */
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type RequestOptions,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import type { Failure } from "@antiphon/websocket";
import { webhookFailures } from "../failures/webhook-failures.ts";
import type { Scheduler } from "../pusher/scheduler.ts";
import { isPrivateAddress, lookupPublicAddress, PrivateAddressError } from "./private-address.ts";

export interface WebhookRequest {
  readonly url: URL;
  /** Sent in exactly this spelling: some receivers look for it. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came of an attempt. A failure with the retry advice `after-change` will not go away by trying again. */
export type SendResult =
  | { readonly ok: true; readonly status: number }
  | { readonly ok: false; readonly failure: Failure; readonly status?: number };

/** Never rejects. */
export interface WebhookSender {
  send(request: WebhookRequest): Promise<SendResult>;
}

export interface SenderSettings {
  /** For one attempt, from the connection on: time in line for a socket does not count. */
  readonly timeoutMs: number;
  readonly maxConcurrentRequests: number;
  readonly denyPrivateAddresses: boolean;
}

/** Of an answer nobody reads; a larger one costs its connection. */
const maxDiscardedBytes = 65_536;

/** The target as it may be logged: without credentials and query. */
export function describeTarget(url: URL): string {
  return url.origin + url.pathname;
}

export class HttpWebhookSender implements WebhookSender {
  readonly #settings: SenderSettings;
  readonly #scheduler: Scheduler;
  readonly #httpAgent: HttpAgent;
  readonly #httpsAgent: HttpsAgent;
  readonly #requests = new Set<ClientRequest>();

  constructor(settings: SenderSettings, scheduler: Scheduler) {
    this.#settings = settings;
    this.#scheduler = scheduler;
    const pool = { keepAlive: true, maxTotalSockets: settings.maxConcurrentRequests };
    this.#httpAgent = new HttpAgent(pool);
    this.#httpsAgent = new HttpsAgent(pool);
  }

  send(request: WebhookRequest): Promise<SendResult> {
    const { url, body } = request;
    const target = describeTarget(url);
    const literal = url.hostname.replace(/^\[|\]$/g, "");
    if (this.#settings.denyPrivateAddresses && isIP(literal) !== 0 && isPrivateAddress(literal)) {
      return Promise.resolve(deny(target, literal));
    }
    return new Promise((resolve) => {
      const outgoing = this.#open(request);
      let cancelTimer: (() => void) | undefined;
      let timedOut = false;
      this.#requests.add(outgoing);
      outgoing.on("socket", () => {
        cancelTimer = this.#scheduler.schedule(this.#settings.timeoutMs, () => {
          timedOut = true;
          outgoing.destroy();
        });
      });
      outgoing.on("response", (response) => {
        resolve(judgeStatus(target, response.statusCode ?? 0));
        let discarded = 0;
        response.on("data", (chunk: Buffer) => {
          discarded += chunk.length;
          if (discarded > maxDiscardedBytes) outgoing.destroy();
        });
        // The answer is in; what happens to the rest of it does not matter.
        response.on("error", () => {});
      });
      outgoing.on("error", (error) => {
        const { timeoutMs } = this.#settings;
        if (timedOut)
          resolve({ ok: false, failure: webhookFailures.create("webhook-timeout", { target, timeoutMs }) });
        else resolve(judgeError(target, error));
      });
      outgoing.on("close", () => {
        cancelTimer?.();
        this.#requests.delete(outgoing);
        // Destroyed before it got a socket or an answer: every other end was told above.
        resolve(judgeError(target, new Error("closed")));
      });
      outgoing.end(body);
    });
  }

  /** Breaks off what is under way and closes idle connections. */
  close(): void {
    for (const request of this.#requests) request.destroy();
    this.#httpAgent.destroy();
    this.#httpsAgent.destroy();
  }

  #open({ url, headers, body }: WebhookRequest): ClientRequest {
    const options: RequestOptions = {
      method: "POST",
      headers: { ...headers, "Content-Length": String(Buffer.byteLength(body)) },
      ...(this.#settings.denyPrivateAddresses ? { lookup: lookupPublicAddress } : {}),
    };
    return url.protocol === "https:"
      ? httpsRequest(url, { ...options, agent: this.#httpsAgent })
      : httpRequest(url, { ...options, agent: this.#httpAgent });
  }
}

function judgeStatus(target: string, status: number): SendResult {
  if (status >= 200 && status < 300) return { ok: true, status };
  const name = status >= 300 && status < 400 ? "webhook-redirected" : "webhook-refused";
  return { ok: false, status, failure: webhookFailures.create(name, { target, status }) };
}

function judgeError(target: string, error: Error): SendResult {
  if (error instanceof PrivateAddressError) return deny(target, error.address);
  const code = (error as NodeJS.ErrnoException).code ?? error.message;
  return { ok: false, failure: webhookFailures.create("webhook-connection-failed", { target, code }) };
}

function deny(target: string, address: string): SendResult {
  return { ok: false, failure: webhookFailures.create("webhook-address-denied", { target, address }) };
}
