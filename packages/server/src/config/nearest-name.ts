/** Finds the known name that a misspelt one most likely means, for "did you mean" hints. */

/** Number of single-character edits from one text to the other (Levenshtein distance). */
function measureDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const substitution = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}

/**
 * The known name with the fewest edits, if it is near enough to be meant: at most two edits, or a third of the length.
 * Upper and lower case count as equal.
 */
export function findNearestName(name: string, known: Iterable<string>): string | undefined {
  // A name much longer than any setting is noise, and the distance costs length × length.
  if (name.length > 120) return undefined;
  const wanted = name.toLowerCase();
  let nearest: string | undefined;
  let fewest = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = measureDistance(wanted, candidate.toLowerCase());
    if (distance < fewest) {
      fewest = distance;
      nearest = candidate;
    }
  }
  return nearest;
}
