import { describe, expect, it } from "vitest";
import { judgeConnectResponse, judgeRefusalStatus } from "./response-status.ts";

function createHead(status: number, rawHeaders: readonly string[] = []) {
  return { httpVersion: "1.1", status, reasonPhrase: "", rawHeaders };
}

describe("status other than 101", () => {
  it.each([
    [200, "response-status-200"],
    [201, "response-status-not-101"],
    [301, "response-redirect"],
    [302, "response-redirect"],
    [303, "response-redirect"],
    [304, "response-status-not-101"],
    [307, "response-redirect"],
    [308, "response-redirect"],
    [400, "response-bad-request"],
    [401, "response-unauthorized"],
    [403, "response-forbidden"],
    [404, "response-not-found"],
    [407, "proxy-auth-required"],
    [418, "response-status-not-101"],
    [426, "response-upgrade-required"],
    [429, "response-rate-limited"],
    [500, "response-server-error"],
    [501, "response-status-not-101"],
    [502, "response-gateway-error"],
    [503, "response-unavailable"],
    [504, "response-gateway-error"],
    [511, "proxy-injected-html"],
    [519, "response-status-not-101"],
    [520, "response-gateway-error"],
    [527, "response-gateway-error"],
    [528, "response-status-not-101"],
  ])("%i is %s", (status, name) => {
    const failure = judgeRefusalStatus(createHead(status));
    expect(failure.name).toBe(name);
    expect(failure.message).toMatch(/^[A-Z].*\.$/);
  });

  it("advises to wait after 429 and 503, and keeps how long", () => {
    for (const status of [429, 503]) {
      expect(judgeRefusalStatus(createHead(status, ["Retry-After", "30"]))).toMatchObject({
        retry: "backoff",
        evidence: { status, retryAfter: "30" },
      });
    }
  });

  it("keeps where a redirect leads, without its secrets", () => {
    const location = "https://user:s3cret@example.com/ws/?token=s3cret";
    expect(judgeRefusalStatus(createHead(302, ["Location", location])).message).toBe(
      'The server answered 302, a redirect to "https://***@example.com/ws/".',
    );
  });

  it("keeps the scheme of a challenge", () => {
    expect(judgeRefusalStatus(createHead(401, ["WWW-Authenticate", 'Bearer realm="x"'])).message).toBe(
      "The server answered 401: it wants Bearer credentials.",
    );
  });

  it("keeps the versions that the server speaks", () => {
    expect(judgeRefusalStatus(createHead(426, ["Sec-WebSocket-Version", "8, 7"])).evidence).toEqual({
      status: 426,
      versions: "8, 7",
    });
  });

  it.each([
    "<center>The plain HTTP request was sent to HTTPS port</center>",
    "Client sent an HTTP request to an HTTPS server.\n",
    "You're speaking plain HTTP to an SSL-enabled server port.",
  ])("400 with the text %j is a TLS port", (body) => {
    expect(judgeRefusalStatus(createHead(400), body).name).toBe("plain-http-sent-to-tls-port");
  });
});

describe("answer of a proxy to CONNECT (RFC 9110 §9.3.6)", () => {
  it.each([
    [200, undefined],
    [204, undefined],
    [403, "proxy-connect-refused"],
    [407, "proxy-auth-required"],
    [502, "proxy-connect-refused"],
  ])("%i is %s", (status, name) => {
    expect(judgeConnectResponse(createHead(status))?.name).toBe(name);
  });
});
