/** Whose fault a failure is, in words. Shared by everything that prints failures to people. */
import type { Failure, Fault, RetryAdvice } from "@antiphon/websocket";

const people: Readonly<Record<Fault, string>> = {
  client: "the client",
  server: "the server",
  proxy: "a proxy",
  network: "the network",
  operator: "the operator",
  application: "the application",
  nobody: "nobody",
};

/** For example `the fault of the client (proved)`, or with two candidates `the fault of the client or a proxy (likely)`. */
export function describeFault({ faults, certainty }: Pick<Failure, "faults" | "certainty">): string {
  if (faults[0] === "nobody") return "nobody's fault";
  const names = faults.map((fault) => people[fault]);
  const listed =
    names.length < 3 ? names.join(" or ") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
  return `the fault of ${listed} (${certainty})`;
}

const advice: Readonly<Record<RetryAdvice, string>> = {
  never: "does not help",
  "after-change": "helps only after something was changed",
  backoff: "helps after a while; wait longer each time",
  now: "helps at once",
  "not-applicable": "does not apply",
};

/** Whether another attempt helps, as a sentence without its beginning: another attempt … */
export function describeRetry(retry: RetryAdvice): string {
  return advice[retry];
}
