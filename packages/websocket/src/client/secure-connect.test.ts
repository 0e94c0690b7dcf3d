import { createServer } from "node:http";
import {
  createServer as createTcpServer,
  connect as connectTcp,
  type AddressInfo,
  type LookupFunction,
} from "node:net";
import { once } from "node:events";
import type { TLSSocket } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { readHeader, startRawServer, switchProtocols } from "../../../../test/support/raw-server.ts";
import { createCertificate, hasOpenssl } from "../../../../test/support/tls-certificates.ts";
import { connect } from "./connect.ts";
import { nameEarlyEnd, nameTlsError } from "./transport-failure.ts";
import { engineFailures } from "../failures/engine-failures.ts";

const toLoopback: LookupFunction = (_name, options, callback) => {
  // Node asks for a list where it races address families.
  if (options.all) callback(null, [{ address: "127.0.0.1", family: 4 }]);
  else callback(null, "127.0.0.1", 4);
};

describe.skipIf(!hasOpenssl)("TLS (skipped without the openssl program)", () => {
  const good = hasOpenssl ? createCertificate("chat.example") : undefined;
  const expired = hasOpenssl ? createCertificate("chat.example", { expired: true }) : undefined;

  it("opens with SNI for the name, ALPN http/1.1, and a time for each stage", async () => {
    const seen: unknown[] = [];
    const server = await startRawServer(
      (request, socket) => {
        const { servername, alpnProtocol } = socket as TLSSocket & { servername?: string };
        seen.push(servername, alpnProtocol);
        socket.write(switchProtocols(request));
      },
      { ...good, ALPNProtocols: ["h2", "http/1.1"] },
    );
    const client = await connect(`wss://chat.example:${server.port}/`, {
      lookup: toLoopback,
      tls: { ca: good!.cert },
    });
    expect(seen).toEqual(["chat.example", "http/1.1"]);
    const number = expect.any(Number);
    expect(client.timings).toEqual({ dnsMs: number, tcpMs: number, tlsMs: number, upgradeMs: number });
    client.terminate();
  });

  it("names an untrusted, a misnamed and an expired certificate", async () => {
    const ok = await startRawServer(() => {}, { ...good });
    const old = await startRawServer(() => {}, { ...expired });
    const attempt = (url: string, ca?: Buffer): Promise<unknown> =>
      connect(url, { lookup: toLoopback, tls: ca ? { ca } : {} });
    await expect(attempt(`wss://chat.example:${ok.port}`)).rejects.toMatchObject({
      code: "tls-certificate-untrusted",
      cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
    });
    await expect(attempt(`wss://other.example:${ok.port}`, good!.cert)).rejects.toMatchObject({
      code: "tls-hostname-mismatch",
      failure: { retry: "after-change", evidence: { host: "other.example" } },
    });
    await expect(attempt(`wss://127.0.0.1:${ok.port}`, good!.cert)).rejects.toMatchObject({
      code: "tls-hostname-mismatch",
    });
    await expect(attempt(`wss://chat.example:${old.port}`, expired!.cert)).rejects.toMatchObject({
      code: "tls-certificate-expired",
    });
  });

  it("names a server that wants a client certificate", async () => {
    const server = await startRawServer(() => {}, { ...good, requestCert: true, rejectUnauthorized: true });
    const connecting = connect(`wss://chat.example:${server.port}`, {
      lookup: toLoopback,
      tls: { ca: good!.cert },
    });
    await expect(connecting).rejects.toMatchObject({
      code: "tls-client-certificate-required",
    });
  });

  it("names TLS versions that have nothing in common, and a server without http/1.1", async () => {
    const old = await startRawServer(() => {}, { ...good, maxVersion: "TLSv1.2" });
    const tls = { ca: good!.cert };
    await expect(
      connect(`wss://chat.example:${old.port}`, {
        lookup: toLoopback,
        tls: { ...tls, minVersion: "TLSv1.3" },
      }),
    ).rejects.toMatchObject({ code: "tls-version-or-cipher" });
    const h2 = await startRawServer(() => {}, { ...good, ALPNProtocols: ["h2"] });
    await expect(connect(`wss://chat.example:${h2.port}`, { lookup: toLoopback, tls })).rejects.toMatchObject(
      {
        code: "tls-alpn-h2-selected",
      },
    );
  });

  it("goes through the tunnel of a proxy, whose CONNECT names the server", async () => {
    const server = await startRawServer((request, socket) => socket.write(switchProtocols(request)), {
      ...good,
    });
    const proxy = await startRawServer((_request, socket) => {
      const upstream = connectTcp(server.port, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
        socket.pipe(upstream).pipe(socket);
      });
      upstream.on("error", () => {});
    });
    const client = await connect(`wss://chat.example:${server.port}/`, {
      proxy: `http://user:secret@127.0.0.1:${proxy.port}`,
      headers: { Authorization: "Bearer for-the-server" },
      tls: { ca: good!.cert },
    });
    const [asked = ""] = proxy.requests;
    expect(asked.split("\r\n", 1)[0]).toBe(`CONNECT chat.example:${server.port} HTTP/1.1`);
    expect(readHeader(asked, "proxy-authorization")).toBe(`Basic ${btoa("user:secret")}`);
    expect(readHeader(asked, "authorization")).toBeUndefined();
    expect(readHeader(server.requests[0] ?? "", "proxy-authorization")).toBeUndefined();
    expect(client.timings.proxyMs).toBeTypeOf("number");
    client.terminate();
  });
});

