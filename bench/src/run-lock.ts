/** Keeps two runs from disturbing each other: a file that names the process that runs. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const file = join(tmpdir(), "antiphon-bench.lock");

/** Takes the lock until this process ends. Returns the process that holds it, or `undefined` on success. */
export function takeRunLock(): number | undefined {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      process.on("exit", () => rmSync(file, { force: true }));
      return undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = Number(readFileSync(file, "utf8"));
    if (existsSync(`/proc/${holder}`)) return holder;
    // Whoever took it was killed.
    rmSync(file, { force: true });
  }
  throw new Error(`${file} comes back as fast as it is removed`);
}
