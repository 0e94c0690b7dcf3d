/** What is wrong before HTTP: names, ports, TLS, proxies on the client's side. */
import type { Fault, FaultGroup } from "./fault.ts";
import { findFreePort } from "../support/free-port.ts";
import { behave } from "../support/hand-made-peer.ts";
import { switchProtocols } from "../support/raw-server.ts";

const server = "the fault of the server (proved)";
const doctor = { seenBy: "doctor" } as const;

const reaching: readonly Fault[] = [
  {
    ...doctor,
    title: "the host name does not exist",
    expected: {
      failure: "dns-lookup-failed",
      fault: "the fault of the client or the network (proved)",
      fix: "check the host name in the URL",
    },
    arrange: () => ({ url: "ws://no-such-host.invalid/" }),
  },
  {
    ...doctor,
    title: "nothing listens on the port",
    expected: { failure: "tcp-connect-refused", fault: server, fix: "start the server, or correct the port" },
    arrange: async () => ({ url: `ws://127.0.0.1:${await findFreePort()}/` }),
  },
];

const tls: readonly Fault[] = [
  {
    ...doctor,
    title: "wss:// on a port without TLS",
    expected: {
      failure: "tls-sent-to-plain-port",
      fault: "the fault of the client (proved)",
      fix: "correct the scheme or add a certificate",
    },
    arrange: (lab) => ({ url: `wss://127.0.0.1:${lab.antiphon.port}/` }),
  },
  {
    ...doctor,
    title: "ws:// on a port with TLS, which answers with a TLS alert",
    needs: "openssl",
    expected: {
      failure: "plain-http-sent-to-tls-port",
      fault: "the fault of the client (proved)",
      fix: "wss://",
    },
    arrange: async (lab) => {
      const { port } = await lab.serve((_, socket) => void socket.end(Buffer.from("15030100020246", "hex")));
      return { url: `ws://127.0.0.1:${port}/` };
    },
  },
  {
    ...doctor,
    title: "ws:// on a port of nginx with TLS",
    needs: "nginx",
    expected: {
      failure: "plain-http-sent-to-tls-port",
      fault: "the fault of the client (proved)",
      fix: "wss://",
    },
    arrange: async (lab) => {
      const { cert, key } = lab.certificate("localhost");
      const files = `ssl_certificate ${lab.file(cert)}; ssl_certificate_key ${lab.file(key)};`;
      const { port } = await lab.proxy("nginx", `listen 127.0.0.1:%PORT% ssl; ${files}`);
      return { url: `ws://127.0.0.1:${port}/` };
    },
  },
  {
    ...doctor,
    title: "a self-signed certificate",
    needs: "openssl",
    expected: {
      failure: "tls-certificate-untrusted",
      fault: server,
      fix: "install the full certificate chain from a trusted authority",
    },
    arrange: async (lab) => {
      const { port } = await lab.serve(() => {}, lab.certificate("localhost"));
      return { url: `wss://localhost:${port}/` };
    },
  },
  {
    ...doctor,
    title: "a certificate that ended years ago",
    needs: "openssl",
    expected: { failure: "tls-certificate-expired", fault: server, fix: "renew the certificate" },
    arrange: async (lab) => {
      const certificate = lab.certificate("localhost", { expired: true });
      const { port } = await lab.serve(() => {}, certificate);
      return { url: `wss://localhost:${port}/`, options: { ca: certificate.cert.toString() } };
    },
  },
  {
    ...doctor,
    title: "a certificate for another name",
    needs: "openssl",
    expected: {
      failure: "tls-hostname-mismatch",
      fault: "the fault of the server or the client (proved)",
      fix: "connect by the name in the certificate",
    },
    arrange: async (lab) => {
      const certificate = lab.certificate("other.example");
      const { port } = await lab.serve(() => {}, certificate);
      return { url: `wss://localhost:${port}/`, options: { ca: certificate.cert.toString() } };
    },
  },
  {
    ...doctor,
    title: "a certificate that ends in two days",
    needs: "openssl",
    expected: {
      failure: "tls-certificate-expires-soon",
      fault: "the fault of the operator (proved)",
      fix: "renew the certificate now",
    },
    arrange: async (lab) => {
      const certificate = lab.certificate("localhost");
      const { port } = await lab.serve((request, socket) => {
        socket.write(switchProtocols(request));
        behave(socket);
      }, certificate);
      return { url: `wss://localhost:${port}/`, options: { ca: certificate.cert.toString() } };
    },
  },
  {
    ...doctor,
    title: "the server wants a client certificate",
    needs: "openssl",
    expected: {
      failure: "tls-client-certificate-required",
      fault: "the fault of the client (proved)",
      fix: "give the client its certificate",
    },
    arrange: async (lab) => {
      const certificate = lab.certificate("localhost");
      const options = { ...certificate, ca: certificate.cert, requestCert: true, rejectUnauthorized: true };
      const { port } = await lab.serve(() => {}, options);
      return { url: `wss://localhost:${port}/`, options: { ca: certificate.cert.toString() } };
    },
  },
  {
    ...doctor,
    title: "the server speaks only TLS 1.1",
    needs: "openssl",
    expected: {
      failure: "tls-version-or-cipher",
      fault: "the fault of the client or the server (proved)",
      fix: "enable TLS 1.2 or 1.3",
    },
    arrange: async (lab) => {
      const old = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
      const { port } = await lab.serve(() => {}, { ...lab.certificate("localhost"), ...old });
      return { url: `wss://localhost:${port}/` };
    },
  },
  {
    ...doctor,
    title: "the TLS terminator speaks only HTTP/2",
    needs: "openssl",
    expected: {
      failure: "tls-alpn-h2-selected",
      fault: "the fault of a proxy (proved)",
      fix: "offer http/1.1 in the TLS terminator's ALPN list",
    },
    arrange: async (lab) => {
      const { port } = await lab.serve(() => {}, { ...lab.certificate("localhost"), ALPNProtocols: ["h2"] });
      return { url: `wss://localhost:${port}/` };
    },
  },
  {
    ...doctor,
    title: "the port accepts TCP and never speaks TLS",
    expected: {
      failure: "tls-handshake-timeout",
      fault: "the fault of the server or the network (proved)",
      fix: "check that the port speaks TLS",
    },
    arrange: async (lab) => {
      const { port } = await lab.serve(() => {});
      return { url: `wss://127.0.0.1:${port}/`, options: { timeoutMs: 200 } };
    },
  },
  {
    ...doctor,
    title: "stunnel ends TLS before a server that is down",
    needs: "stunnel4",
    expected: {
      failure: "response-closed-early",
      fault: "the fault of the server or a proxy (proved)",
      fix: "look into its error log at this second",
    },
    arrange: async (lab) => {
      const { cert, key } = lab.certificate("localhost");
      const down = await findFreePort();
      const { port } = await lab.proxy(
        "stunnel4",
        `connect = 127.0.0.1:${down}\ncert = ${lab.file(cert)}\nkey = ${lab.file(key)}`,
      );
      return { url: `wss://localhost:${port}/`, options: { ca: cert.toString() } };
    },
  },
];

