/** Where the bus of a server listens: a Unix socket in a folder that only this user may enter, or a named pipe on Windows. */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface BusPath {
  readonly path: string;
  remove(): Promise<void>;
}

/** What fits the address of a Unix socket on every system, with room for the folder's random end. */
const maxFolderLength = 80;

export async function createBusPath(platform: NodeJS.Platform = process.platform): Promise<BusPath> {
  if (platform === "win32") {
    return { path: `\\\\.\\pipe\\antiphon-${randomUUID()}`, remove: async () => undefined };
  }
  const base = tmpdir().length > maxFolderLength ? "/tmp" : tmpdir();
  const folder = await mkdtemp(join(base, "antiphon-"));
  return { path: join(folder, "bus"), remove: () => rm(folder, { recursive: true, force: true }) };
}
