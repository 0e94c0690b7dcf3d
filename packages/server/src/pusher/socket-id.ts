/**
 * Socket ids: two random numbers joined by a dot. Signatures bind to them, so they must not be guessable, and every
 * server SDK checks their form.
 */

/** Largest number in either part: both stay exact in a double and the id within 21 characters. */
const largestPart = 9_999_999_999;

const socketIdForm = /^\d+\.\d+$/;

/** Whether a text has the form of a socket id; whether it lives is another question. */
export function isSocketId(text: string): boolean {
  return socketIdForm.test(text);
}

/**
 * Makes an id that is not taken. `randomInteger(min, max)` gives a cryptographically random number with
 * min ≤ number < max, like `randomInt` of `node:crypto`.
 */
export function createSocketId(
  randomInteger: (min: number, max: number) => number,
  isTaken: (socketId: string) => boolean,
): string {
  for (;;) {
    const socketId = `${randomInteger(1, largestPart + 1)}.${randomInteger(1, largestPart + 1)}`;
    if (!isTaken(socketId)) return socketId;
  }
}
