import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { NatsConnection } from "@nats-io/transport-node";
import { describe, expect, inject, it, onTestFinished, vi } from "vitest";
import { findFreePort } from "../../../../../test/support/free-port.ts";
import {
  type NatsServerOptions,
  type NatsServerProcess,
  startNatsCluster,
  startNatsServer,
} from "../../../../../test/support/nats-server.ts";
import { createCertificate, hasOpenssl } from "../../../../../test/support/tls-certificates.ts";
import { KeptNatsConnection } from "./nats-connection.ts";
import { natsDefaults, type NatsOptions, resolveNatsOptions } from "./nats-options.ts";

const natsServer = inject("natsServer");

async function startServer(options?: NatsServerOptions): Promise<NatsServerProcess> {
  const server = await startNatsServer(natsServer, options);
  onTestFinished(() => server.stop());
  return server;
}

/** What a listener is told, as texts, with the failures that were reported. */
interface Kept {
  readonly kept: KeptNatsConnection;
  readonly told: string[];
  readonly problems: string[];
  readonly failures: string[];
  readonly messages: string[];
  readonly start: () => Promise<void>;
}

function keep(options: Partial<NatsOptions>): Kept {
  const target = resolveNatsOptions({ ...natsDefaults, connectTimeoutMs: 1000, ...options });
  if ("name" in target) throw new Error(target.message);
  const failures: string[] = [];
  const messages: string[] = [];
  const told: string[] = [];
  const problems: string[] = [];
  const kept = new KeptNatsConnection({
    target,
    name: "test",
    report: ({ name, message, fix }) => {
      failures.push(name);
      messages.push(message, fix);
    },
  });
  onTestFinished(() => kept.stop());
  const start = (): Promise<void> =>
    kept.start({
      connected: () => void told.push("connected"),
      disconnected: (problem) => {
        told.push("disconnected");
        problems.push(problem);
      },
    });
  return { kept, told, problems, failures, messages, start };
}

function waitFor(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 15_000, interval: 10 });
}

