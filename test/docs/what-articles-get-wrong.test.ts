/** Runs every block of docs/explanation/what-articles-get-wrong-about-websocket.md and compares it with what the page says. */
import { readFileSync } from "node:fs";
import {
  formatFrameInspection,
  inspectFrames,
  inspectHandshake,
  parseByteText,
} from "@antiphon/websocket/inspect";
import { describe, expect, it } from "vitest";

const file = new URL("../../docs/explanation/what-articles-get-wrong-about-websocket.md", import.meta.url);
const page = readFileSync(file, "utf8");

const decodeBlock = /^```console\n\$ antiphon decode --from (client|server) (.+)\n([^`]+)```$/gm;
const handshakeBlock = /^```http\n([^`]+)```\n\n(?:```http\n([^`]+)```\n\n)?Verdict: (.+)$/gm;

/** The last lines of what `decode` prints: all but the fields. */
function decode(sender: "client" | "server", text: string): string[] {
  const parsed = parseByteText(text);
  if (!parsed.ok) throw new Error(parsed.failure.message);
  const lines = formatFrameInspection(inspectFrames(parsed.bytes, { sender })).split("\n");
  return lines.filter((line) => /^(?:message|outcome|warning|hint):/.test(line));
}

const decodes = [...page.matchAll(decodeBlock)].map(([, sender, bytes, shown]) => ({
  sender: sender as "client" | "server",
  bytes: bytes!,
  shown: shown!.trimEnd().split("\n"),
}));

const handshakes = [...page.matchAll(handshakeBlock)].map(([, request, response, verdict]) => ({
  request: request!,
  response,
  verdict: verdict!,
}));

describe("what articles get wrong about WebSocket", () => {
  it("has no block that is not run", () => {
    expect(decodes).toHaveLength(page.match(/^\$ antiphon/gm)?.length ?? 0);
    expect(handshakes).toHaveLength(page.match(/^Verdict:/gm)?.length ?? 0);
    const blocks = handshakes.reduce((sum, { response }) => sum + (response === undefined ? 1 : 2), 0);
    expect(blocks).toBe(page.match(/^```http$/gm)?.length);
    expect(decodes.length + handshakes.length).toBeGreaterThan(15);
  });

  it.each(decodes)("says what decode says of $bytes from a $sender", ({ sender, bytes, shown }) => {
    const lines = decode(sender, bytes);
    expect(lines).toHaveLength(shown.length);
    // The page cuts off the advice at the end of a line.
    const kept = lines.map((line, index) => {
      const cut = shown[index]!.endsWith(" ...") ? shown[index]!.length - 4 : undefined;
      return cut === undefined ? line : `${line.slice(0, cut)} ...`;
    });
    expect(kept).toEqual(shown);
  });

  it.each(handshakes)("judges a handshake with $verdict", ({ request, response, verdict }) => {
    const { findings } = inspectHandshake(request, response);
    expect(findings.map(({ failure }) => `\`${failure.name}\``).join(" ")).toBe(verdict);
  });

  it("has the accept value of an empty key", async () => {
    const { computeAccept } = await import("@antiphon/websocket/frames");
    expect(page).toContain(computeAccept(""));
  });
});
