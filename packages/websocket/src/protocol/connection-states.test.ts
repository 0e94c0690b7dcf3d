import { describe, expect, it } from "vitest";
import {
  type ConnectionState,
  type StateRights,
  type StateTrigger,
  stateRights,
  transitions,
} from "./connection-states.ts";

const states: readonly ConnectionState[] = ["open", "closing-local", "closing-remote", "failing", "closed"];
const triggers: readonly StateTrigger[] = ["close-sent", "close-received", "failure", "transport-ended"];

function mayDo(right: keyof StateRights): ConnectionState[] {
  return states.filter((state) => stateRights[state][right]);
}

describe("the life of a connection (RFC 6455 §7.1)", () => {
  it.each([
    ["open", ["closing-local", "closing-remote", "failing", "closed"]],
    ["closing-local", [undefined, "closing-remote", "failing", "closed"]],
    ["closing-remote", [undefined, undefined, undefined, "closed"]],
    ["failing", [undefined, undefined, undefined, "closed"]],
    ["closed", [undefined, undefined, undefined, undefined]],
  ] as const)("leads from %s to %j", (state, targets) => {
    expect(triggers.map((trigger) => transitions[state][trigger])).toEqual(targets);
  });

  it("never comes back to a state that it has left", () => {
    for (const state of states) {
      const reachable = new Set<ConnectionState>();
      const visit = (from: ConnectionState): void => {
        for (const target of Object.values(transitions[from])) {
          if (reachable.has(target)) continue;
          reachable.add(target);
          visit(target);
        }
      };
      visit(state);
      expect(reachable.has(state)).toBe(false);
    }
  });

  it("sends messages only while open, and pongs until the last Close frame", () => {
    expect(mayDo("sendsMessages")).toEqual(["open"]);
    expect(mayDo("sendsPings")).toEqual(["open"]);
    expect(mayDo("sendsPongs")).toEqual(["open", "closing-local"]);
    expect(mayDo("readsFrames")).toEqual(["open", "closing-local"]);
  });

  it("answers pings wherever it reads frames", () => {
    for (const state of states) expect(stateRights[state].sendsPongs).toBe(stateRights[state].readsFrames);
  });
});
