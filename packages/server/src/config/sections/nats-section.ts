/** Settings of the connection to NATS, which the cluster and the webhook queue share. */

import { z } from "zod";
import { natsDefaults } from "../../cluster/nats/nats-options.ts";
import { integer, optionalText } from "../setting.ts";
import { clientCertificates, isPair, isServerUrl, pairExpected } from "./address-setting.ts";

function isServer(text: string): boolean {
  return isServerUrl(text.includes("://") ? text : `nats://${text}`, ["nats", "tls"]);
}

export const natsSection = z
  .strictObject({
    servers: z
      .array(
        z.string().refine(isServer, { error: "an address such as nats.internal:4222 or nats://nats-1:4222" }),
      )
      .min(1)
      .max(64)
      .default([...natsDefaults.servers])
      .meta({
        description:
          "Servers of one NATS cluster; any of them will do, and the others are found through it. A user and password inside a URL count for all.",
        writeOnly: true,
        holdsCredentials: true,
      }),
    username: optionalText({ description: "User." }),
    password: optionalText({ description: "Password of the user.", writeOnly: true }),
    token: optionalText({ description: "Token, in place of a user and password.", writeOnly: true }),
    nkeyFile: optionalText({
      description: "File with the seed of an nkey, in place of a user and password.",
    }),
    credentialsFile: optionalText({
      description: "Credentials file of a user (.creds), in place of a user and password.",
    }),
    connectTimeoutMs: integer(
      natsDefaults.connectTimeoutMs,
      100,
      { description: "Time for one attempt to connect." },
      60_000,
    ),
    replicas: integer(
      natsDefaults.replicas,
      1,
      {
        description:
          "Servers of the NATS cluster that keep what must outlive one of them: leases and queued webhooks; 1, 3 or 5.",
      },
      5,
    ),
    tls: z.strictObject(clientCertificates("NATS")).refine(isPair, pairExpected).prefault({}),
  })
  .prefault({});
