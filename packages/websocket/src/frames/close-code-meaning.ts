/** What a close code says, in words (RFC 6455 §7.4, IANA registry). For logs, tools and people. */
import { type CloseCodeFault, judgeCloseCode } from "../protocol/close-codes.ts";

export interface CloseCodeMeaning {
  readonly code: number;
  /** Two or three words. */
  readonly name: string;
  /** One sentence. */
  readonly meaning: string;
  /** Why the code must not stand in a Close frame; absent if it may. */
  readonly fault?: CloseCodeFault;
}

const registered: ReadonlyMap<number, readonly [name: string, meaning: string]> = new Map([
  [1000, ["normal", "The purpose of the connection is fulfilled."]],
  [1001, ["going away", "The page was left, or the server goes down."]],
  [1002, ["protocol error", "The sender of this Close found the other side's frames to break RFC 6455."]],
  [1003, ["unsupported data", "A type of message came that the endpoint does not take."]],
  [1004, ["reserved", "Reserved; nobody may send it."]],
  [1005, ["no status", "Local marker: a Close frame came without a code. Never on the wire."]],
  [1006, ["abnormal", "Local marker: TCP ended without a Close frame. Never on the wire."]],
  [1007, ["invalid data", "A message was not what it claimed: bad UTF-8 or bad compressed data."]],
  [1008, ["policy violation", "Refused by a policy that no other code describes."]],
  [1009, ["too big", "A message or frame is larger than the receiver takes."]],
  [1010, ["mandatory extension", "The client needs an extension that the server did not accept."]],
  [1011, ["internal error", "The sender of this Close met an error of its own."]],
  [1012, ["service restart", "The server restarts; come back after a short random wait."]],
  [1013, ["try again later", "The server is overloaded; come back later."]],
  [1014, ["bad gateway", "A gateway got no usable answer from the server behind it."]],
  [1015, ["TLS failure", "Local marker: TLS could not be set up. Never on the wire."]],
  [3000, ["unauthorized", "Credentials are missing or not good enough."]],
  [3003, ["forbidden", "The client may not do this."]],
  [3008, ["timeout", "Nothing came for too long."]],
]);

/** Describes any number as a close code. */
export function describeCloseCode(code: number): CloseCodeMeaning {
  const [name, meaning] = registered.get(code) ?? describeRange(code);
  const fault = judgeCloseCode(code);
  return { code, name, meaning, ...(fault && { fault }) };
}

function describeRange(code: number): readonly [name: string, meaning: string] {
  if (code >= 3000 && code <= 3999)
    return ["registered code", "Look it up in the IANA registry of close codes."];
  if (code >= 4000 && code <= 4999) return ["application code", "Its meaning is the application's own."];
  return ["not a close code", "Nobody may send it."];
}
