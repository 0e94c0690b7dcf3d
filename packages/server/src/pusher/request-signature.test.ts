import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { signText } from "./digest.ts";
import { type RequestSigner, type SignedRequest, verifyRequestSignature } from "./request-signature.ts";
import { maxSigningTexts, requestSigningTexts } from "./request-signing-text.ts";

const secret = "7ad3773142a6692b25b8";
const key = "278d425bdf160c739803";
const app: RequestSigner = { id: "3", key, secret, events: { authTimestampToleranceSeconds: 600 } };
const nowMs = 1_353_088_179_000;
const auth = `auth_key=${key}&auth_timestamp=1353088179&auth_version=1.0`;

function request(method: string, target: string, body = ""): SignedRequest {
  return { method, target, body: Buffer.from(body) };
}

/** Verifies `path?query` after signing `text` as the client did. */
function check(method: string, pathAndQuery: string, text: string, pathPrefix?: string) {
  const target = `${pathAndQuery}&auth_signature=${signText(secret, text)}`;
  return verifyRequestSignature(
    { ...request(method, target), ...(pathPrefix && { pathPrefix }) },
    app,
    nowMs,
  );
}

function failureOf(result: ReturnType<typeof verifyRequestSignature>) {
  if (result.ok) throw new Error("the request was accepted");
  return result.failure;
}

describe("what tolerance may cost", () => {
  const wrong = "0".repeat(64);

  it("has an end: a long request is tried with one text, and not examined", () => {
    const target = `/apps/3/channels?${auth}&filter_by_prefix=${"%2B+".repeat(1000)}`;
    expect(requestSigningTexts("GET", target, "/prefix")).toHaveLength(1);
    const request = { method: "GET", target: `${target}&auth_signature=${wrong}`, body: Buffer.alloc(0) };
    expect(failureOf(verifyRequestSignature(request, app, nowMs)).evidence["cause"]).toBe("not-examined");
  });

  it("is the caller's to ration: a request is refused without being examined", () => {
    const request = { method: "GET", target: `/apps/3/channels?${auth}&auth_signature=${wrong}` };
    const signed = { ...request, body: Buffer.alloc(0) };
    const result = verifyRequestSignature(signed, app, nowMs, () => false);
    expect(failureOf(result).evidence["cause"]).toBe("not-examined");
  });
});

describe("request signatures of the Pusher documentation", () => {
  const terminate = "01fa634edeb0cae84115307cad5c23f65a46cd286461b1c89637a3b5871a8f0e";
  const users = "377ee9260ea002a70c0d40cd887d55cb36db9f7f821297f5efacbcce66be356d";
  it.each([
    [
      "publishing",
      "POST",
      `/apps/3/events?${auth}&body_md5=ec365a775a4cd0599faeb73354201b6f&auth_signature=da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c`,
      '{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}',
    ],
    [
      "listing channels",
      "GET",
      `/apps/3/channels?filter_by_prefix=presence-&info=user_count&${auth}&auth_signature=16819168891cb5dfd72b5c7a5d3d602605b26c6ba1930033b5e2eeeb65010291`,
      "",
    ],
    [
      "reading with the MD5 of nothing, as Python does",
      "GET",
      `/apps/3/channels?${auth}&body_md5=d41d8cd98f00b204e9800998ecf8427e&auth_signature=5c3cd75022c4f62c35ad22f6a9cce366c860477a3b7092ca790ecfc17e6af302`,
      "",
    ],
    [
      "info as a list",
      "GET",
      `/apps/3/channels/presence-foobar?info=user_count,subscription_count&${auth}&auth_signature=${users}`,
      "",
    ],
    [
      "info as a PHP array",
      "GET",
      `/apps/3/channels/presence-foobar?info%5B0%5D=user_count&info%5B1%5D=subscription_count&${auth}&auth_signature=${users}`,
      "",
    ],
    [
      "terminating a user",
      "POST",
      `/apps/3/users/12345/terminate_connections?${auth}&body_md5=99914b932bd37a50b983c5e7c90ae93b&auth_signature=${terminate}`,
      "{}",
    ],
  ])("accepts %s", (_what, method, target, body) => {
    expect(verifyRequestSignature(request(method, target, body), app, nowMs)).toEqual({ ok: true });
  });

  it("accepts upper-case hex digits", () => {
    const target = `/apps/3/users/12345/terminate_connections?${auth}&body_md5=99914B932BD37A50B983C5E7C90AE93B`;
    const signed = signText(secret, `POST\n${target.replace("?", "\n")}`);
    const result = verifyRequestSignature(
      request("POST", `${target}&auth_signature=${signed.toUpperCase()}`, "{}"),
      app,
      nowMs,
    );
    expect(result).toEqual({ ok: true });
  });
});

