/** A catalogue entry as `explain` and the reference show it: everything but the function, and a sentence without evidence. */
import type { Failure, FailureDefinition } from "@antiphon/websocket";
import { allFailures } from "../failures/all-failures.ts";
import { explainInGeneral } from "./general-message.ts";

/** JSON-safe. */
export type FailureText = Omit<Failure, "evidence">;

/** `undefined` for a name that is in no catalogue. */
export function findFailureText(name: string): FailureText | undefined {
  const definition = allFailures.get(name);
  return definition && describeDefinition(name, definition);
}

/** For names that are known to be in a catalogue, as those in the tables here: the others are left out. */
export function listFailureTexts(names: readonly string[]): FailureText[] {
  return names.map(findFailureText).filter((text) => text !== undefined);
}

export function describeDefinition(name: string, definition: FailureDefinition): FailureText {
  const { explain: _, ...facts } = definition;
  return { name, ...facts, message: explainInGeneral(definition) };
}
