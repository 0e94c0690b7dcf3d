/** Latency of messages that start with the time at which they were due. A few connections are read, all are counted. */
import { stampDigits } from "../servers/control.ts";
import type { Crowd, Member } from "./crowd.ts";

const watchedMembers = 16;
const shortFrameHeader = 2;
const longFrameHeader = 4;

export class LatencyWatch {
  readonly #crowd: Crowd;
  readonly #frameBytes: number;
  readonly #headerBytes: number;
  readonly #watched = new Map<Member, string>();
  readonly #latenciesMs: number[] = [];
  readonly #start: number;

  /** @param bytes of the payload of each message */
  constructor(crowd: Crowd, bytes: number) {
    this.#crowd = crowd;
    this.#headerBytes = bytes < 126 ? shortFrameHeader : longFrameHeader;
    this.#frameBytes = bytes + this.#headerBytes;
    this.#start = crowd.receivedBytes;
    const distance = Math.max(1, Math.floor(crowd.members.length / watchedMembers));
    for (let index = 0; index < crowd.members.length; index += distance) {
      this.#watched.set(crowd.members[index]!, "");
    }
    crowd.reader = (member, length, buffer) => {
      const unread = this.#watched.get(member);
      if (unread !== undefined)
        this.#watched.set(member, this.#read(unread + buffer.toString("latin1", 0, length)));
    };
  }

  /** Messages that arrived on all connections. */
  get delivered(): number {
    return Math.round((this.#crowd.receivedBytes - this.#start) / this.#frameBytes);
  }

  /** Latency below which this share of the messages stayed. */
  percentileMs(share: number): number {
    const sorted = this.#latenciesMs.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  }

  #read(text: string): string {
    const now = performance.timeOrigin + performance.now();
    let at = 0;
    for (; text.length - at >= this.#frameBytes; at += this.#frameBytes) {
      const stamp = text.slice(at + this.#headerBytes, at + this.#headerBytes + stampDigits);
      this.#latenciesMs.push(now - Number(stamp) / 1000);
    }
    return text.slice(at);
  }
}
