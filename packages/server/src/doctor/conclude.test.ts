import { engineFailures } from "@antiphon/websocket";
import { describe, expect, it } from "vitest";
import { conclude } from "./conclude.ts";
import { Findings } from "./report.ts";

const refused = engineFailures.create("tcp-connect-refused", { address: "127.0.0.1:1" });
const warning = { ...refused, severity: "warning" } as const;

function concludeAfter(report: (findings: Findings) => void) {
  const findings = new Findings(() => {});
  report(findings);
  return conclude(findings.checks);
}

describe("the conclusion", () => {
  it("is that it works if everything passed", () => {
    const conclusion = concludeAfter((findings) => {
      findings.passed("tcp", "connected");
      findings.note("http", "Server: x");
    });
    expect(conclusion).toEqual({ works: true, sentence: "It works: every check passed." });
  });

  it("says of a failure what happened, its name, whose fault it is and the fix, in one sentence", () => {
    expect(concludeAfter((findings) => findings.failed("tcp", refused)).sentence).toBe(
      "It does not work: Nothing listens at 127.0.0.1:1 [tcp-connect-refused], the fault of the server (proved); start the server, or correct the port.",
    );
  });

  it("is about the first failure, whatever warnings came before it", () => {
    const later = engineFailures.create("close-without-frame");
    const { works, failure } = concludeAfter((findings) => {
      findings.failed("tcp", warning);
      findings.failed("http", refused);
      findings.failed("close", later);
    });
    expect([works, failure]).toEqual([false, refused]);
  });

  it("works with warnings, and tells the first of them", () => {
    const two = concludeAfter((findings) => {
      findings.failed("tcp", warning);
      findings.failed("tcp", warning);
    });
    expect(two.works).toBe(true);
    expect(two.sentence).toMatch(/^It works, with 2 warnings; the first: Nothing listens/);
    expect(concludeAfter((findings) => findings.failed("tcp", warning)).sentence).toMatch(
      /^It works, with one warning: Nothing listens/,
    );
  });

  it("takes a failure that is only informative for a note", () => {
    const conclusion = concludeAfter((findings) => findings.failed("tcp", { ...refused, severity: "info" }));
    expect(conclusion.works).toBe(true);
    expect(conclusion.failure).toBeUndefined();
  });
});
