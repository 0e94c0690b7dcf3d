/** What was decoded, as text for people: connection by connection, and at the end one sentence for each finding. */
import type { StyleText } from "../cli/text-style.ts";
import { describeFault } from "../failures/fault-text.ts";
import { isBreach } from "./collect-findings.ts";
import type { DecodedConversation, Finding } from "./decoding.ts";
import { formatDuration } from "./format-value.ts";
import { renderFrames } from "./render-frames.ts";
import { renderHandshake } from "./render-handshake.ts";

export interface DecodingView {
  readonly style: StyleText;
  readonly maxFrames: number;
}

/** Text with a newline at the end. */
export function renderDecoding(
  introduction: string,
  decoded: readonly DecodedConversation[],
  view: DecodingView,
): string {
  const sections = decoded.map((conversation) => renderConversation(conversation, view));
  const isEmpty = decoded.every(({ handshake, frames }) => handshake === undefined && frames.length === 0);
  const findings = decoded.flatMap((conversation) => nameConnections(conversation, decoded.length > 1));
  const lines = [
    introduction,
    "",
    ...sections.flatMap((section) => [...section, ""]),
    ...renderFindings(findings, isEmpty, view),
  ];
  return `${lines.join("\n")}\n`;
}

function renderConversation(decoded: DecodedConversation, view: DecodingView): string[] {
  const { conversation, handshake, frames, skipped } = decoded;
  const lines = renderTitle(decoded, view.style);
  if (skipped !== undefined) return [...lines, skipped];
  const areBothShown = frames.length > 1;
  const blocks = [
    ...(handshake
      ? [[...renderHandshake(handshake, view.style), ...renderProblems(decoded, "handshake")]]
      : []),
    ...frames.map((side) => renderFrames(side, { ...view, prefix: areBothShown ? `${side.sender} ` : "" })),
    [...renderEnd(conversation), ...renderProblems(decoded, "end")],
  ].filter((block) => block.length > 0);
  return [...lines, ...blocks.flatMap((block, index) => (index === 0 ? block : ["", ...block]))];
}

/** What happened, where no frame shows it; what to do stands at the end of all. */
function renderProblems({ findings }: DecodedConversation, about: Finding["about"]): string[] {
  const shown = findings.filter((finding) => finding.about === about);
  return shown.map(({ failure, where }) => `${where}: ${failure.name}. ${failure.message}`);
}

function renderEnd({ end, startMs }: DecodedConversation["conversation"]): string[] {
  if (!end) return [];
  const at =
    end.timeMs === undefined || startMs === undefined ? "" : `, ${formatDuration(end.timeMs - startMs)}`;
  return [`end: the ${end.by} ${end.how === "reset" ? "reset the connection" : "ended TCP first"}${at}`];
}

function renderTitle({ conversation }: DecodedConversation, style: StyleText): string[] {
  if (!conversation.capture) return [];
  const { number, client, server } = conversation.capture;
  return [style("bold", `connection ${number}: client ${client}, server ${server}`), ""];
}

function nameConnections({ conversation, findings }: DecodedConversation, areSeveral: boolean): Finding[] {
  const { capture } = conversation;
  if (!areSeveral || !capture) return [...findings];
  return findings.map((finding) => ({ ...finding, where: `connection ${capture.number}, ${finding.where}` }));
}

function renderFindings(findings: readonly Finding[], isEmpty: boolean, { style }: DecodingView): string[] {
  const lines = findings.map((finding) => {
    const { failure, where } = finding;
    const mark = style(isBreach(finding) ? "red" : "cyan", failure.name);
    return `${mark} (${where}): ${describeFault(failure)}. ${failure.fix}`;
  });
  if (findings.some(isBreach)) return lines;
  const verdict = isEmpty
    ? style("yellow", "Nothing was decoded.")
    : style("green", "Nothing here breaks the RFC.");
  return [...lines, verdict];
}
