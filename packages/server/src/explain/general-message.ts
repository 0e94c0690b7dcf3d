/**
 * The sentence of a catalogue entry for readers who have no failure at hand, only its name: facts that the sentence can do
 * without are left out, and `{limit}` stands for one that it needs.
 */
import type { Evidence, FailureDefinition } from "@antiphon/websocket";

type Explain = FailureDefinition["explain"];

/** What a missing fact looks like in a sentence: as text, and after arithmetic. */
const hole = /undefined|NaN/;

/** Explains an entry without evidence. */
export function explainInGeneral({ explain }: Pick<FailureDefinition, "explain">): string {
  const facts = collectFacts(explain);
  const needed = new Set(facts);
  for (const fact of facts) {
    needed.delete(fact);
    const sentence = explainWith(explain, needed);
    if (sentence === undefined || hole.test(sentence)) needed.add(fact);
  }
  return (
    (explainWith(explain, needed) ?? "")
      // A number that was worked out of a fact has lost the fact's name.
      .replaceAll("NaN", "{number}")
      // Opcodes without a name of their own are called by their number; here it stands for text, ping and the like.
      .replaceAll(/\bopcode (?=\{opcode\} (?:frame|message))/g, "")
  );
}

/** The facts that the entry asks for, with and without the others. */
function collectFacts(explain: Explain): Set<string> {
  const facts = new Set<string>();
  for (let known = -1; known < facts.size; ) {
    known = facts.size;
    explainWith(explain, new Set(facts), (fact) => facts.add(fact));
  }
  return facts;
}

/** `undefined` where the sentence cannot be made without a fact. */
function explainWith(
  explain: Explain,
  given: ReadonlySet<string>,
  onAsked: (fact: string) => void = () => {},
): string | undefined {
  const evidence: Evidence = new Proxy<Evidence>(
    {},
    {
      get: (_, fact) => {
        onAsked(String(fact));
        if (!given.has(String(fact))) return undefined;
        // A hint is a half-sentence that an entry may add.
        return fact === "hint" ? "" : `{${String(fact)}}`;
      },
    },
  );
  try {
    return explain(evidence);
  } catch {
    // It works on the fact, and cannot do so on nothing.
    return undefined;
  }
}
