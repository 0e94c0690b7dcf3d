/** The opening handshake as a browser sends it, with the header lines that make it long. */
import { benchApp } from "../bench-app.ts";
import type { Dialect } from "./load-commands.ts";

export interface UpgradeTarget {
  readonly port: number;
  readonly dialect: Dialect;
  readonly path: string;
  readonly deflate?: boolean;
}

function targetPath({ dialect, path }: UpgradeTarget): string {
  if (dialect === "pusher") return `/app/${benchApp.key}?protocol=7&client=js&version=8.4.0&flash=false`;
  return dialect === "socket.io" ? `/socket.io/?EIO=4&transport=websocket&path=${path}` : path;
}

/** The request head as bytes. */
export function formatUpgrade(target: UpgradeTarget): Buffer {
  const lines = [
    `GET ${targetPath(target)} HTTP/1.1`,
    `Host: 127.0.0.1:${target.port}`,
    "Connection: Upgrade",
    "Pragma: no-cache",
    "Cache-Control: no-cache",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Upgrade: websocket",
    `Origin: http://127.0.0.1:${target.port}`,
    "Sec-WebSocket-Version: 13",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8",
    "Cookie: session=8f14e45fceea167a5a36dedd4bea2543; theme=dark",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ...(target.deflate ? ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"] : []),
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
}
