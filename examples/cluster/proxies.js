/** The two proxies that the example can run, with the addresses of this run in place of those in their configuration. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the files say, in the order of the nodes. */
const nodesInFile = ["127.0.0.1:6001", "127.0.0.1:6002", "127.0.0.1:6003"];
const proxyInFile = "127.0.0.1:8080";

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

/** By name of the program: writes its configuration into the folder and answers its arguments. */
const proxies = {
  nginx(folder, addresses) {
    writeFileSync(join(folder, "antiphon.conf"), readConfig("nginx.conf", addresses));
    writeFileSync(join(folder, "nginx.conf"), nginxMain(folder));
    return ["-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf")];
  },
  haproxy(folder, addresses) {
    const file = join(folder, "haproxy.cfg");
    writeFileSync(file, readConfig("haproxy.cfg", addresses));
    return ["-db", "-f", file];
  },
};

/** Writes the configuration of this proxy; `ports` are of the proxy and of the nodes. Answers the program's arguments. */
export function configureProxy(name, folder, ports) {
  if (!Object.hasOwn(proxies, name)) {
    throw new Error(`PROXY is ${name}, and can be ${Object.keys(proxies).join(" or ")}.`);
  }
  return proxies[name](
    folder,
    new Map(
      [proxyInFile, ...nodesInFile].map((address, index) => [
        address,
        `127.0.0.1:${[ports.proxy, ...ports.nodes][index]}`,
      ]),
    ),
  );
}

function readConfig(file, addresses) {
  const text = readFileSync(new URL(`proxy/${file}`, import.meta.url), "utf8");
  return text.replace(/127\.0\.0\.1:\d+/g, (address) => addresses.get(address) ?? address);
}