describe.skipIf(!natsServer.found)("a kept connection to NATS", () => {
  it("is there when start has resolved, under its name, and is gone after stop", async () => {
    const server = await startServer();
    const { kept, told, start } = keep({ servers: [server.address] });
    await start();
    expect(told).toEqual(["connected"]);
    const connection = kept.connection as NatsConnection;
    expect(await connection.rtt()).toBeGreaterThanOrEqual(0);
    await kept.stop();
    expect(connection.isClosed()).toBe(true);
    expect(kept.connection).toBeUndefined();
    expect(told).toEqual(["connected"]);
  });

  it("tells that there is no server, does not hold start up, and connects when there is one", async () => {
    const server = await startServer();
    await server.kill();
    const { told, problems, start } = keep({ servers: [server.address] });
    await start();
    expect(told).toEqual(["disconnected"]);
    expect(problems[0]).toBe(`${server.address} could not be reached (ECONNREFUSED)`);
    await server.restart();
    await waitFor(() => expect(told).toEqual(["disconnected", "connected"]));
  });

  it("is made again after kill -9 of the server, another one each time, and loss is told once", async () => {
    const server = await startServer();
    const { kept, told, start } = keep({ servers: [server.address] });
    await start();
    const first = kept.connection;
    await server.kill();
    await waitFor(() => expect(told).toEqual(["connected", "disconnected"]));
    await server.restart({ empty: true });
    await waitFor(() => expect(told).toEqual(["connected", "disconnected", "connected"]));
    expect(kept.connection).not.toBe(first);
    expect(first?.isClosed()).toBe(true);
  });

  it("notices within seconds that the server is there and does nothing, although data waits to be sent", async () => {
    const server = await startServer();
    const { kept, told, problems, start } = keep({ servers: [server.address] });
    await start();
    await server.freeze();
    const before = performance.now();
    const large = new Uint8Array(1_000_000);
    // More than the kernel takes: what waits in this process must not hold up the end.
    for (let index = 0; index < 16; index++) kept.connection?.publish("a", large);
    await waitFor(() => expect(told).toEqual(["connected", "disconnected"]));
    expect(performance.now() - before).toBeLessThan(6000);
    expect(problems).toEqual(["the server stopped answering"]);
    server.thaw();
    await waitFor(() => expect(told.at(-1)).toBe("connected"));
  });

  it("leaves no socket behind at a server that accepts and says nothing", async () => {
    let accepted = 0;
    const silent = createServer(() => {
      accepted += 1;
    }).listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const { kept, problems, start } = keep({ servers: [`127.0.0.1:${port}`], connectTimeoutMs: 50 });
    await start();
    expect(problems).toEqual([`127.0.0.1:${port} said nothing for 50 ms`]);
    await waitFor(() => expect(accepted).toBeGreaterThan(2));
    await kept.stop();
    await vi.waitFor(async () => expect(await promisify(silent.getConnections.bind(silent))()).toBe(0));
  });

  it("tells what does not speak NATS", async () => {
    const other = createServer((socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(
      0,
      "127.0.0.1",
    );
    await once(other, "listening");
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const { problems, start } = keep({ servers: [`127.0.0.1:${port}`] });
    await start();
    expect(problems).toEqual([`127.0.0.1:${port} does not speak NATS`]);
  });

  it.each<[string, NatsServerOptions, Partial<NatsOptions>, string]>([
    [
      "password",
      { username: "u", password: "right" },
      { username: "u", password: "wr0ng-secret" },
      "as user u",
    ],
    ["token", { token: "right" }, { token: "wr0ng-secret" }, "with a token"],
    ["missing credentials", { token: "right" }, {}, "without credentials"],
  ])(
    "names a wrong %s, once and without telling it, and goes on trying",
    async (_, serverOptions, options, as) => {
      const server = await startServer(serverOptions);
      const { told, failures, messages, problems, start } = keep({ servers: [server.address], ...options });
      await start();
      expect(failures).toEqual(["cluster-nats-credentials-refused"]);
      expect(messages[0]).toBe(`The NATS server ${server.address} does not let this node in ${as}.`);
      expect(problems).toEqual([messages[0]]);
      expect([...messages, ...problems].join()).not.toContain("wr0ng-secret");
      const attempts = (): number => server.log.split("authentication error").length;
      const before = attempts();
      await waitFor(() => expect(attempts()).toBeGreaterThan(before + 1));
      expect(told).toEqual(["disconnected"]);
      expect(failures).toHaveLength(1);
    },
  );

  it.each<[string, NatsServerOptions, Partial<NatsOptions>]>([
    ["a password", { username: "u", password: "p" }, { username: "u", password: "p" }],
    ["a token", { token: "t" }, { token: "t" }],
  ])("is let in with %s", async (_, serverOptions, options) => {
    const server = await startServer(serverOptions);
    const { told, start } = keep({ servers: [server.address], ...options });
    await start();
    expect(told).toEqual(["connected"]);
  });

  it("goes to another server of the NATS cluster, of which it was only told, when its own dies", async () => {
    const cluster = await startNatsCluster(natsServer);
    onTestFinished(() => cluster.stop());
    const [first] = cluster.servers as [NatsServerProcess];
    const { kept, told, start } = keep({ servers: [first.address] });
    await start();
    await first.kill();
    await waitFor(() => expect(told).toEqual(["connected", "disconnected", "connected"]));
    expect(kept.connection?.getServer()).not.toBe(first.address);
  });

  it("drops the connection on request, and makes another", async () => {
    const server = await startServer();
    const { kept, told, problems, start } = keep({ servers: [server.address] });
    await start();
    const first = kept.connection;
    kept.reconnect();
    await waitFor(() => expect(told).toEqual(["connected", "disconnected", "connected"]));
    expect(problems).toEqual(["it was given up"]);
    expect(kept.connection).not.toBe(first);
  });

  it("tells what the user is not permitted", async () => {
    const server = await startServer({
      directives: `authorization { users: [{ user: u, password: p, permissions: { publish: "a.>", subscribe: "a.>" } }] }`,
    });
    const { kept, failures, messages, start } = keep({
      servers: [server.address],
      username: "u",
      password: "p",
    });
    await start();
    kept.connection?.publish("b.c");
    await waitFor(() => expect(failures).toEqual(["cluster-nats-permission-denied"]));
    expect(messages[0]).toBe(`The NATS server refuses the publish of "b.c" to this node's user.`);
  });

  it("names a file that cannot be read, and tries again", async () => {
    const server = await startServer({ token: "t" });
    const { told, failures, start } = keep({
      servers: [server.address],
      credentialsFile: "/nowhere/secret.creds",
    });
    await start();
    expect(told).toEqual(["disconnected"]);
    expect(failures).toEqual(["cluster-nats-options-invalid"]);
  });

  it("can be stopped while nobody answers, and before it was started", async () => {
    const port = await findFreePort();
    const { kept, start } = keep({ servers: [`127.0.0.1:${port}`] });
    await start();
    await kept.stop();
    await keep({}).kept.stop();
  });
});

describe.skipIf(!natsServer.found || !hasOpenssl)("a kept connection to NATS with TLS", () => {
  async function writePem(text: Buffer): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "antiphon-nats-tls-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "pem"), text);
    return join(folder, "pem");
  }

  it("trusts the authority it was given", async () => {
    const certificate = createCertificate("localhost");
    const server = await startServer({ tls: certificate });
    const ca = await writePem(certificate.cert);
    const { told, start } = keep({ servers: [`tls://localhost:${server.port}`], tls: { ca } });
    await start();
    expect(told).toEqual(["connected"]);
  });

  it("shows a certificate of its own where the server wants one, and is told where it has none", async () => {
    const certificate = createCertificate("localhost");
    const server = await startServer({ tls: { ...certificate, authority: certificate.cert } });
    const ca = await writePem(certificate.cert);
    const key = await writePem(certificate.key);
    const servers = [`localhost:${server.port}`];
    const known = keep({ servers, tls: { ca, cert: ca, key } });
    await known.start();
    expect(known.told).toEqual(["connected"]);
    const unknown = keep({ servers, tls: { ca } });
    await unknown.start();
    expect(unknown.failures).toEqual(["cluster-nats-tls-failed"]);
    expect(unknown.messages[0]).toMatch(
      /^TLS with the NATS server localhost:\d+ failed: [\w ]* alert [\w ]+\.$/,
    );
  });

  it("names a certificate that it does not trust, or of another server", async () => {
    const certificate = createCertificate("other.example");
    const server = await startServer({ tls: certificate });
    const untrusting = keep({ servers: [`localhost:${server.port}`], tls: {} });
    await untrusting.start();
    expect(untrusting.failures).toEqual(["cluster-nats-tls-failed"]);
    const ca = await writePem(certificate.cert);
    const wronglyNamed = keep({ servers: [`localhost:${server.port}`], tls: { ca } });
    await wronglyNamed.start();
    expect(wronglyNamed.failures).toEqual(["cluster-nats-tls-failed"]);
    expect(wronglyNamed.messages[0]).toContain("localhost");
  });

  it("does not send credentials to a server without TLS if it wants TLS", async () => {
    const server = await startServer({ username: "u", password: "p" });
    const { failures, start } = keep({ servers: [server.address], username: "u", password: "p", tls: {} });
    await start();
    expect(failures).toEqual(["cluster-nats-tls-failed"]);
  });
});
