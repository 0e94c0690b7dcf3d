/**
 * Real proxies as tests need them: nginx, HAProxy and stunnel as child processes on free ports, with their configuration in a
 * folder of their own, as any user, stopped by their pid.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ProgramSearch } from "./debian-program.ts";
import { findFreePort, waitForPort } from "./free-port.ts";

export interface ProxyProgram {
  readonly port: number;
  readonly pid: number;
  /** Replaces the configuration and has the program read it; resolves when new connections get it. */
  reconfigure(directives: string): Promise<void>;
  stop(): Promise<void>;
}

/** What differs between the programs. `folder` is the working directory, and empty. */
interface ProxyKind {
  readonly configure: (directives: string, port: number, folder: string) => string;
  readonly args: (file: string, folder: string) => readonly string[];
}

/** `directives` stand in `server { listen …; }`; `%PORT%` is the port. */
const nginx: ProxyKind = {
  configure: (directives, port, folder) => `
${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 1;
daemon off;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  limit_req_zone $binary_remote_addr zone=all:32k rate=1r/m;
  server { ${directives.includes("listen ") ? "" : `listen 127.0.0.1:${port};`}
    ${directives.replaceAll("%PORT%", String(port))}
  }
}
`,
  args: (file, folder) => ["-p", folder, "-e", `${folder}/error.log`, "-c", file],
};

/** `directives` stand in the one `listen` section. */
const haproxy: ProxyKind = {
  configure: (directives, port) => `
global
  maxconn 64
defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 10s
listen lab
  bind 127.0.0.1:${port}
  ${directives}
`,
  args: (file) => ["-db", "-f", file],
};

/** `directives` are those of the one service. */
const stunnel: ProxyKind = {
  configure: (directives, port, folder) => `
foreground = yes
pid =
output = ${folder}/log
[lab]
accept = 127.0.0.1:${port}
${directives}
`,
  args: (file) => [file],
};

const kinds = { nginx, haproxy, stunnel4: stunnel } as const;

export type ProxyName = keyof typeof kinds;

/** Starts the program and waits until it listens. */
export async function startProxy(
  name: ProxyName,
  search: ProgramSearch,
  directives: string,
): Promise<ProxyProgram> {
  if (!search.found) throw new Error(search.reason);
  const kind = kinds[name];
  const folder = await mkdtemp(join(tmpdir(), `antiphon-${name}-`));
  const file = join(folder, "conf");
  const port = await findFreePort();
  await writeFile(file, kind.configure(directives, port, folder));
  const child = spawn(search.path, [...kind.args(file, folder)], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`${name} ended with ${String(code)}:\n${output}`);
  });
  // Once it listens, its end is what stop() asks for.
  ended.catch(() => {});
  await Promise.race([waitForPort(port), ended]);
  return {
    port,
    pid: child.pid!,
    async reconfigure(next) {
      await writeFile(file, kind.configure(next, port, folder));
      await reload(child);
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        await once(child, "close");
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** nginx starts new workers on SIGHUP and sends the old ones away; it writes nothing about it but to its log. */
async function reload(child: ChildProcess): Promise<void> {
  const before = await listChildren(child.pid!);
  child.kill("SIGHUP");
  const until = performance.now() + 10_000;
  for (;;) {
    const now = await listChildren(child.pid!);
    if (now.length > 0 && now.every((pid) => !before.includes(pid))) return;
    if (performance.now() > until) throw new Error("the configuration was not reloaded");
    await delay(10);
  }
}

async function listChildren(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter((each) => each !== "");
}
