/** Ceilings of the whole server; what one app may do is set at the app. */

import { z } from "zod";
import { countOrUnlimited, integer } from "../setting.ts";

export const limitsSection = z
  .strictObject({
    maxConnections: countOrUnlimited(-1, { description: "Concurrent WebSocket connections of the server." }),
    maxConnectionsPerIp: countOrUnlimited(-1, {
      description: "Concurrent WebSocket connections of one client address.",
    }),
    maxMessageBytes: integer(1_048_576, 1024, {
      description: "Ceiling of one inbound WebSocket message, whatever its app allows.",
    }),
    maxRequestBytes: integer(262_144, 1024, {
      description:
        "Ceiling of one HTTP request body; grows by itself to the largest batch that a configured app accepts.",
    }),
    maxHeaderBytes: integer(16_384, 1024, {
      description: "Ceiling of the header fields of one HTTP request.",
    }),
    handshakeTimeoutMs: integer(10_000, 100, {
      description: "Time for a client to send a complete request head.",
    }),
    requestTimeoutMs: integer(30_000, 100, {
      description: "Time for a client to send a complete HTTP request.",
    }),
  })
  .prefault({});
