/** The two proxies that the example can run, with the addresses of this run in place of those in their configuration. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the files say: the proxy, and the nodes in their order. */
const inFiles = ["127.0.0.1:8080", "127.0.0.1:6001", "127.0.0.1:6002", "127.0.0.1:6003"];

/** What belongs into /etc/nginx/nginx.conf: here in a folder of its own, so that no root is needed. */
const nginxMain = (folder) => `
${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
worker_processes 2;
pid ${folder}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  include ${folder}/antiphon.conf;
}
`;

/** By name of the program: write the configuration into the folder and answer the arguments that have the program read it. */
const proxies = new Map([
  ["nginx", configureNginx],
  ["haproxy", configureHaproxy],
]);

/** The function that configures this proxy; it takes a folder, and the ports of the proxy and the nodes. */
export function findConfiguration(name) {
  const configure = proxies.get(name);
  if (configure !== undefined) return configure;
  throw new Error(`PROXY is ${name}, and can be ${[...proxies.keys()].join(" or ")}.`);
}

function configureNginx(folder, ports) {
  const file = join(folder, "nginx.conf");
  writeFileSync(join(folder, "antiphon.conf"), readConfig("nginx.conf", ports));
  writeFileSync(file, nginxMain(folder));
  return ["-p", folder, "-e", "stderr", "-c", file];
}

function configureHaproxy(folder, ports) {
  const file = join(folder, "haproxy.cfg");
  writeFileSync(file, readConfig("haproxy.cfg", ports));
  return ["-db", "-f", file];
}

function readConfig(file, ports) {
  const inThisRun = [ports.proxy, ...ports.nodes].map((port) => `127.0.0.1:${port}`);
  const text = readFileSync(new URL(`proxy/${file}`, import.meta.url), "utf8");
  return text.replace(/127\.0\.0\.1:\d+/g, (address) => inThisRun[inFiles.indexOf(address)]);
}
