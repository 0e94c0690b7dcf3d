/** The error for a frame that the caller must not build: the same name as when a peer had sent it. */
import { type Failure, FailureError } from "../failures/failure.ts";

/** Wraps a failure of the wire as the caller's own: nothing was sent, so no close code goes with it. */
export function blameCaller(failure: Failure): FailureError {
  const { closeCode: _, ...rest } = failure;
  return new FailureError({ ...rest, faults: ["application"], retry: "not-applicable" });
}
