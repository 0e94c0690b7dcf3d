/** The rules of a 101 (RFC 6455 §4.1), a line for each, in the order in which clients check them. */
import { type HandshakeInspection, HeaderFields, type ResponseHead } from "@antiphon/websocket/inspect";
import { shortenText } from "../cli/safe-text.ts";
import type { Findings, Step } from "./report.ts";

interface Rule {
  /** Start of the names of failures that break the rule. */
  readonly failures: readonly string[];
  /** What is said if the rule is kept. */
  readonly describe: (fields: HeaderFields, offered: readonly string[]) => string;
}

const step: Step = "101";

const rules: readonly Rule[] = [
  { failures: ["response-malformed-http"], describe: () => "HTTP/1.1" },
  {
    failures: ["response-upgrade-header-"],
    describe: (fields) => `Upgrade: ${shortenText(fields.get("upgrade") ?? "", 40)}`,
  },
  {
    failures: ["response-connection-header-"],
    describe: (fields) => `Connection: ${shortenText(fields.get("connection") ?? "", 40)}`,
  },
  {
    failures: ["response-accept-"],
    describe: () => "Sec-WebSocket-Accept is right for the key that was sent",
  },
  { failures: ["response-has-body-"], describe: () => "no body is declared" },
  {
    failures: ["response-extension-", "response-deflate-"],
    describe: (fields) => {
      const accepted = fields.get("sec-websocket-extensions");
      return accepted === undefined
        ? "permessage-deflate was offered and not accepted, which is fine"
        : `extensions: ${shortenText(accepted, 120)}`;
    },
  },
  {
    failures: ["response-subprotocol-"],
    describe: (fields, offered) => {
      if (offered.length === 0) return "no subprotocol was offered, and none was chosen";
      return `subprotocol: ${shortenText(fields.get("sec-websocket-protocol") ?? "", 60)}`;
    },
  },
];

/** Reports every rule, broken or not: people want to put all of them right at once. */
export function reportSwitch(
  head: ResponseHead,
  { findings: found }: HandshakeInspection,
  offered: readonly string[],
  findings: Findings,
): void {
  const fields = new HeaderFields(head.rawHeaders);
  const broken = found.filter((finding) => finding.in === "response").map(({ failure }) => failure);
  for (const rule of rules) {
    const failures = broken.filter(({ name }) => rule.failures.some((start) => name.startsWith(start)));
    for (const failure of failures) findings.failed(step, failure);
    if (failures.length === 0) findings.passed(step, rule.describe(fields, offered));
  }
}
