/**
 * Real `nats-server` processes as tests need them: on free ports, with their store in a folder of their own, killed, restarted
 * on the same port, stopped and continued by their pid. Nothing is left when they are closed, or when the test process ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { ProgramSearch } from "./debian-program.ts";
import { findFreePort, waitForPort } from "./free-port.ts";
import type { TestCertificate } from "./tls-certificates.ts";

export interface NatsServerOptions {
  /** On unless told otherwise. */
  readonly jetstream?: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
  /** Clients have to use TLS; with `authority`, they have to have a certificate of their own, signed by it. */
  readonly tls?: TestCertificate & { readonly authority?: Buffer };
  /** More lines of its configuration file. */
  readonly directives?: string;
}

export interface NatsServerProcess {
  readonly port: number;
  /** `127.0.0.1:port` */
  readonly address: string;
  readonly pid: number;
  /** What it has written to its log since it was started first. */
  readonly log: string;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with what it had stored or without; after `kill`, or instead of it. */
  restart(options?: { readonly empty?: boolean; readonly jetstream?: boolean }): Promise<void>;
  /** It stays there, its port open, and does nothing more. */
  freeze(): Promise<void>;
  thaw(): void;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

/** Starts one server, and waits until it listens. */
export async function startNatsServer(
  search: ProgramSearch,
  options: NatsServerOptions = {},
): Promise<NatsServerProcess> {
  const server = await TestNatsServer.prepare(search, options);
  await server.start();
  return server;
}

/** Starts servers that know each other, and waits until JetStream has found its leader. */
export async function startNatsCluster(
  search: ProgramSearch,
  { size = 3, ...options }: NatsServerOptions & { readonly size?: number } = {},
): Promise<{ readonly servers: readonly NatsServerProcess[]; stop(): Promise<void> }> {
  const routes = await Promise.all(Array.from({ length: size }, () => findFreePort()));
  const urls = routes.map((port) => `nats://127.0.0.1:${port}`).join(", ");
  const servers = await Promise.all(
    routes.map((port, index) =>
      TestNatsServer.prepare(search, {
        ...options,
        directives: `${options.directives ?? ""}
server_name: test-${index}
cluster { name: test, listen: "127.0.0.1:${port}", routes: [${urls}] }`,
      }),
    ),
  );
  await Promise.all(servers.map((server) => server.start()));
  if (options.jetstream !== false) await waitForJetStream(servers);
  return {
    servers,
    async stop() {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

/** No event tells when the servers have elected one that answers for JetStream. */
async function waitForJetStream(servers: readonly NatsServerProcess[]): Promise<void> {
  const until = performance.now() + 20_000;
  const connection = await connect({ servers: servers.map(({ address }) => address) });
  try {
    for (;;) {
      try {
        const manager = await jetstreamManager(connection, { timeout: 500 });
        await manager.streams.add({ name: "ready", subjects: ["ready"], num_replicas: servers.length });
        await manager.streams.delete("ready");
        return;
      } catch (error) {
        if (performance.now() > until) throw error;
        await delay(50);
      }
    }
  } finally {
    await connection.close();
  }
}

async function isFrozen(pid: number): Promise<boolean> {
  const folder = `/proc/${pid}/task`;
  const states = (await readdir(folder)).map((thread) => readFile(join(folder, thread, "stat"), "utf8"));
  return (await Promise.all(states)).every((stat) => stat.slice(stat.lastIndexOf(")")).startsWith(") T"));
}

class TestNatsServer implements NatsServerProcess {
  readonly port: number;
  readonly #program: string;
  readonly #folder: string;
  readonly #options: NatsServerOptions;
  #child: ChildProcess | undefined;
  #log = "";

  private constructor(program: string, folder: string, port: number, options: NatsServerOptions) {
    this.#program = program;
    this.#folder = folder;
    this.port = port;
    this.#options = options;
  }

  static async prepare(search: ProgramSearch, options: NatsServerOptions): Promise<TestNatsServer> {
    if (!search.found) throw new Error(search.reason);
    const folder = await mkdtemp(join(tmpdir(), "antiphon-nats-"));
    return new TestNatsServer(search.path, folder, await findFreePort(), options);
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("the server does not run");
    return pid;
  }

  get log(): string {
    return this.#log;
  }

  async start({ jetstream = this.#options.jetstream !== false } = {}): Promise<void> {
    const file = join(this.#folder, "conf");
    await writeFile(file, await this.#configure(jetstream));
    const child = spawn(this.#program, ["-c", file], { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (this.#log += text));
    }
    const killWithUs = (): void => void child.kill("SIGKILL");
    process.once("exit", killWithUs);
    const ended = once(child, "exit").then(([code]) => {
      process.off("exit", killWithUs);
      throw new Error(`nats-server ended with ${String(code)}:\n${this.#log}`);
    });
    // Once it listens, its end is what was asked for.
    ended.catch(() => {});
    await Promise.race([waitForPort(this.port), ended]);
  }

  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  async restart({ empty = false, ...options } = {}): Promise<void> {
    await this.kill();
    if (empty) await rm(join(this.#folder, "store"), { recursive: true, force: true });
    await this.start(options);
  }

  async freeze(): Promise<void> {
    process.kill(this.pid, "SIGSTOP");
    // The signal reaches its threads one by one.
    while (!(await isFrozen(this.pid))) await delay(1);
  }

  thaw(): void {
    process.kill(this.pid, "SIGCONT");
  }

  async stop(): Promise<void> {
    // It may be frozen.
    await this.#end("SIGKILL");
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "close");
  }

  async #configure(jetstream: boolean): Promise<string> {
    const { username, password, token, tls, directives = "" } = this.#options;
    const lines = [`listen: "${this.address}"`, directives];
    if (jetstream) lines.push(`jetstream { store_dir: "${this.#folder}/store" }`);
    if (username !== undefined) lines.push(`authorization { user: "${username}", password: "${password}" }`);
    if (token !== undefined) lines.push(`authorization { token: "${token}" }`);
    if (tls !== undefined) {
      const files: [string, Buffer][] = [
        ["cert", tls.cert],
        ["key", tls.key],
      ];
      if (tls.authority !== undefined) files.push(["ca", tls.authority]);
      for (const [name, content] of files) await writeFile(join(this.#folder, name), content);
      const settings = files.map(([name]) => `${name}_file: "${this.#folder}/${name}"`);
      lines.push(`tls { ${[...settings, `verify: ${tls.authority !== undefined}`].join(", ")} }`);
    }
    return lines.join("\n");
  }
}
