import { describe, expect, it } from "vitest";
import {
  judgeChosenSubprotocol,
  judgeSubprotocolOverlap,
  selectSubprotocol,
  takeSubprotocolToken,
} from "./subprotocol.ts";

describe("subprotocol selection (RFC 6455 §4.2.2)", () => {
  it("takes the server's first choice among the offered names", () => {
    expect(selectSubprotocol(["a", "b", "c"], ["c", "b"], { preference: "server" })).toBe("c");
  });

  it("takes the client's first choice among the supported names if told so", () => {
    expect(selectSubprotocol(["a", "b", "c"], ["c", "b"], { preference: "client" })).toBe("b");
  });

  it.each(["server", "client"] as const)(
    "never selects a name that only one side knows (%s)",
    (preference) => {
      expect(selectSubprotocol(["evil"], ["chat"], { preference })).toBeUndefined();
      expect(selectSubprotocol([], ["chat"], { preference })).toBeUndefined();
      expect(selectSubprotocol(["Chat"], ["chat"], { preference })).toBeUndefined();
    },
  );

  it("warns if there is nothing in common, and refuses with 400 if a subprotocol is required", () => {
    const optional = judgeSubprotocolOverlap(["a"], ["b"], { selected: undefined, required: false });
    expect(optional).toMatchObject({ name: "handshake-subprotocol-no-overlap", severity: "warning" });
    const required = judgeSubprotocolOverlap(["a"], ["b"], { selected: undefined, required: true });
    expect(required).toMatchObject({
      name: "handshake-subprotocol-no-overlap",
      severity: "fatal",
      httpStatus: 400,
    });
  });

  it("has no fault to find if one was selected, or none offered and none required", () => {
    expect(judgeSubprotocolOverlap(["a"], ["a"], { selected: "a", required: true })).toBeUndefined();
    expect(judgeSubprotocolOverlap([], ["a"], { selected: undefined, required: false })).toBeUndefined();
  });

  it("refuses a client that offers nothing if a subprotocol is required", () => {
    const failure = judgeSubprotocolOverlap([], ["a"], { selected: undefined, required: true });
    expect(failure?.severity).toBe("fatal");
  });

  it("holds a hook to the offered names", () => {
    expect(judgeChosenSubprotocol(["a", "b"], "b")).toBeUndefined();
    expect(judgeChosenSubprotocol(["a", "b"], "a, b")).toMatchObject({
      name: "handshake-hook-unoffered-subprotocol",
      httpStatus: 500,
    });
  });

  it("takes a bearer token out of the offered names", () => {
    expect(takeSubprotocolToken(["chat", "bearer.s3cret"], "bearer.")).toEqual({
      token: "s3cret",
      offered: ["chat"],
    });
    expect(takeSubprotocolToken(["chat"], "bearer.")).toEqual({ token: undefined, offered: ["chat"] });
  });
});
