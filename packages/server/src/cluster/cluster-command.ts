/** What nodes have each other do, at once or not at all: plain data, fit for JSON, checked where it comes from a wire. */
import { z } from "zod";

const text = z.string().max(65_536);

/** More are told in several commands. */
export const maxRatesTaken = 1000;

export const clusterCommandSchema = z.discriminatedUnion("type", [
  /** End all connections of the user. */
  z.strictObject({ type: z.literal("terminate-user"), appId: text, userId: text }),
  /** So much of what the apps may do in a second was used up on the sender. */
  z.strictObject({
    type: z.literal("rates-taken"),
    taken: z
      .array(
        z.strictObject({
          appId: text,
          rate: z.enum(["maxBackendEventsPerSecond", "maxReadRequestsPerSecond"]),
          tokens: z.int().min(1),
        }),
      )
      .max(maxRatesTaken),
  }),
]);

/** Something that every other node has to do. */
export type ClusterCommand = z.output<typeof clusterCommandSchema>;

/** What one app has used up of one limit. */
export type RateTaken = Extract<ClusterCommand, { type: "rates-taken" }>["taken"][number];
