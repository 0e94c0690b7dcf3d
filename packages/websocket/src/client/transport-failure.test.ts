import { describe, expect, it } from "vitest";
import { nameTcpError, nameTimeout, nameTlsError } from "./transport-failure.ts";

const dialled = { hostname: "example.test", port: 443 };

function systemError(code: string): Error & { code: string } {
  return Object.assign(new Error(code), { code });
}

describe("an error before TCP was open", () => {
  it.each([
    ["dns", "ENOTFOUND", "dns-lookup-failed"],
    ["tcp", "ECONNREFUSED", "tcp-connect-refused"],
    ["tcp", "ETIMEDOUT", "tcp-connect-timeout"],
    ["tcp", "EADDRNOTAVAIL", "ephemeral-ports-exhausted"],
    ["tcp", "EHOSTUNREACH", "tcp-connect-failed"],
  ] as const)("%s %s is %s", (stage, code, name) => {
    expect(nameTcpError(systemError(code), stage, dialled).name).toBe(name);
  });
});

describe("a stage that did not end in time", () => {
  it.each([
    ["dns", "dns-lookup-failed"],
    ["tcp", "tcp-connect-timeout"],
    ["proxy", "proxy-connect-timeout"],
    ["tls", "tls-handshake-timeout"],
    ["upgrade", "response-timeout"],
  ] as const)("%s is %s", (stage, name) => {
    const failure = nameTimeout(stage, dialled, 10_000);
    expect(failure.name).toBe(name);
    expect(failure.message).toContain("10000");
  });
});

describe("an error while TLS is set up", () => {
  it.each([
    ["ERR_TLS_CERT_ALTNAME_INVALID", "tls-hostname-mismatch"],
    ["CERT_HAS_EXPIRED", "tls-certificate-expired"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "tls-certificate-untrusted"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "tls-sent-to-plain-port"],
    ["ECONNRESET", "tls-closed-early"],
  ])("%s is %s", (code, name) => {
    expect(nameTlsError(systemError(code), "example.test").name).toBe(name);
  });
});
