/** Who is compared, and how each is started. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

export const contenderNames = ["antiphon", "ws", "bun", "socket.io"] as const;
export type ContenderName = (typeof contenderNames)[number];

/** `plain` is a WebSocket server with echo and broadcast, `pusher` a whole Pusher server. */
export type ServerKind = "plain" | "pusher";

/** A program and its arguments. */
export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

const require = createRequire(import.meta.url);
const cli = fileURLToPath(new URL("../../packages/server/bin/antiphon.js", import.meta.url));
const nodeArgs = ["--expose-gc"];

/** The program that serves a scenario. `configFile` is for `antiphon start`, which needs an app. */
export function chooseProgram(
  contender: ContenderName,
  kind: ServerKind,
  options: { readonly deflate?: boolean; readonly configFile?: string } = {},
): Program {
  if (contender === "antiphon" && kind === "pusher") {
    return { file: process.execPath, args: [cli, "start", "--config", options.configFile ?? ""] };
  }
  const script = fileURLToPath(new URL(`servers/${kind}-${contender.replace(".", "-")}.js`, import.meta.url));
  const args = [script, ...(options.deflate ? ["--deflate"] : [])];
  return contender === "bun"
    ? { file: findBun(), args }
    : { file: process.execPath, args: [...nodeArgs, ...args] };
}

/** The binary that npm brought; it is where the install script put it, or where the platform's package has it. */
export function findBun(): string {
  const modules = fileURLToPath(new URL("../node_modules/", import.meta.url));
  const installed = `${modules}bun/bin/bun.exe`;
  // Without its install script, the file is a short text that says so.
  if (existsSync(installed) && statSync(installed).size > 1_000_000) return installed;
  for (const platform of existsSync(`${modules}@oven`) ? readdirSync(`${modules}@oven`) : []) {
    const binary = `${modules}@oven/${platform}/bin/bun`;
    if (existsSync(binary)) return binary;
  }
  throw new Error("Bun is not installed: run npm install --prefix bench");
}

function versionOf(manifest: string): string {
  return (require(manifest) as { version: string }).version;
}

/** Versions for the report. */
export function readVersions(): Record<string, string> {
  return {
    node: process.versions.node,
    antiphon: versionOf("@antiphon/websocket/package.json"),
    ws: versionOf("ws/package.json"),
    bun: versionOf("bun/package.json"),
    "socket.io": versionOf("socket.io/package.json"),
  };
}
