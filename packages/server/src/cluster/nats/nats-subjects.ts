/**
 * What a topic is called at NATS. Subjects are tokens between dots, of few characters; apps and channels may be called
 * anything. A name that is a token stays as it is, for whoever watches with the tools of NATS.
 *
 *   antiphon.control.state
 *   antiphon.channel.<app id>.<channel>     names that are no tokens: ~ and base64url
 *   antiphon.long.<SHA-256 of both>         what would make the subject too long
 */
import { createHash } from "node:crypto";
import type { Topic } from "../distributed/cluster-transport.ts";

/** A server cuts the connection for a line of more than 4096 bytes. */
const maxNamesLength = 1024;

/** Without the dot, the wildcards, white space, and the sign of an encoded name. */
const token = /^[\w=@,;#-]+$/;

/** Different topics have different subjects. */
export function subjectOf(prefix: string, topic: Topic): string {
  if (topic.kind === "control") return `${prefix}.control.${topic.name}`;
  const names = `${toToken(topic.appId)}.${toToken(topic.channel)}`;
  if (names.length <= maxNamesLength) return `${prefix}.channel.${names}`;
  return `${prefix}.long.${createHash("sha256").update(names).digest("base64url")}`;
}

function toToken(name: string): string {
  return token.test(name) ? name : `~${Buffer.from(name).toString("base64url")}`;
}