describe("tolerance for what SDKs do differently", () => {
  const path = "/apps/3/channels";
  it.each([
    ["lower-cases names", `${path}?${auth}&Info=x`, `GET\n${path}\n${auth}&info=x`, undefined],
    [
      "decodes values once",
      `${path}?${auth}&filter=a%2520b`,
      `GET\n${path}\n${auth}&filter=a%20b`,
      undefined,
    ],
    [
      "reads a plus sign literally",
      `${path}?${auth}&filter=a+b`,
      `GET\n${path}\n${auth}&filter=a+b`,
      undefined,
    ],
    [
      "reads a plus sign as a space",
      `${path}?${auth}&filter=a+b`,
      `GET\n${path}\n${auth}&filter=a b`,
      undefined,
    ],
    ["joins a Ruby array", `${path}?${auth}&info[]=a&info[]=b`, `GET\n${path}\n${auth}&info=a,b`, undefined],
    ["takes array names literally", `${path}?${auth}&info[]=a`, `GET\n${path}\n${auth}&info[]=a`, undefined],
    ["takes the path decoded", `/apps/3/users/a%20b?${auth}`, `GET\n/apps/3/users/a b\n${auth}`, undefined],
    ["takes the path without prefix", `/rt${path}?${auth}`, `GET\n${path}\n${auth}`, "/rt"],
    ["takes the path with prefix", `/rt${path}?${auth}`, `GET\n/rt${path}\n${auth}`, "/rt"],
    ["takes the prefix that a proxy removed", `${path}?${auth}`, `GET\n/rt${path}\n${auth}`, "/rt"],
    [
      "keeps broken percent-encoding",
      `${path}?${auth}&filter=%zz`,
      `GET\n${path}\n${auth}&filter=%zz`,
      undefined,
    ],
  ])("%s", (_habit, target, text, prefix) => {
    expect(check("GET", target, text, prefix)).toEqual({ ok: true });
  });

  it("never tries more than eight texts", () => {
    const texts = requestSigningTexts("GET", "/rt/apps/3/a%20b?x[0]=a+b&x[1]=c", "/rt");
    expect(texts).toHaveLength(maxSigningTexts);
    expect(new Set(texts).size).toBe(maxSigningTexts);
    expect(texts[0]).toBe("GET\n/rt/apps/3/a%20b\nx=a+b,c");
  });

  it("tries one text where nothing is odd", () => {
    expect(requestSigningTexts("get", "/apps/3/channels?b=2&a=1&auth_signature=x")).toEqual([
      "GET\n/apps/3/channels\na=1&b=2",
    ]);
  });

  it("accepts the previous secret", () => {
    const target = `${path}?${auth}&auth_signature=${signText("old", `GET\n${path}\n${auth}`)}`;
    expect(verifyRequestSignature(request("GET", target), { ...app, previousSecret: "old" }, nowMs).ok).toBe(
      true,
    );
    expect(verifyRequestSignature(request("GET", target), app, nowMs).ok).toBe(false);
  });
});

describe("refused requests", () => {
  const path = "/apps/3/channels";
  const digest = "0".repeat(64);
  const target = (query: string): string => `${path}?${query}`;
  it.each([
    ["", { parameter: "auth_key", problem: "absent" }],
    [
      `auth_key=${key}&auth_key=${key}&auth_timestamp=1&auth_version=1.0&auth_signature=x`,
      { parameter: "auth_key", problem: "repeated" },
    ],
    [
      `auth_key=${key}&auth_timestamp[]=1&auth_version=1.0&auth_signature=x`,
      { parameter: "auth_timestamp", problem: "repeated" },
    ],
    [
      `auth_key=${key}&auth_timestamp=1&auth_version=&auth_signature=x`,
      { parameter: "auth_version", problem: "empty" },
    ],
    [auth, { parameter: "auth_signature", problem: "absent" }],
  ])("name the parameter that is missing in %.60s", (query, evidence) => {
    const failure = failureOf(verifyRequestSignature(request("GET", target(query)), app, nowMs));
    expect(failure).toMatchObject({ name: "api-signature-parameter-missing", httpStatus: 401, evidence });
  });

  it.each([
    ["a key of another app", auth.replace(key, "other"), "", "api-signature-key-mismatch"],
    ["version 2", auth.replace("1.0", "2.0"), "", "api-signature-version-unsupported"],
    [
      "a time in milliseconds",
      auth.replace("1353088179", "1353088179000"),
      "",
      "api-signature-timestamp-invalid",
    ],
    ["a time that is no number", auth.replace("1353088179", "now"), "", "api-signature-timestamp-invalid"],
    ["a time 601 s ago", auth.replace("1353088179", "1353087578"), "", "api-signature-timestamp-expired"],
    ["a time 601 s ahead", auth.replace("1353088179", "1353088780"), "", "api-signature-timestamp-expired"],
    ["a body without MD5", auth, "{}", "api-signature-body-md5-missing"],
    [
      "a body with another MD5",
      `${auth}&body_md5=d41d8cd98f00b204e9800998ecf8427e`,
      "{}",
      "api-signature-body-md5-mismatch",
    ],
    [
      "no body with the MD5 of one",
      `${auth}&body_md5=99914b932bd37a50b983c5e7c90ae93b`,
      "",
      "api-signature-body-md5-mismatch",
    ],
    ["an empty MD5", `${auth}&body_md5=`, "", "api-signature-body-md5-mismatch"],
    ["another signature", auth, "", "api-signature-mismatch"],
  ])("name %s", (_what, query, body, name) => {
    const failure = failureOf(
      verifyRequestSignature(request("GET", target(`${query}&auth_signature=${digest}`), body), app, nowMs),
    );
    expect(failure.name).toBe(name);
    expect(failure.httpStatus).toBe(401);
  });

  it("name a digest of the wrong form", () => {
    const failure = failureOf(
      verifyRequestSignature(request("GET", target(`${auth}&auth_signature=abc`)), app, nowMs),
    );
    expect(failure.message).toBe("auth_signature has 3 characters and is cut off; 64 hex digits are needed.");
  });

  it("tell the server's time when the clocks differ", () => {
    const query = `${auth.replace("1353088179", "1353087578")}&auth_signature=${digest}`;
    expect(failureOf(verifyRequestSignature(request("GET", target(query)), app, nowMs)).message).toBe(
      "auth_timestamp 1353087578 is 601 s behind this server's time 1353088179; 600 s are allowed.",
    );
  });

  it("may be as old as they like when the tolerance is 0", () => {
    const lenient = { ...app, events: { authTimestampToleranceSeconds: 0 } };
    const query = auth.replace("1353088179", "1");
    const signed = `${target(query)}&auth_signature=${signText(secret, `GET\n${path}\n${query}`)}`;
    expect(verifyRequestSignature(request("GET", signed), lenient, nowMs)).toEqual({ ok: true });
  });
});

