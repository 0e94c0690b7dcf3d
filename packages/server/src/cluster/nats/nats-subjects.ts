/**
 * What a topic is called at NATS. Subjects are tokens between dots, of few characters; apps and channels may be called
 * anything, so their names are encoded.
 *
 *   antiphon.control.state
 *   antiphon.channel.<app id>.<channel>     both base64url
 *   antiphon.long.<SHA-256 of both>         what would make the subject too long
 */
import { createHash } from "node:crypto";
import type { Topic } from "../distributed/cluster-transport.ts";

/** A server cuts the connection for a line of more than 4096 bytes. */
const maxEncodedLength = 1024;

/** Different topics have different subjects. */
export function subjectOf(prefix: string, topic: Topic): string {
  if (topic.kind === "control") return `${prefix}.control.${topic.name}`;
  const { appId, channel } = topic;
  const app = Buffer.from(appId).toString("base64url");
  const name = Buffer.from(channel).toString("base64url");
  if (app.length + name.length <= maxEncodedLength) return `${prefix}.channel.${app}.${name}`;
  return `${prefix}.long.${createHash("sha256").update(`${app}.${name}`).digest("base64url")}`;
}
