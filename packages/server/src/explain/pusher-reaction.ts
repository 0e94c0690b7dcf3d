/** What pusher-js 8 does when a connection is closed with a code, as its source says. Java and Swift clients act by the same ranges. */

interface Reaction {
  readonly from: number;
  readonly to: number;
  readonly does: string;
}

const reactions: readonly Reaction[] = [
  { from: 1002, to: 1004, does: "connects again after a second" },
  { from: 1000, to: 3999, does: "takes it for an ordinary end, and connects again after a second" },
  { from: 4000, to: 4000, does: "switches to wss:// and connects again at once" },
  { from: 4001, to: 4099, does: "gives up: the state becomes disconnected until connect() is called" },
  { from: 4100, to: 4199, does: "connects again after a second or more" },
  { from: 4200, to: 4299, does: "connects again at once" },
  {
    from: 4301,
    to: 4302,
    does: "sees it only as the code of a pusher:error event, which refuses one event and closes nothing; as a close code it would make it give up",
  },
  { from: 4300, to: 4999, does: "gives up, as after an unknown error" },
];

/** `undefined` for numbers that cannot close a connection. */
export function describePusherReaction(code: number): string | undefined {
  return reactions.find(({ from, to }) => from <= code && code <= to)?.does;
}
