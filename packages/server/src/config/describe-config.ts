/**
 * Walks the schema and gives one row per setting: its path, and what follows from the path (environment name, flag) and
 * from the schema (type, default, documentation). Read by the sources, the command line and the generated docs.
 */

import { z } from "zod";
import type { SettingMeta } from "./setting.ts";

/** How text from the environment or a flag becomes a value. */
export type SettingKind = "text" | "number" | "boolean" | "choice" | "texts" | "json";

/** One setting. In names and paths an item of a list stands as `*`, or as `0` where an example is wanted. */
export interface SettingDescription {
  /** Segments of the path; `*` stands for any index of a list. */
  readonly segments: readonly string[];
  /** For people: `server.port`, `apps[].key`. */
  readonly path: string;
  /** For people: `ANTIPHON_SERVER_PORT`, `ANTIPHON_APPS_0_KEY`. */
  readonly env: string;
  /** `--port`; only settings of the whole server have one, and secrets never do. */
  readonly flag?: string;
  readonly kind: SettingKind;
  /** The accepted values in words. */
  readonly type: string;
  readonly required: boolean;
  readonly default?: unknown;
  readonly profileDefaults: NonNullable<SettingMeta["profileDefaults"]>;
  readonly description: string;
  /** Masked wherever it is shown. */
  readonly secret: boolean;
  /** Only the user and password inside a URL are secret. */
  readonly holdsCredentials: boolean;
}

interface Unwrapped {
  readonly inner: z.ZodType;
  readonly meta: Partial<SettingMeta>;
  readonly optional: boolean;
  readonly default?: unknown;
}

/** Peels defaults and optionals off a schema, keeping what they say. */
function unwrap(schema: z.ZodType): Unwrapped {
  // The sections attach nothing but this type.
  const meta = (schema.meta() ?? {}) as Partial<SettingMeta>;
  if (schema instanceof z.ZodDefault) {
    const below = unwrap(schema.unwrap() as z.ZodType);
    return { ...below, meta: { ...below.meta, ...meta }, optional: true, default: schema.def.defaultValue };
  }
  if (
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodOptional
  ) {
    const below = unwrap(schema.unwrap() as z.ZodType);
    return { ...below, meta: { ...below.meta, ...meta }, optional: true };
  }
  return { inner: schema, meta, optional: false };
}

function describeRange(schema: z.ZodNumber): string {
  const { minValue, maxValue } = schema;
  const bounded = maxValue !== null && maxValue < Number.MAX_SAFE_INTEGER;
  return bounded ? `a whole number from ${minValue} to ${maxValue}` : `a whole number, ${minValue} or more`;
}

/** Text becomes what the first alternative wants; where it does not convert, it stays for the others. */
function describeUnion(schema: z.ZodUnion): { kind: SettingKind; type: string } {
  const alternatives = schema.options.map((option) => describeType(option as z.ZodType));
  return { kind: alternatives[0]?.kind ?? "text", type: alternatives.map(({ type }) => type).join(", or ") };
}

function describeType(schema: z.ZodType): { kind: SettingKind; type: string } {
  if (schema instanceof z.ZodNumber) return { kind: "number", type: describeRange(schema) };
  if (schema instanceof z.ZodUnion) return describeUnion(schema);
  if (schema instanceof z.ZodLiteral) return { kind: "choice", type: [...schema.values].join(", ") };
  if (schema instanceof z.ZodBoolean) return { kind: "boolean", type: "true or false" };
  if (schema instanceof z.ZodEnum) return { kind: "choice", type: `one of ${schema.options.join(", ")}` };
  if (schema instanceof z.ZodURL) return { kind: "text", type: "a URL" };
  if (schema instanceof z.ZodString) return { kind: "text", type: "text" };
  if (schema instanceof z.ZodRecord) return { kind: "json", type: "an object of texts" };
  if (schema instanceof z.ZodArray) {
    const item = schema.element;
    if (item instanceof z.ZodObject) return { kind: "json", type: "a list of objects" };
    if (item instanceof z.ZodEnum) return { kind: "texts", type: `a list of ${item.options.join(", ")}` };
    return { kind: "texts", type: "a list of texts" };
  }
  throw new TypeError(`The configuration schema uses ${schema.constructor.name}, which has no text form`);
}

const toKebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const toConstant = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** Environment name of a path; list indexes stand as they are given, `*` included. */
export function formatEnvName(segments: readonly (string | number)[]): string {
  return ["ANTIPHON", ...segments.map((segment) => toConstant(String(segment)))].join("_");
}

/** `server.port`, `apps[0].key`; `*` becomes `[]`. */
export function formatPath(segments: readonly (string | number)[]): string {
  let text = "";
  for (const segment of segments) {
    if (segment === "*") text += "[]";
    else if (typeof segment === "number") text += `[${segment}]`;
    else text += text === "" ? segment : `.${segment}`;
  }
  return text;
}

function formatFlag(segments: readonly string[]): string {
  const [section, ...rest] = segments;
  return `--${(section === "server" ? rest : segments).map(toKebab).join("-")}`;
}

function describeLeaf(segments: readonly string[], unwrapped: Unwrapped): SettingDescription {
  const { kind, type } = describeType(unwrapped.inner);
  const secret = unwrapped.meta.writeOnly === true;
  const hasFlag = !secret && kind !== "json" && !segments.includes("*");
  return {
    segments,
    path: formatPath(segments),
    env: formatEnvName(segments.map((segment) => (segment === "*" ? "0" : segment))),
    ...(hasFlag && { flag: formatFlag(segments) }),
    kind,
    type,
    required: !unwrapped.optional,
    ...(unwrapped.default !== undefined && { default: unwrapped.default }),
    profileDefaults: unwrapped.meta.profileDefaults ?? {},
    description: unwrapped.meta.description ?? "",
    secret,
    holdsCredentials: unwrapped.meta.holdsCredentials === true,
  };
}

function* walk(schema: z.ZodType, segments: readonly string[]): Generator<SettingDescription> {
  const unwrapped = unwrap(schema);
  const { inner } = unwrapped;
  if (inner instanceof z.ZodObject) {
    for (const [key, child] of Object.entries(inner.shape))
      yield* walk(child as z.ZodType, [...segments, key]);
    return;
  }
  yield describeLeaf(segments, unwrapped);
  if (inner instanceof z.ZodArray && inner.element instanceof z.ZodObject) {
    yield* walk(inner.element, [...segments, "*"]);
  }
}

/** One row per setting, in the order of the schema. A list of objects has a row itself, and one for each item's setting. */
export function describeConfig(schema: z.ZodType): readonly SettingDescription[] {
  return [...walk(schema, [])];
}
