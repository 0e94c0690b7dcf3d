/**
 * The shape of everything that can go wrong, and the catalogue that makes such values.
 *
 * A failure is a value, not an exception: the protocol reports it, the shell decides. Logs, metric labels, HTTP
 * error bodies, close reasons and the docs are all rendered from it. Packages add phases of their own with
 * {@link defineFailures}; names are unique over all catalogues and never renamed.
 */

/** Whose part has to change for the failure to go away. */
export type Fault = "client" | "server" | "proxy" | "network" | "operator" | "application" | "nobody";

/** What a client may do after it: `never` helps, only `after-change`, with `backoff`, or `now`. */
export type RetryAdvice = "never" | "after-change" | "backoff" | "now" | "not-applicable";

/** Facts that prove the failure. Never a secret, never a message payload; at most 64 bytes of hex. */
export type Evidence = Readonly<Record<string, string | number | boolean | undefined>>;

/** One catalogue entry. `E` is the evidence that `explain` needs. */
export interface FailureDefinition<E extends Evidence = Evidence> {
  /** Where in the life of a connection it happens: `request`, `frame`, `close`, `pusher`, … */
  readonly phase: string;
  /** Most likely first; several where one side cannot tell them apart. */
  readonly faults: readonly [Fault, ...Fault[]];
  /** `proved` only if the bytes on the wire show it. */
  readonly certainty: "proved" | "likely";
  /** Only `fatal` ends anything. */
  readonly severity: "fatal" | "warning" | "info";
  /** The rule that was broken, for example `RFC 6455 §5.1`. */
  readonly spec: string;
  /** HTTP status of the refusal, where the failure is answered over HTTP. */
  readonly httpStatus?: number;
  /** Close code that is sent, where the failure ends an open connection. */
  readonly closeCode?: number;
  readonly retry: RetryAdvice;
  /** One sentence: what happened, from the evidence. */
  readonly explain: (evidence: E) => string;
  /** One sentence: what to do about it. */
  readonly fix: string;
}

/** A failure that happened: its definition and the evidence. JSON-safe but for `explain`, which is not carried. */
export interface Failure<Name extends string = string> {
  readonly name: Name;
  readonly phase: string;
  readonly faults: readonly [Fault, ...Fault[]];
  readonly certainty: "proved" | "likely";
  readonly severity: "fatal" | "warning" | "info";
  readonly spec: string;
  readonly httpStatus?: number;
  readonly closeCode?: number;
  readonly retry: RetryAdvice;
  readonly evidence: Evidence;
  /** What happened, in one sentence. */
  readonly message: string;
  /** What to do about it, in one sentence. */
  readonly fix: string;
}

// The evidence type stands in parameter position, so only `never` accepts every definition.
type AnyDefinition = FailureDefinition<never>;
type EvidenceOf<D> = D extends FailureDefinition<infer E> ? E : never;

/** Declares one entry with typed evidence; `explain` gets exactly what {@link Catalogue.create} demands. */
export function defineFailure<E extends Evidence = Evidence>(
  definition: FailureDefinition<E>,
): FailureDefinition<E> {
  return definition;
}

// Entries without evidence need no argument; inferred in place, their evidence type is `never`.
type EvidenceArguments<E> = [E] extends [never]
  ? [evidence?: Evidence]
  : Partial<E> extends E
    ? [evidence?: E]
    : [evidence: E];

/** A set of failure definitions by name. */
export interface Catalogue<Definitions extends Record<string, AnyDefinition>> {
  readonly definitions: Definitions;
  /** Makes the failure value of this name from its evidence. */
  create<Name extends keyof Definitions & string>(
    name: Name,
    ...evidence: EvidenceArguments<EvidenceOf<Definitions[Name]>>
  ): Failure<Name>;
}

/** Makes a catalogue of entries. */
export function defineFailures<const Definitions extends Record<string, AnyDefinition>>(
  definitions: Definitions,
): Catalogue<Definitions> {
  // What all failures of a name have in common. Taken apart once: a client that just goes away makes one as well.
  const templates = new Map<string, Omit<FailureDefinition, "explain">>();
  return {
    definitions,
    create(name, ...[evidence]) {
      const definition = definitions[name] as unknown as FailureDefinition;
      let template = templates.get(name);
      if (template === undefined) {
        const { explain: _, ...constant } = definition;
        template = constant;
        templates.set(name, template);
      }
      const facts: Evidence = evidence ?? {};
      return { name, ...template, evidence: facts, message: definition.explain(facts) };
    },
  };
}

/** The one error class: thrown where the caller is wrong, or where a promise cannot be kept. Match `code`. */
export class FailureError extends Error {
  override readonly name = "FailureError";
  /** The catalogue name, for example `close-reason-too-long`. */
  readonly code: string;
  readonly failure: Failure;

  constructor(failure: Failure, options?: { cause?: unknown }) {
    super(`${failure.name}: ${failure.message} ${failure.fix}`, options);
    this.code = failure.name;
    this.failure = failure;
  }
}
