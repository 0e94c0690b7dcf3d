/** What a close code means: the registry's words, what the engine and the server use it for, and what pusher-js does. */
import { type CloseCodeMeaning, describeCloseCode } from "@antiphon/websocket/frames";
import { nameReceivedClose } from "@antiphon/websocket/inspect";
import { allFailures } from "../failures/all-failures.ts";
import { abnormalCloseSteps, type DecisionStep } from "./abnormal-close.ts";
import { type FailureText, findFailureText, listFailureTexts } from "./failure-text.ts";
import { describePusherReaction } from "./pusher-reaction.ts";

export interface CloseCodeExplanation {
  readonly kind: "close-code";
  readonly code: number;
  /** Two or three words. */
  readonly name: string;
  readonly meaning: string;
  /** Whether it may stand in a Close frame. */
  readonly onWire: boolean;
  /** What it means to somebody who receives it; for numbers that nobody may send, what is wrong with that. */
  readonly received: FailureText | undefined;
  /** The failures that this engine and this server answer with it. */
  readonly sentFor: readonly FailureText[];
  readonly pusherJs: string | undefined;
  /** For 1006: how to find out what is behind it. */
  readonly steps: readonly (Omit<DecisionStep, "names"> & { readonly failures: readonly FailureText[] })[];
}

/** Explains any number as a close code. */
export function explainCloseCode(code: number): CloseCodeExplanation {
  const meaning = describeCloseCode(code);
  const sentFor = [...allFailures]
    .filter(([, { closeCode, severity }]) => closeCode === code && severity === "fatal")
    .map(([name]) => name);
  return {
    kind: "close-code",
    code,
    name: meaning.name,
    meaning: meaning.meaning,
    onWire: meaning.fault === undefined,
    received: describeReceived(meaning),
    sentFor: listFailureTexts(sentFor),
    pusherJs: describePusherReaction(code),
    steps: code === 1006 ? listSteps() : [],
  };
}

function describeReceived({ code, fault }: CloseCodeMeaning): FailureText | undefined {
  if (code === 1015) return findFailureText("tls-failed");
  // The local markers 1005 and 1006 have a meaning for whoever reads them in a log.
  if (fault !== undefined && code !== 1005 && code !== 1006) return findFailureText(fault);
  const { name, message } = nameReceivedClose(code, "");
  const text = findFailureText(name);
  return text && { ...text, message };
}

function listSteps(): CloseCodeExplanation["steps"] {
  return abnormalCloseSteps.map(({ question, names }) => ({ question, failures: listFailureTexts(names) }));
}
