/** What an examination gives: one check after the other, and at the end a conclusion. The renderers take nothing else. */
import type { Failure } from "@antiphon/websocket";

/** The parts of an examination, in their order. */
export type Step =
  | "url"
  | "dns"
  | "tcp"
  | "proxy"
  | "tls"
  | "http"
  | "101"
  | "frames"
  | "pusher"
  | "ping"
  | "idle"
  | "close"
  | "masking";

/** `note` tells something that is neither right nor wrong. */
export type Verdict = "passed" | "failed" | "warning" | "note";

/** One line of the report. */
export interface Check {
  readonly step: Step;
  readonly verdict: Verdict;
  /** What was seen: one line, safe for a terminal, without secrets. */
  readonly text: string;
  readonly ms?: number;
  /** Why it failed, or what the warning is about. */
  readonly failure?: Failure;
}

export interface Conclusion {
  /** Nothing failed; there may be warnings. */
  readonly works: boolean;
  /** One sentence: that it works, or what is wrong, whose fault it is, and the fix. */
  readonly sentence: string;
  /** What the sentence is about; `undefined` if nothing is wrong. */
  readonly failure?: Failure;
}

export interface Report {
  /** Without credentials. */
  readonly url: string;
  readonly checks: readonly Check[];
  readonly conclusion: Conclusion;
}

/** Collects checks, and hands each on at once, since some take their time. */
export class Findings {
  readonly checks: Check[] = [];
  readonly #onCheck: (check: Check) => void;

  constructor(onCheck: (check: Check) => void) {
    this.#onCheck = onCheck;
  }

  /** Something has failed already: what comes now may be its consequence. */
  get hasFailed(): boolean {
    return this.checks.some(({ verdict }) => verdict === "failed");
  }

  passed(step: Step, text: string, ms?: number): void {
    this.#add({ step, verdict: "passed", text, ...(ms !== undefined && { ms }) });
  }

  note(step: Step, text: string, ms?: number): void {
    this.#add({ step, verdict: "note", text, ...(ms !== undefined && { ms }) });
  }

  /** A failure as its severity says: only a fatal one fails the check. */
  failed(step: Step, failure: Failure, ms?: number): void {
    const verdict = { fatal: "failed", warning: "warning", info: "note" } as const;
    const check = { step, verdict: verdict[failure.severity], text: failure.message, failure };
    this.#add({ ...check, ...(ms !== undefined && { ms }) });
  }

  #add(check: Check): void {
    this.checks.push(check);
    this.#onCheck(check);
  }
}
