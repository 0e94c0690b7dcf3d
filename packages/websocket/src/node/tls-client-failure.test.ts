import { describe, expect, it } from "vitest";
import { nameTlsClientError } from "./tls-client-failure.ts";

describe("errors while a client sets up TLS", () => {
  it.each([
    ["ERR_SSL_HTTP_REQUEST", "plain-http-sent-to-tls-port"],
    ["ERR_TLS_HANDSHAKE_TIMEOUT", "tls-handshake-timeout"],
    ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "tls-certificate-untrusted"],
    ["ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED", "tls-certificate-expired"],
    ["ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE", "tls-client-certificate-required"],
    ["ERR_SSL_NO_SHARED_CIPHER", "tls-version-or-cipher"],
    ["ERR_SSL_UNSUPPORTED_PROTOCOL", "tls-version-or-cipher"],
    ["ERR_SSL_BAD_RECORD_TYPE", "tls-failed"],
    ["ECONNRESET", undefined],
    ["HPE_INVALID_METHOD", undefined],
    [undefined, undefined],
  ])("%s is %s", (code, name) => {
    const error = Object.assign(new Error("message"), code === undefined ? {} : { code });
    const failure = nameTlsClientError(error, 1000);
    expect(failure?.name).toBe(name);
    expect(failure?.httpStatus).toBeUndefined();
  });
});
