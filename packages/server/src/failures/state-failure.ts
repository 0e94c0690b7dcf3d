/**
 * A failure that another program has stated: its name or code and its sentence in, the value with everything that the
 * catalogue knows about it out. For tools that read answers of a server and have none of its evidence.
 */
import type { Catalogue, Failure, FailureDefinition } from "@antiphon/websocket";

type AnyCatalogue = Pick<Catalogue<Record<string, FailureDefinition<never>>>, "definitions">;

/** `message` is the other program's; `undefined` if the catalogue has no such name. */
export function stateFailure(catalogue: AnyCatalogue, name: string, message: string): Failure | undefined {
  if (!Object.hasOwn(catalogue.definitions, name)) return undefined;
  const { explain: _, ...definition } = catalogue.definitions[name]!;
  // Some answers hold the fix behind the sentence.
  const sentence = message.replace(definition.fix, "").trim();
  return { name, ...definition, evidence: {}, message: sentence };
}
