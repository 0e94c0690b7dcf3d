/**
 * Collects settings from several sources, weakest first, into one tree, and remembers for every value where it came
 * from. Filled by the sources, read by `loadConfig`.
 */

import { normalizeAppSetting } from "./app-spellings.ts";
import { formatPath } from "./describe-config.ts";
import type { SettingPath } from "./setting-index.ts";

type Container = Record<string | number, unknown>;

function isContainer(value: unknown): value is Container {
  return typeof value === "object" && value !== null;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return isContainer(value) && !Array.isArray(value);
}

/** Lists of numbers, texts and the like are one value; objects and lists of objects are taken apart. */
function isTakenApart(value: unknown): value is Container {
  if (Array.isArray(value)) return value.length > 0 && value.every(isPlainObject);
  return isPlainObject(value) && Object.keys(value).length > 0;
}

function createContainer(firstKey: string | number | undefined): Container {
  // Lists are containers with numbers for keys.
  return typeof firstKey === "number" ? ([] as unknown as Container) : (Object.create(null) as Container);
}

/** One tree of settings from all sources; later calls are stronger. */
export class LayeredSettings {
  /** Has no prototype, as keys come from files: `__proto__` is an unknown key like any other. */
  readonly tree: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  readonly #origins = new Map<string, string>();

  /** Sets a value, or every value inside it. A list replaces an earlier list as a whole; objects are merged. */
  set(path: SettingPath, value: unknown, origin: string): void {
    if (isTakenApart(value)) {
      if (Array.isArray(value)) this.#remove(path);
      const entries: [string | number, unknown][] = Array.isArray(value)
        ? [...value.entries()]
        : Object.entries(value);
      for (const [key, child] of entries) this.set([...path, key], child, origin);
      return;
    }
    const normalized = normalizeAppSetting(path, value);
    if (normalized === undefined) return;
    if (isTakenApart(normalized.value)) this.set(normalized.path, normalized.value, origin);
    else this.#write(normalized.path, normalized.value, origin);
  }

  /** Sets a value unless a stronger source did. */
  setIfAbsent(path: SettingPath, value: unknown, origin: string): void {
    if (this.get(path) === undefined) this.set(path, value, origin);
  }

  get(path: SettingPath): unknown {
    let value: unknown = this.tree;
    for (const segment of path) {
      if (!isContainer(value) || !Object.hasOwn(value, segment)) return undefined;
      value = value[segment];
    }
    return value;
  }

  /** How many items the list at a path has. */
  count(path: SettingPath): number {
    const value = this.get(path);
    return Array.isArray(value) ? value.length : 0;
  }

  /** Where the value at a path came from; of an object, where its first value came from. */
  findOrigin(path: SettingPath): string | undefined {
    const name = formatPath(path);
    const exact = this.#origins.get(name);
    if (exact !== undefined) return exact;
    for (const [known, origin] of this.#origins) {
      if (known.startsWith(`${name}.`) || known.startsWith(`${name}[`)) return origin;
    }
    // An item of a list that is one value.
    return typeof path.at(-1) === "number" ? this.#origins.get(formatPath(path.slice(0, -1))) : undefined;
  }

  #write(path: SettingPath, value: unknown, origin: string): void {
    let container: Container = this.tree;
    for (const [depth, segment] of path.slice(0, -1).entries()) {
      const child = Object.hasOwn(container, segment) ? container[segment] : undefined;
      // A wrong value higher up stays, so that the schema reports it.
      if (child !== undefined && !isContainer(child)) return;
      const next = child ?? createContainer(path[depth + 1]);
      container[segment] = next;
      container = next;
    }
    const last = path.at(-1);
    if (last === undefined) return;
    // A list is copied: it may belong to a module that is imported once and read again on reload.
    container[last] = Array.isArray(value) ? [...(value as unknown[])] : value;
    this.#origins.set(formatPath(path), origin);
  }

  #remove(path: SettingPath): void {
    const name = formatPath(path);
    for (const known of this.#origins.keys()) {
      if (known === name || known.startsWith(`${name}[`)) this.#origins.delete(known);
    }
    const parent = this.get(path.slice(0, -1));
    const last = path.at(-1);
    if (isContainer(parent) && last !== undefined) delete parent[last];
  }
}
