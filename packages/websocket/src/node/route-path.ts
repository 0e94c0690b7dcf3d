/**
 * Path patterns of routes: `/chat` matches itself, `:name` one segment, and `*` alone everything. Matching is on the
 * path after it was percent-decoded once; a trailing slash does not matter.
 */

export type RouteParameters = Readonly<Record<string, string>>;

/** Tells the parameters of a matching path, or `undefined`. */
export type RouteMatcher = (path: string) => RouteParameters | undefined;

const noParameters: RouteParameters = {};

/**
 * Compiles a pattern.
 * @throws TypeError for a pattern that does not start with a slash, or names a parameter twice.
 */
export function compileRoutePath(pattern: string | RegExp): RouteMatcher {
  if (pattern === "*") return () => noParameters;
  if (pattern instanceof RegExp) {
    const stateless = new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ""));
    return (path) => {
      const match = stateless.exec(path);
      return match ? (match.groups ?? noParameters) : undefined;
    };
  }
  if (!pattern.startsWith("/")) throw new TypeError(`route "${pattern}" must start with a slash, or be "*"`);
  const segments = splitPath(pattern);
  const names = segments.filter((segment) => segment.startsWith(":"));
  if (new Set(names).size < names.length) throw new TypeError(`route "${pattern}" names a parameter twice`);
  return (path) => matchSegments(segments, splitPath(path));
}

function splitPath(path: string): string[] {
  const end = path.length > 1 && path.endsWith("/") ? path.length - 1 : path.length;
  return path.slice(1, end).split("/");
}

function matchSegments(pattern: readonly string[], path: readonly string[]): RouteParameters | undefined {
  if (pattern.length !== path.length) return undefined;
  let parameters: Record<string, string> | undefined;
  for (const [index, expected] of pattern.entries()) {
    const actual = path[index]!;
    if (!expected.startsWith(":")) {
      if (expected !== actual) return undefined;
    } else if (actual === "") {
      return undefined;
    } else {
      (parameters ??= {})[expected.slice(1)] = actual;
    }
  }
  return parameters ?? noParameters;
}
