/** The files that the browser loads: the page itself, and pusher-js as it comes from npm. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const page = (file) => fileURLToPath(new URL(`page/${file}`, import.meta.url));
const pusherJs = createRequire(import.meta.url).resolve("pusher-js/dist/web/pusher.min.js");

const files = new Map([
  ["/", [page("index.html"), "text/html; charset=utf-8"]],
  ["/cluster.js", [page("cluster.js"), "text/javascript; charset=utf-8"]],
  ["/cluster-view.js", [page("cluster-view.js"), "text/javascript; charset=utf-8"]],
  ["/style.css", [page("style.css"), "text/css; charset=utf-8"]],
  ["/pusher.js", [pusherJs, "text/javascript; charset=utf-8"]],
]);

/** Answers with the file of this path, or with 404. */
export async function servePage(path, response) {
  const found = files.get(path);
  if (found === undefined) {
    response.writeHead(404, { "content-type": "text/plain" }).end("There is no such page.\n");
    return;
  }
  const [file, type] = found;
  response.writeHead(200, { "content-type": type, "cache-control": "no-cache" }).end(await readFile(file));
}
