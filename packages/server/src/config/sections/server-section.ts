/** Settings of the listening socket: address, public name, TLS, proxies and shutdown. Flags without a prefix. */

import { isIP } from "node:net";
import { z } from "zod";
import { flag, integer, integerOrAuto, optionalText } from "../setting.ts";

function isAddressOrRange(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

function normalizePathPrefix(text: string): string {
  const trimmed = text.replace(/^\/+|\/+$/g, "");
  return trimmed === "" ? "" : `/${trimmed}`;
}

const tlsSection = z
  .strictObject({
    cert: optionalText({ description: "File with the certificate chain in PEM; switches TLS on." }),
    key: optionalText({ description: "File with the private key in PEM." }),
    passphrase: optionalText({ description: "Opens an encrypted private key.", writeOnly: true }),
    ca: optionalText({ description: "File with further certificate authorities in PEM." }),
  })
  .refine((tls) => (tls.cert === undefined) === (tls.key === undefined), {
    error: "a certificate and its private key together: server.tls.cert and server.tls.key",
  })
  .prefault({});

export const serverSection = z
  .strictObject({
    host: z.string().min(1).default("127.0.0.1").meta({
      description:
        "Address to listen on for WebSocket and HTTP; 0.0.0.0 is every IPv4 address, :: every address.",
    }),
    port: integer(6001, 0, { description: "Port for WebSocket and HTTP; 0 picks a free one." }, 65_535),
    pathPrefix: z.string().overwrite(normalizePathPrefix).default("").meta({
      description: "Path in front of every route, for servers that share a host name.",
    }),
    hostname: optionalText({ description: "Public host name, as clients and backends reach the server." }),
    tls: tlsSection,
    trustedProxies: z
      .array(z.string().refine(isAddressOrRange, { error: "an IP address or a range such as 10.0.0.0/8" }))
      .default([])
      .meta({
        description: "Addresses and CIDR ranges of proxies whose X-Forwarded-* headers are believed.",
      }),
    compression: flag(true, { description: "Offer permessage-deflate to clients that ask for it." }),
    workers: integerOrAuto(1, 1, 256, {
      description: "Processes that share the port; auto is one for each processor core.",
    }),
    shutdownGraceMs: integer(10_000, 0, {
      description: "Time over which connections are closed, in random order, when the server stops.",
    }),
  })
  .prefault({});
