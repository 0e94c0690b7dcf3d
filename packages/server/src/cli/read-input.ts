/** Reads what a diagnosis command is to work on: a file, or standard input. Bytes out, or a failure to print. */
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Failure } from "@antiphon/websocket";
import { toolFailures } from "../failures/tool-failures.ts";
import type { CommandContext } from "./command-context.ts";

export type ReadInput =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly failure: Failure };

/** Enough for a capture of minutes; everything is held in memory. */
const maxInputBytes = 256 * 1024 * 1024;

/** Reads a whole file, relative to where the command runs. */
export async function readInputFile(path: string, { cwd }: CommandContext): Promise<ReadInput> {
  const file = resolve(cwd, path);
  try {
    const { size } = await stat(file);
    if (size > maxInputBytes) return refuseSize(path);
    return { ok: true, bytes: await readFile(file) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    return { ok: false, failure: toolFailures.create("input-unreadable", { source: path, code }) };
  }
}

/** Reads standard input to its end. */
export async function readStandardInput({ openStdin }: CommandContext): Promise<ReadInput> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of openStdin?.() ?? []) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > maxInputBytes) return refuseSize("standard input");
    chunks.push(bytes);
  }
  return { ok: true, bytes: Buffer.concat(chunks) };
}

function refuseSize(source: string): ReadInput {
  return {
    ok: false,
    failure: toolFailures.create("input-too-large", { source, limitBytes: maxInputBytes }),
  };
}
