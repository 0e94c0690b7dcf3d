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
  for (let start = 0, end: number; start < query.length; start = end + 1) {
    end = query.indexOf("&", start);
    if (end < 0) end = query.length;
    if (end === start) continue;
    const equals = query.indexOf("=", start);
    const hasValue = equals >= 0 && equals < end;
    const name = query.slice(start, hasValue ? equals : end);
    const value = hasValue ? query.slice(equals + 1, end) : "";
    parameters.push({
      name: decodePercent(name).toLowerCase(),
      value: decodePercent(plusIsSpace ? value.replaceAll("+", " ") : value),
    });
  }
  return parameters;
}

/** The text that nearly every SDK signs, the first of {@link requestSigningTexts}; `parameters` are those of the target. */
export function likeliestSigningText(
  method: string,
  target: string,
  parameters: readonly QueryParameter[],
): string {
  const signed = parameters.filter(({ name }) => name !== "auth_signature");
  return `${method.toUpperCase()}\n${splitTarget(target).path}\n${canonicalQuery(groupArrays(signed))}`;
}

/** The candidate texts of a request: at least one, at most {@link maxSigningTexts}, most likely first. */
export function requestSigningTexts(method: string, target: string, pathPrefix = ""): readonly string[] {
  const { path, query } = splitTarget(target);
  if (!isWorthTolerance(target)) return [likeliestSigningText(method, target, parseQuery(query))];
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
  const sorted = isAscending(parameters)
    ? parameters
    : parameters.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  let query = "";
  for (const { name, value } of sorted) query += query === "" ? `${name}=${value}` : `&${name}=${value}`;
  return query;
}

/** Every name greater than the one before, as nearly every SDK sends them: nothing to sort, and no name twice. */
function isAscending(parameters: readonly QueryParameter[]): boolean {
  return parameters.every(({ name }, index) => index === 0 || name > (parameters[index - 1]?.name ?? ""));
}

/** `info[0]=a&info[1]=b` and `info[]=a&info[]=b` become `info=a,b`. */
function groupArrays(parameters: readonly QueryParameter[]): readonly QueryParameter[] {
  if (isAscending(parameters) && !parameters.some(({ name }) => name.endsWith("]"))) return parameters;
  const values = new Map<string, string>();
  for (const parameter of parameters) {
    const name = parameter.name.replace(/\[\d*\]$/, "");
    const before = values.get(name);
    values.set(name, before === undefined ? parameter.value : `${before},${parameter.value}`);
  }
  return Array.from(values, ([name, value]) => ({ name, value }));
}