describe("diagnosis of a wrong request signature", () => {
  const path = "/apps/3/events";
  const body = "{}";
  const md5 = createHash("md5").update(body).digest("hex");
  const query = `${auth}&body_md5=${md5}`;
  const causeOf = (text: string, by = secret): unknown => {
    const target = `${path}?${query}&auth_signature=${signText(by, text)}`;
    return failureOf(verifyRequestSignature(request("POST", target, body), app, nowMs)).evidence["cause"];
  };
  it.each([
    ["the key as secret", `POST\n${path}\n${query}`, key, "key-used-as-secret"],
    ["a missing body_md5", `POST\n${path}\n${auth}`, secret, "body-md5-not-signed"],
    ["a lower-case method", `post\n${path}\n${query}`, secret, "method-lower-case"],
    ["another method", `GET\n${path}\n${query}`, secret, "method-differs"],
    ["a relative path", `POST\n/events\n${query}`, secret, "path-relative"],
    ["another secret", `POST\n${path}\n${query}`, "other", "secret-or-text"],
  ])("names %s", (_mistake, text, by, cause) => {
    expect(causeOf(text, by)).toBe(cause);
  });

  it("gives the string that was signed to the operator, and no secret to anyone", () => {
    const target = `${path}?${query}&auth_signature=${"0".repeat(64)}`;
    const failure = failureOf(verifyRequestSignature(request("POST", target, body), app, nowMs));
    expect(failure.evidence["signedText"]).toBe(`POST\n${path}\n${query}`);
    expect(failure.message).not.toContain(md5);
    expect(JSON.stringify(failure)).not.toContain(secret);
    expect(JSON.stringify(failure)).not.toContain(signText(secret, `POST\n${path}\n${query}`));
  });
});

describe("any request", () => {
  it("is refused with a failure, never with an exception, if it was not signed with the secret", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.uint8Array(), (method, query, body) => {
        const target = `/apps/3/x?${query}&auth_key=${key}`;
        expect(verifyRequestSignature({ method, target, body }, app, nowMs).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it("is accepted with any parameters when it was signed as documented", () => {
    const word = fc.stringMatching(/^[a-z_]{1,8}$/);
    fc.assert(
      fc.property(fc.dictionary(word, fc.string({ unit: "grapheme" }), { maxKeys: 5 }), (extra) => {
        const { auth_signature: _ignored, body_md5: _md5, ...parameters } = extra;
        const all = { ...parameters, auth_key: key, auth_timestamp: "1353088179", auth_version: "1.0" };
        const sorted = Object.entries(all).toSorted(([a], [b]) => (a < b ? -1 : 1));
        const signed = signText(secret, `GET\n/apps/3/x\n${sorted.map(([k, v]) => `${k}=${v}`).join("&")}`);
        const sent = Object.entries({ ...all, auth_signature: signed })
          .map(([k, v]) => `${k}=${encodeURIComponent(v)}`)
          .join("&");
        expect(verifyRequestSignature(request("GET", `/apps/3/x?${sent}`), app, nowMs)).toEqual({ ok: true });
      }),
      { numRuns: 200 },
    );
  });
});
