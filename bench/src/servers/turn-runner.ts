/**
 * Publishes a number of messages in each turn of the event loop, as often as the load generator asks. Runs inside the plain
 * servers, so that every contender is driven the same way.
 */

export class TurnRunner {
  readonly #publish: (payload: string) => void;
  #turns = 0;
  #publishes = 1;
  #payload = "";

  constructor(publish: (payload: string) => void) {
    this.#publish = publish;
  }

  /** Takes a text such as `4 16 200`: 4 more turns of 16 messages of 200 bytes, or `… text` for compressible ones. */
  ask(request: string): void {
    const [turns = "0", publishes = "1", bytes = "0", kind = "letters"] = request.split(" ");
    const isRunning = this.#turns > 0;
    this.#turns += Number(turns);
    this.#publishes = Number(publishes);
    if (this.#payload.length !== Number(bytes)) this.#payload = createPayload(Number(bytes), kind);
    if (!isRunning) setImmediate(this.#run);
  }

  readonly #run = (): void => {
    for (let publish = 0; publish < this.#publishes; publish += 1) this.#publish(this.#payload);
    this.#turns -= 1;
    if (this.#turns > 0) setImmediate(this.#run);
  };
}

/** `letters` for sizes that matter only as bytes, `text` for JSON as applications send it, which deflate makes smaller. */
export function createPayload(bytes: number, kind: string): string {
  if (kind === "letters") return "x".repeat(bytes);
  let text = "[";
  for (let id = 1; text.length < bytes; id += 1) {
    text += `{"order":${id * 7919},"state":"shipped","total":${(id * 37) % 1000}.50,"customer":"c-${id * 104_729}"},`;
  }
  return text.slice(0, bytes);
}
