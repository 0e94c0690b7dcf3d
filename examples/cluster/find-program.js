/** Where programs are that npm cannot bring. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Path of a program; throws with what to install if it is missing. */
export function findProgram(name) {
  // Debian keeps servers where only root's PATH leads.
  const folders = [...(process.env.PATH ?? "").split(delimiter).filter(Boolean), "/usr/sbin"];
  const path = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (path !== undefined) return path;
  throw new Error(
    `This example needs ${name}, which is not on PATH. On Debian and Ubuntu: sudo apt-get install ${name}`,
  );
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
