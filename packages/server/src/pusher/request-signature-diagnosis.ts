/**
 * Why the signature of an HTTP API request does not match: the mistakes of hand-written clients, each tried against the
 * digest that was sent. Called only after a request was refused.
 */
import type { SigningApp } from "./digest.ts";
import { parseQuery, splitTarget } from "./request-signing-text.ts";
import { type Diagnosis, diagnoseDigest, type Suspect } from "./signature-diagnosis.ts";

/** Names the mistake behind a request signature that was refused. `texts` are the candidates that did not match. */
export function diagnoseRequestSignature(
  app: SigningApp,
  request: { readonly method: string; readonly target: string },
  texts: readonly string[],
  hex: string,
): Diagnosis {
  const first = texts[0] ?? "";
  const [method = "", path = "", query = ""] = first.split("\n");
  const suspects: Suspect[] = [
    {
      cause: "body-md5-not-signed",
      reason: "body_md5 is not in the signed text",
      text: withQuery(method, path, withoutBodyMd5(query)),
    },
    {
      cause: "parameters-unsorted",
      reason: "the signed parameters are not sorted by name",
      text: withQuery(method, path, unsorted(request.target)),
    },
    {
      cause: "parameters-encoded",
      reason: "the signed parameters are percent-encoded",
      text: withQuery(method, path, encoded(request.target)),
    },
    {
      cause: "method-lower-case",
      reason: "the signed method is not in upper case",
      text: withQuery(method.toLowerCase(), path, query),
    },
    { cause: "path-missing", reason: "the signed path is empty", text: withQuery(method, "", query) },
    {
      cause: "path-relative",
      reason: "the signed path lacks /apps/APP_ID",
      text: withQuery(method, path.replace(/^.*\/apps\/[^/]*/, ""), query),
    },
    { cause: "line-break", reason: "a line break was signed at the end", text: `${first}\n` },
    ...["GET", "POST", "PUT"]
      .filter((other) => other !== method)
      .map((other) => ({
        cause: "method-differs",
        reason: `the signed method is ${other}, but the request is a ${method}`,
        text: withQuery(other, path, query),
      })),
  ];
  return diagnoseDigest(app, hex, texts, suspects);
}

function withQuery(method: string, path: string, query: string): string {
  return `${method}\n${path}\n${query}`;
}

function withoutBodyMd5(query: string): string {
  return query
    .split("&")
    .filter((pair) => !pair.startsWith("body_md5="))
    .join("&");
}

function unsorted(target: string): string {
  return parseQuery(splitTarget(target).query)
    .filter(({ name }) => name !== "auth_signature")
    .map(({ name, value }) => `${name}=${value}`)
    .join("&");
}

function encoded(target: string): string {
  return splitTarget(target)
    .query.split("&")
    .filter((pair) => !pair.startsWith("auth_signature="))
    .toSorted()
    .join("&");
}
