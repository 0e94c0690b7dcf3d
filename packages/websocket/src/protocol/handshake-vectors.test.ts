/** Runs the handshake vectors of `conformance/handshake/`: every request, offer and answer with its exact outcome. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseExtensionList } from "./header-syntax.ts";
import type { UpgradeRequestHead } from "./hop-by-hop.ts";
import { createOriginPolicy } from "./origin.ts";
import { acceptDeflateOffers, type DeflateOptions } from "./permessage-deflate-negotiation.ts";
import { formatFailureRefusal } from "./refusal.ts";
import { ResponseHeadReader } from "./response-head-reader.ts";
import { judgeUpgradeRequest, type UpgradeRules } from "./upgrade-request.ts";
import { judgeUpgradeResponse, type UpgradeExpectations } from "./upgrade-response.ts";

interface VectorFile<Vector> {
  readonly title: string;
  readonly vectors: readonly Vector[];
}

function readVectors<Vector>(name: string): VectorFile<Vector> {
  const url = new URL(`../../../../conformance/handshake/${name}`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")) as VectorFile<Vector>;
}

interface RequestVector {
  readonly id: string;
  readonly spec: string;
  readonly request: readonly string[];
  readonly rules?: Partial<Omit<UpgradeRules, "origins">> & {
    readonly origins?: readonly string[];
    readonly allowMissingOrigin?: boolean;
  };
  readonly expect:
    | { readonly accepted: Record<string, unknown> }
    | { readonly failure: string; readonly status: number; readonly headers?: Record<string, string> };
}

function toHead([requestLine = "", ...lines]: readonly string[]): UpgradeRequestHead {
  const [method = "", target = "", protocol = ""] = requestLine.split(" ");
  const rawHeaders = lines.flatMap((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1)];
  });
  return { method, target, httpVersion: protocol.replace("HTTP/", ""), rawHeaders };
}

const requests = readVectors<RequestVector>("upgrade-requests.json");

describe(requests.title, () => {
  it.each(requests.vectors)("$id ($spec)", ({ request, rules = {}, expect: expected }) => {
    const { origins, allowMissingOrigin = true, ...others } = rules;
    const policy = createOriginPolicy(origins ?? "*", { allowMissingOrigin });
    const verdict = judgeUpgradeRequest(toHead(request), { origins: policy, ...others });
    if ("accepted" in expected) {
      expect(verdict).toMatchObject({ ok: true, request: expected.accepted });
      return;
    }
    if (verdict.ok) expect.unreachable("the request was accepted");
    const { failure } = verdict;
    expect(failure.name).toBe(expected.failure);
    expect(failure.httpStatus).toBe(expected.status);
    const [head = "", body = ""] = formatFailureRefusal(failure).split("\r\n\r\n");
    const [statusLine, ...headers] = head.split("\r\n");
    expect(statusLine).toMatch(new RegExp(`^HTTP/1\\.1 ${expected.status} [A-Z]`));
    const mandatory = { Connection: "close", ...expected.headers };
    expect(headers).toEqual([
      ...Object.entries(sortedLike(headers, mandatory)).map(([name, value]) => `${name}: ${value}`),
      `Content-Length: ${Buffer.byteLength(body)}`,
      "Content-Type: text/plain; charset=utf-8",
      "Cache-Control: no-store",
    ]);
    expect(body.split("\n").slice(0, 2)).toEqual([failure.name, failure.fix]);
    expect(JSON.stringify(failure)).not.toContain("secret");
    expect(JSON.stringify(failure)).not.toContain("dGhlIHNhbXBsZSBub25j");
  });

  it("has an id of its own for every vector", () => {
    const ids = requests.vectors.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
  });
});

/** The expected headers in the order of the answer, which is not part of the vectors. */
function sortedLike(headers: readonly string[], expected: Record<string, string>): Record<string, string> {
  const position = (name: string): number => headers.findIndex((line) => line.startsWith(`${name}: `));
  return Object.fromEntries(Object.entries(expected).sort(([a], [b]) => position(a) - position(b)));
}

interface OfferVector {
  readonly id: string;
  readonly spec: string;
  readonly header: string;
  readonly options?: Partial<DeflateOptions>;
  readonly expect: { readonly failure?: string; readonly response?: string; readonly parameters?: unknown };
}

const offers = readVectors<OfferVector>("deflate-offers.json");

const openToAll: DeflateOptions = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

describe(offers.title, () => {
  it.each(offers.vectors)("$id ($spec)", ({ header, options, expect: expected }) => {
    const parsed = parseExtensionList(header);
    if (!parsed.ok) expect.unreachable(parsed.problem);
    const answer = acceptDeflateOffers(parsed.value, { ...openToAll, ...options });
    const declined = answer && "declined" in answer ? answer.declined : undefined;
    expect({ failure: declined?.name, severity: declined?.severity }).toEqual({
      failure: expected.failure,
      severity: expected.failure && "info",
    });
    if (!declined) expect(answer ?? {}).toEqual(expected);
  });
});

interface ResponseVector {
  readonly id: string;
  readonly spec: string;
  readonly asked?: Partial<UpgradeExpectations>;
  readonly response: readonly string[];
  readonly expect:
    | { readonly failure: string }
    | {
        readonly accepted: {
          readonly subprotocol?: string;
          readonly deflate?: unknown;
          readonly warnings?: readonly string[];
          readonly closeWith?: string;
        };
      };
}

const responses = readVectors<ResponseVector>("upgrade-responses.json");

const plainRequest: UpgradeExpectations = {
  expectedAccept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
  offeredSubprotocols: [],
  subprotocolRequired: false,
  strictness: "strict",
};

describe(responses.title, () => {
  it.each(responses.vectors)("$id ($spec)", ({ asked, response, expect: expected }) => {
    const read = new ResponseHeadReader().push(Buffer.from(`${response.join("\r\n")}\r\n\r\n`));
    if (read.status !== "head") expect.unreachable(`the head was not read: ${read.status}`);
    const verdict = judgeUpgradeResponse(read.head, { ...plainRequest, ...asked });
    if ("failure" in expected) {
      expect(verdict).toMatchObject({ ok: false, failure: { name: expected.failure, severity: "fatal" } });
      return;
    }
    if (!verdict.ok) expect.unreachable(verdict.failure.message);
    expect({
      subprotocol: verdict.subprotocol,
      deflate: verdict.deflate,
      warnings: verdict.warnings.map(({ name }) => name),
      closeWith: verdict.closeWith?.name,
    }).toEqual({ subprotocol: "", warnings: [], ...expected.accepted });
    expect(verdict.warnings.every(({ severity }) => severity === "warning")).toBe(true);
  });

  it("has an id of its own for every vector", () => {
    const ids = responses.vectors.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
  });
});