describe("the wrong scheme for a port", () => {
  it("wss:// to plain HTTP is tls-sent-to-plain-port", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await expect(connect(`wss://127.0.0.1:${port}`)).rejects.toMatchObject({
      code: "tls-sent-to-plain-port",
      cause: { code: "ERR_SSL_WRONG_VERSION_NUMBER" },
    });
  });

  it("wss:// to a port that hangs up is tls-closed-early, worth another attempt", async () => {
    const server = createTcpServer((socket) => socket.end()).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await expect(connect(`wss://127.0.0.1:${port}`)).rejects.toMatchObject({
      code: "tls-closed-early",
      failure: { retry: "backoff" },
    });
  });

  it("ws:// to port 443 that hangs up without a word is likely plain-http-sent-to-tls-port", () => {
    const failure = engineFailures.create("response-closed-early", { bytes: 0 });
    const name = (isSecure: boolean, port: number): string => nameEarlyEnd(failure, { isSecure, port }).name;
    expect(nameEarlyEnd(failure, { isSecure: false, port: 443 }).certainty).toBe("likely");
    expect([name(false, 8443), name(true, 443), name(false, 80)]).toEqual([
      "plain-http-sent-to-tls-port",
      "response-closed-early",
      "response-closed-early",
    ]);
  });
});

describe("errors of TLS", () => {
  it.each([
    ["CERT_NOT_YET_VALID", "tls-certificate-expired"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "tls-certificate-untrusted"],
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "tls-client-certificate-required"],
    ["ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", "tls-version-or-cipher"],
    ["ERR_SSL_SOMETHING_NEW", "tls-failed"],
  ])("%s is %s", (code, name) => {
    const error = Object.assign(new Error(code), { code });
    expect(nameTlsError(error, "a.example").name).toBe(name);
  });

  it("EPROTO gives its reason away in its text", () => {
    const message =
      "write EPROTO 80:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../record.c:354:\n";
    const error = Object.assign(new Error(message), { code: "EPROTO" });
    expect(nameTlsError(error, "a.example").name).toBe("tls-sent-to-plain-port");
  });
});

describe("HTTP proxy (RFC 9110 §9.3.6)", () => {
  const through = async (answer: string): Promise<unknown> => {
    const proxy = await startRawServer((_request, socket) => socket.end(answer));
    return connect("ws://chat.example/", { proxy: `http://127.0.0.1:${proxy.port}` });
  };

  it("that wants credentials, refuses, or is none has a name", async () => {
    await expect(
      through("HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic realm=x\r\n\r\n"),
    ).rejects.toMatchObject({ code: "proxy-auth-required", failure: { evidence: { challenge: "Basic" } } });
    await expect(through("HTTP/1.1 403 No\r\n\r\n")).rejects.toMatchObject({
      code: "proxy-connect-refused",
      failure: { evidence: { status: 403 } },
    });
    await expect(through("")).rejects.toMatchObject({ code: "proxy-response-invalid" });
    await expect(through("220 smtp.example\r\n")).rejects.toMatchObject({ code: "proxy-response-invalid" });
    await expect(connect("ws://chat.example", { proxy: "http://127.0.0.1:1" })).rejects.toMatchObject({
      code: "tcp-connect-refused",
      failure: { evidence: { address: "127.0.0.1:1" } },
    });
  });
});
