/** `--filter`: which frames are printed. The texts of the command line in, a test for frame lines out. */
import type { FrameEvent } from "./tap-event.ts";

const frameTypes = ["text", "binary", "ping", "pong", "close"] as const;

export type FrameFilter = (frame: Pick<FrameEvent, "from" | "opcode" | "messageType" | "event">) => boolean;

export type FilterResult =
  | { readonly ok: true; readonly filter: FrameFilter }
  | { readonly ok: false; readonly problem: string };

/**
 * Filters of one kind are alternatives, and all kinds have to match: `text event=pusher:* from=client` shows the Pusher
 * events that the client sends. Without filters everything matches. `*` at the end of an event name stands for anything.
 */
export function parseFilters(texts: readonly string[]): FilterResult {
  const types = new Set<string>();
  const sides = new Set<string>();
  const events: string[] = [];
  for (const text of texts.flatMap((list) => list.split(",")).map((word) => word.trim())) {
    const equals = text.indexOf("=");
    const name = equals < 0 ? text : text.slice(0, equals);
    const value = equals < 0 ? "" : text.slice(equals + 1);
    if (equals < 0 && frameTypes.some((type) => type === text)) types.add(text);
    else if (name === "from" && (value === "client" || value === "server")) sides.add(value);
    else if (name === "event" && value !== "") events.push(value);
    else return { ok: false, problem: describeProblem(text) };
  }
  return {
    ok: true,
    filter: (frame) =>
      (types.size === 0 || types.has(frame.messageType ?? frame.opcode)) &&
      (sides.size === 0 || sides.has(frame.from)) &&
      (events.length === 0 || events.some((event) => matchesEvent(event, frame.event?.name))),
  };
}

function matchesEvent(pattern: string, name: string | undefined): boolean {
  if (name === undefined) return false;
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function describeProblem(text: string): string {
  return `"${text}" is no filter: use ${frameTypes.join(", ")}, event=NAME, from=client or from=server.`;
}
