/** What happened in the cluster, for the page and the terminal: numbered, and bounded. */
const kept = 300;

export class Journal {
  #entries = [];
  #number = 0;
  #listener;

  /** @param listener is told of every entry */
  constructor(listener) {
    this.#listener = listener;
  }

  /** `source` is the program that it is about; `tone` is `plain`, `good` or `bad`. */
  add(source, text, tone = "plain") {
    const entry = { number: ++this.#number, at: Date.now(), source, text, tone };
    this.#entries = [...this.#entries, entry].slice(-kept);
    this.#listener(entry);
  }

  /** Entries after the one with this number, oldest first. */
  since(number) {
    return this.#entries.filter((entry) => entry.number > number);
  }
}
