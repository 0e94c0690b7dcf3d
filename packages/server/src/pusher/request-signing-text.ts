/**
 * The text that a signed HTTP API request stands for: `METHOD \n PATH \n k1=v1&k2=v2`. SDKs disagree about path prefixes,
 * percent-encoding, arrays and plus signs, so one request gives a short list of candidate texts, most likely first.
 */

/** One `name=value` of the query: percent-decoded once, the name in lower case. */
export interface QueryParameter {
  readonly name: string;
  readonly value: string;
}

/** Most texts that one request is tried with, so that tolerance cannot be used to burn CPU. */
export const maxSigningTexts = 8;

/**
 * Longest target that gets more than one text, in characters. What SDKs send is shorter; digests of a target as long as
 * a request may be would cost milliseconds, before anyone has proved anything.
 */
const longestToleratedTarget = 2048;

/** Whether a target is short enough to look for the odd habits of clients. */
export function isWorthTolerance(target: string): boolean {
  return target.length <= longestToleratedTarget;
}

/** Cuts a request target at its first question mark. */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf("?");
  return mark < 0
    ? { path: target, query: "" }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** The parameters of a raw query in their order. A plus sign is a plus sign unless `plusIsSpace`. */
export function parseQuery(query: string, plusIsSpace = false): readonly QueryParameter[] {
  const parameters: QueryParameter[] = [];
  for (const pair of query.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const value = equals < 0 ? "" : pair.slice(equals + 1);
    parameters.push({
      name: decodePercent(name).toLowerCase(),
      value: decodePercent(plusIsSpace ? value.replaceAll("+", " ") : value),
    });
  }
  return parameters;
}

/** The candidate texts of a request: at least one, at most {@link maxSigningTexts}, most likely first. */
export function requestSigningTexts(method: string, target: string, pathPrefix = ""): readonly string[] {
  const { path, query } = splitTarget(target);
  if (!isWorthTolerance(target))
    return [`${method.toUpperCase()}\n${path}\n${canonicalQuery(groupArrays(signedParameters(query)))}`];
  const paths = candidatePaths(path, pathPrefix);
  const queries = candidateQueries(query);
  const texts: string[] = [];
  // Diagonals of the table paths × queries: one odd habit at a time comes before two at once.
  for (let distance = 0; distance < paths.length + queries.length - 1; distance++) {
    for (let row = 0; row <= distance; row++) {
      const candidatePath = paths[row];
      const candidateQuery = queries[distance - row];
      if (candidatePath === undefined || candidateQuery === undefined) continue;
      texts.push(`${method.toUpperCase()}\n${candidatePath}\n${candidateQuery}`);
      if (texts.length === maxSigningTexts) return texts;
    }
  }
  return texts;
}

/** Percent-decodes once; text that is not valid percent-encoding stays as it is. */
export function decodePercent(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Several values of one name, as PHP signs an array: joined by commas. */
export function joinParameters(parameters: readonly QueryParameter[]): string {
  return parameters.map(({ value }) => value).join(",");
}

/** PHP does not sign its configured path prefix; a proxy may have removed one that was signed. */
function candidatePaths(path: string, pathPrefix: string): readonly string[] {
  const paths = [path, decodePercent(path)];
  if (pathPrefix !== "") {
    const other = path.startsWith(`${pathPrefix}/`) ? path.slice(pathPrefix.length) : pathPrefix + path;
    paths.push(other, decodePercent(other));
  }
  return [...new Set(paths)];
}

function candidateQueries(query: string): readonly string[] {
  const queries: string[] = [];
  for (const plusIsSpace of query.includes("+") ? [false, true] : [false]) {
    const parameters = signedParameters(query, plusIsSpace);
    queries.push(canonicalQuery(groupArrays(parameters)), canonicalQuery(parameters));
  }
  return [...new Set(queries)];
}

function signedParameters(query: string, plusIsSpace = false): readonly QueryParameter[] {
  return parseQuery(query, plusIsSpace).filter(({ name }) => name !== "auth_signature");
}

/** Sorted by name in byte order, joined without escaping. */
function canonicalQuery(parameters: readonly QueryParameter[]): string {
  return parameters
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map(({ name, value }) => `${name}=${value}`)
    .join("&");
}

/** `info[0]=a&info[1]=b` and `info[]=a&info[]=b` become `info=a,b`. */
function groupArrays(parameters: readonly QueryParameter[]): readonly QueryParameter[] {
  const groups = new Map<string, QueryParameter[]>();
  for (const parameter of parameters) {
    const name = parameter.name.replace(/\[\d*\]$/, "");
    const group = groups.get(name);
    if (group) group.push(parameter);
    else groups.set(name, [parameter]);
  }
  return [...groups].map(([name, group]) => ({ name, value: joinParameters(group) }));
}