const outgoingProxy: readonly Fault[] = [
  {
    ...doctor,
    title: "the HTTP proxy wants a password",
    expected: {
      failure: "proxy-auth-required",
      fault: "the fault of the client (proved)",
      fix: "configure user and password for the proxy",
    },
    arrange: (lab) =>
      throughProxy(
        lab.answeringStatus("407 Proxy Authentication Required", "Proxy-Authenticate: Basic realm=x"),
      ),
  },
  {
    ...doctor,
    title: "the HTTP proxy forbids the port",
    expected: {
      failure: "proxy-connect-refused",
      fault: "the fault of a proxy (proved)",
      fix: "ask for the target port to be allowed",
    },
    arrange: (lab) => throughProxy(lab.answeringStatus("403 Forbidden")),
  },
  {
    ...doctor,
    title: "what should be an HTTP proxy is something else",
    expected: {
      failure: "proxy-response-invalid",
      fault: "the fault of a proxy (proved)",
      fix: "check host and port of the proxy",
    },
    arrange: (lab) => throughProxy(lab.answering("SSH-2.0-OpenSSH_9.6\n")),
  },
  {
    ...doctor,
    title: "the HTTP proxy never answers CONNECT",
    expected: {
      failure: "proxy-connect-timeout",
      fault: "the fault of a proxy or the network (proved)",
      fix: "check that the proxy can reach the server",
    },
    arrange: async (lab) => {
      const { port } = await lab.serve(() => {});
      const options = { proxy: `http://127.0.0.1:${port}`, timeoutMs: 200 };
      return { url: "ws://example.invalid/", options };
    },
  },
];

async function throughProxy(proxy: Promise<{ readonly url: string }>) {
  const { url } = await proxy;
  return { url: "ws://example.invalid/", options: { proxy: url.replace(/^ws/, "http") } };
}

export const networkFaults: readonly FaultGroup[] = [
  { title: "Reaching the server", faults: reaching },
  { title: "TLS", faults: tls },
  { title: "An HTTP proxy before the client", faults: outgoingProxy },
];
