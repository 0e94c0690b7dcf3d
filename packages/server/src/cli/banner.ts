/**
 * What `antiphon start` prints once it listens: the addresses, the app, and lines to paste into a Laravel project, a
 * page and a backend. A pure function of what is known; the secret is only shown for the development app, where it is
 * public anyway.
 */

import type { App } from "../apps/app.ts";
import { describeCluster } from "../config/backend-options.ts";
import type { Config } from "../config/load-config.ts";
import { plainStyle, type StyleText } from "./text-style.ts";

/** What the banner tells. */
export interface BannerFacts {
  readonly version: string;
  readonly config: Config;
  /** Where the server listens, as its `start()` says. */
  readonly listening: { readonly host: string; readonly port: number; readonly metricsUrl?: string };
  readonly style?: StyleText;
}

interface Target {
  readonly app: App;
  readonly secret: string;
  readonly host: string;
  readonly port: number;
  readonly pathPrefix: string;
  readonly tls: boolean;
}

/** The host that clients on this machine, or on the network where one is configured, can dial. */
function chooseClientHost(config: Config, host: string): string {
  if (config.server.hostname !== undefined) return config.server.hostname;
  const isWildcard = host === "0.0.0.0" || host === "::";
  return isWildcard ? "localhost" : host;
}

const formatHost = (host: string): string => (host.includes(":") ? `[${host}]` : host);

function laravelLines({ app, secret, host, port, tls }: Target): string[] {
  return [
    "BROADCAST_CONNECTION=reverb",
    `REVERB_APP_ID=${app.id}`,
    `REVERB_APP_KEY=${app.key}`,
    `REVERB_APP_SECRET=${secret}`,
    `REVERB_HOST=${formatHost(host)}`,
    `REVERB_PORT=${port}`,
    `REVERB_SCHEME=${tls ? "https" : "http"}`,
    'VITE_REVERB_APP_KEY="${REVERB_APP_KEY}"',
    'VITE_REVERB_HOST="${REVERB_HOST}"',
    'VITE_REVERB_PORT="${REVERB_PORT}"',
    'VITE_REVERB_SCHEME="${REVERB_SCHEME}"',
  ];
}

function clientOptions({ host, port, pathPrefix, tls }: Target): string {
  const path = pathPrefix === "" ? "" : `wsPath: '${pathPrefix}', `;
  return (
    `wsHost: '${formatHost(host)}', wsPort: ${port}, wssPort: ${port}, ${path}` +
    `forceTLS: ${tls}, enabledTransports: ['ws', 'wss']`
  );
}

function echoLines(target: Target): string[] {
  return [`new Echo({ broadcaster: 'reverb', key: '${target.app.key}',`, `  ${clientOptions(target)} })`];
}

function pusherJsLines(target: Target): string[] {
  return [`new Pusher('${target.app.key}', { cluster: '',`, `  ${clientOptions(target)} })`];
}

function publisherLines({ app, secret, host, port, tls }: Target): string[] {
  return [
    `new Pusher({ appId: '${app.id}', key: '${app.key}', secret: '${secret}',`,
    `  host: '${formatHost(host)}', port: '${port}', useTLS: ${tls} })`,
  ];
}

function describeApps(config: Config, app: App, style: StyleText): string {
  if (config.developmentApp)
    return `${app.key} ${style("yellow", "(built-in development app, this machine only)")}`;
  const others = config.apps.length - 1;
  return others === 0 ? app.key : `${app.key} and ${others} more`;
}

/** Text with a newline at the end. */
export function renderBanner({ version, config, listening, style = plainStyle }: BannerFacts): string {
  const tls = config.server.tls.cert !== undefined;
  const host = chooseClientHost(config, listening.host);
  const { pathPrefix } = config.server;
  const authority = `${formatHost(host)}:${listening.port}${pathPrefix}`;
  const app = config.apps[0];
  const facts: [string, string][] = [
    ["WebSocket", style("cyan", `${tls ? "wss" : "ws"}://${authority}/app/${app?.key ?? "{key}"}`)],
    ["HTTP API", style("cyan", `${tls ? "https" : "http"}://${authority}/apps/${app?.id ?? "{id}"}`)],
  ];
  if (listening.metricsUrl !== undefined) facts.push(["Metrics", style("cyan", listening.metricsUrl)]);
  const cluster = describeCluster(config);
  if (cluster !== undefined) facts.push(["Cluster", `${config.cluster.prefix}, joined by ${cluster}`]);
  if (app !== undefined) facts.push(["App", describeApps(config, app, style)]);

  const lines = [
    `${style("bold", "Antiphon")} ${version} listens on ${formatHost(listening.host)}:${listening.port}`,
    "",
  ];
  for (const [label, value] of facts) lines.push(`  ${label.padEnd(10)} ${value}`);
  if (app !== undefined) {
    const secret = config.developmentApp ? app.secret : "<the secret of this app>";
    const target: Target = { app, secret, host, port: listening.port, pathPrefix, tls };
    const snippets: [string, string[]][] = [
      ["Laravel .env", laravelLines(target)],
      ["Laravel Echo", echoLines(target)],
      ["pusher-js", pusherJsLines(target)],
      ["Backend in Node (npm install pusher)", publisherLines(target)],
    ];
    for (const [title, snippet] of snippets) {
      lines.push("", `  ${style("bold", title)}`, ...snippet.map((line) => `    ${line}`));
    }
  }
  return `${lines.join("\n")}\n\n`;
}
