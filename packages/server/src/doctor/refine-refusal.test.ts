import { engineFailures } from "@antiphon/websocket";
import { describe, expect, it } from "vitest";
import { refineRefusal } from "./refine-refusal.ts";

function refine(status: number, body: string, rawHeaders: readonly string[] = []) {
  const names = {
    400: "response-bad-request",
    404: "response-not-found",
    426: "response-upgrade-required",
    503: "response-unavailable",
  } as const;
  const failure =
    status === 426
      ? engineFailures.create("response-upgrade-required", { status, versions: undefined })
      : engineFailures.create(names[status as 400 | 404], { status });
  const head = { httpVersion: "1.1", status, reasonPhrase: "", rawHeaders };
  const fingerprints = rawHeaders.includes("nginx") ? [{ product: "nginx" as const, shownBy: "" }] : [];
  return refineRefusal(failure, { head, body, fingerprints });
}

const named = (name: string): string => `${name}\nSome fix.\nThe request is odd.\n`;

describe("a refusal", () => {
  it.each([
    ["handshake-not-an-upgrade", "proxy-stripped-upgrade"],
    ["proxy-stripped-upgrade", "proxy-stripped-upgrade"],
    ["handshake-http-version-too-low", "proxy-http10-upstream"],
    ["handshake-connection-token-missing", "handshake-connection-token-missing"],
  ])("of our server with the name %s proves that a proxy changed the request: %s", (name, expected) => {
    const failure = refine(426, named(name), ["Server", "nginx"]);
    expect([failure.name, failure.faults, failure.certainty]).toEqual([expected, ["proxy"], "proved"]);
    expect(failure.message).toBe("What was sent and what reached the server differ: the request is odd.");
    expect(failure.fix).toContain('proxy_set_header Connection "upgrade";');
  });

  it("of our server for another reason keeps its name, fault and sentence", () => {
    const failure = refine(400, named("handshake-origin-malformed"));
    expect([failure.name, failure.faults]).toEqual(["handshake-origin-malformed", ["client"]]);
    expect(failure.message).toBe("The request is odd.");
  });

  it.each(["not-a-name\n", "constructor\n", "", "<html>"])("with the body %j names nothing", (body) => {
    expect(refine(404, body).name).toBe("response-not-found");
  });

  it("with 426 for version 13 is likely a proxy's fault; for another version it is not", () => {
    expect(refine(426, "").name).toBe("proxy-stripped-upgrade");
    expect(refine(426, "").certainty).toBe("likely");
    expect(refine(426, "", ["Sec-WebSocket-Version", "8, 7"]).name).toBe("response-upgrade-required");
  });

  it.each([
    'Can "Upgrade" only to "WebSocket".',
    "'upgrade' token not found in 'Connection' header",
    "Upgrade Required",
  ])("with 400 and the body %j means that no upgrade was seen", (body) => {
    expect(refine(400, body).name).toBe("proxy-stripped-upgrade");
  });

  it("quotes a body that says more, without its markup", () => {
    expect(refine(400, "<h1>Bad\nkey</h1>").message).toBe(
      'The server answered 400: it found the handshake request wrong; its body says "Bad key".',
    );
  });
});
