/** A row of the table of faults: something real that is wrong, and what Antiphon has to say about it. */
import type { ExamineOptions } from "../../packages/server/src/doctor/examination.ts";
import type { ProxyName } from "../support/proxy-program.ts";
import type { ClientLab } from "./client-lab.ts";
import type { ServerLab } from "./server-lab.ts";

/** What has to be said. */
export interface Expected {
  readonly failure: string;
  /** As people read it: `the fault of a proxy (likely)`. */
  readonly fault: string;
  /** A part of the fix. */
  readonly fix: string;
}

interface FaultRow {
  /** What is wrong, as a heading of the reference. */
  readonly title: string;
  readonly expected: Expected;
}

/** What `antiphon doctor` is pointed at. */
export interface DoctorTarget {
  readonly url: string;
  readonly options?: Partial<ExamineOptions>;
}

/** A server, proxy or network that is wrong: `antiphon doctor` names it. */
export interface ServerFault extends FaultRow {
  readonly seenBy: "doctor";
  /** A program without which it cannot be made. */
  readonly needs?: ProxyName | "openssl";
  readonly arrange: (lab: ServerLab) => Promise<DoctorTarget> | DoctorTarget;
}

/** A client that is wrong: the server's log names it. */
export interface ClientFault extends FaultRow {
  readonly seenBy: "server log";
  readonly act: (lab: ClientLab) => Promise<void> | void;
}

export type Fault = ServerFault | ClientFault;

/** Faults with a common heading. */
export interface FaultGroup {
  readonly title: string;
  readonly faults: readonly Fault[];
}
