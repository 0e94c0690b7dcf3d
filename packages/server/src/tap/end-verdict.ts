/**
 * Who ended a connection, with what, and why, in one sentence with the fix: the facts that the tap collected go in. One
 * connection shows less than many do, so causes that only show on many (a proxy's time limit, a crashed server) are
 * given as likely.
 */
import { engineFailures, type Failure, type Role } from "@antiphon/websocket";
import { type CloseFrame, describeCloseCode } from "@antiphon/websocket/frames";
import { nameReceivedClose } from "@antiphon/websocket/inspect";
import type { HandshakePhase } from "./handshake-observer.ts";
import { escapeUnsafe } from "../cli/safe-text.ts";

/** What the tap knows when a connection is over. */
export interface EndFacts {
  /** How far it came. */
  readonly phase: HandshakePhase | "connecting";
  /** The transport's ends in the order they passed. */
  readonly ends: readonly TransportEnd[];
  readonly closes: readonly PassedClose[];
  /** The first fatal failure in the bytes of each side, handshake included. */
  readonly faults: Readonly<Partial<Record<Role, Failure>>>;
  /** The target could not be reached, or TLS with a side did not come about. */
  readonly transportFailure?: Failure;
  readonly lastBytesAtMs: Readonly<Record<Role, number>>;
  /** Bytes that the answer had when it was cut off. */
  readonly responseBytes: number;
  readonly insideFrame: Readonly<Record<Role, boolean>>;
  /** Since when a ping of this side waits for its pong. */
  readonly pingWaitingSinceMs: Readonly<Partial<Record<Role, number>>>;
  /** The last `pusher:error` of the server. */
  readonly pusherError?: string;
  /** Whether this connection speaks the Pusher protocol. */
  readonly isPusher: boolean;
}

export interface TransportEnd {
  readonly side: Role;
  readonly how: "fin" | "reset";
  readonly atMs: number;
}

export interface PassedClose extends CloseFrame {
  readonly side: Role;
  readonly atMs: number;
}

export interface EndVerdict {
  /** Who ended it; `tap` if the tap was stopped before anybody did. */
  readonly endedBy: Role | "tap";
  readonly how: "close-frame" | "fin" | "reset" | "not-connected" | "stopped";
  /** The catalogue's name; absent for an ordinary end. */
  readonly failure?: string;
  readonly certainty: "proved" | "likely";
  readonly message: string;
  readonly fix?: string;
}

/** Judges the end of a connection. */
export function judgeEnd(facts: EndFacts): EndVerdict {
  const { transportFailure } = facts;
  if (transportFailure !== undefined) {
    const endedBy = facts.phase === "connecting" ? "server" : (facts.ends[0]?.side ?? "client");
    return { endedBy, how: "not-connected", ...blame(transportFailure), message: transportFailure.message };
  }
  const [close] = facts.closes;
  if (close !== undefined) return judgeClose(facts, close);
  const [end] = facts.ends;
  if (end === undefined) {
    const message = "The tap was stopped while the connection was open.";
    return { endedBy: "tap", how: "stopped", certainty: "proved", message };
  }
  return facts.phase === "open" ? judgeLoss(facts, end) : judgeHandshakeEnd(facts, end);
}

type Blame = Pick<EndVerdict, "failure" | "certainty" | "fix">;

function blame({ name, certainty, fix }: Failure): Blame {
  return { failure: name, certainty, fix };
}

function guess(failure: Failure): Blame {
  return { ...blame(failure), certainty: "likely" };
}

function capitalize(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function other(side: Role): Role {
  return side === "client" ? "server" : "client";
}

/** With what kind of end, in words. */
function describeCut(side: Role, how: "fin" | "reset"): string {
  return how === "fin" ? `The ${side} ended TCP (FIN)` : `The ${side}'s side reset TCP (RST)`;
}

// -- Ends with a Close frame

/** Codes that a peer sends when it finds fault with what it received. */
const faultFinding: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1009, 1010, 1011]);

function judgeClose(facts: EndFacts, close: PassedClose): EndVerdict {
  const { side, code, reason } = close;
  const start = `The ${side} closed with ${describeClose(close)}`;
  const answer = describeAnswer(facts, close);
  const sentence = `${start}; ${answer}`;
  const base = { endedBy: side, how: "close-frame" } as const;
  const fault = facts.faults[other(side)];
  if (fault !== undefined && code !== undefined && (faultFinding.has(code) || reason === fault.name)) {
    return {
      ...base,
      ...blame(fault),
      message: `${start} because of ${fault.name}: ${fault.message} ${capitalize(answer)}.`,
    };
  }
  if (code === undefined || code === 1000 || code === 1001) {
    return { ...base, certainty: "proved", message: `${sentence}.` };
  }
  const ownFault = facts.faults[side];
  if (ownFault !== undefined && describeCloseCode(code).fault !== undefined) {
    return { ...base, ...blame(ownFault), message: `${sentence}. ${ownFault.message}` };
  }
  const received = nameReceivedClose(code, reason);
  if (facts.isPusher && code >= 4000 && code <= 4299) {
    const said = facts.pusherError === undefined ? "" : ` It said pusher:error ${facts.pusherError} before.`;
    return { ...base, ...blame(received), message: `${sentence}.${said}`, fix: advisePusher(code) };
  }
  return { ...base, ...blame(received), message: `${sentence}.` };
}

function describeClose({ code, reason }: CloseFrame): string {
  if (code === undefined) return "a Close frame without a code";
  const quoted = reason === "" ? "" : ` "${escapeUnsafe(reason)}"`;
  return `${code} (${describeCloseCode(code).name})${quoted}`;
}

function describeAnswer(facts: EndFacts, close: PassedClose): string {
  const answer = facts.closes.find(({ side }) => side !== close.side);
  const peer = other(close.side);
  const cut = facts.ends[0];
  const reset = facts.ends.find(({ how }) => how === "reset");
  const resetNote = reset === undefined ? "" : ` and the ${reset.side}'s side reset TCP`;
  if (answer === undefined) {
    const stopped = cut === undefined ? " before the tap was stopped" : "";
    return `the ${peer} did not answer with a Close${stopped}${resetNote}`;
  }
  const same = answer.code === close.code ? "the same code" : describeClose(answer);
  return `the ${peer} answered with ${same}${resetNote}`;
}

/** What the ranges of the Pusher protocol ask of a client. */
function advisePusher(code: number): string {
  if (code < 4100)
    return "Correct what the message names: clients must not reconnect unchanged after 4000–4099.";
  if (code < 4200) return "The client may reconnect after a wait of a second or more (4100–4199).";
  return "The client may reconnect at once (4200–4299).";
}

// -- Ends of an open connection without a Close frame

/** Ends this soon after something was received are taken for an answer to it. */
const promptMs = 100;
/** Shorter silences say nothing. */
const noticeableSilenceMs = 25_000;
/** A ping that waited less was most likely still on its way. */
const pingPatienceMs = 1_000;

/** Silences after which well-known boxes cut connections, in seconds. */
const idleLimits: ReadonlyMap<number, string> = new Map([
  [30, "HAProxy and many applications"],
  [50, "HAProxy's usual timeout"],
  [55, "Heroku's router"],
  [60, "nginx's and AWS ALB's default"],
  [100, "Cloudflare"],
  [120, "Apache's and several load balancers' default"],
  [300, "several firewalls"],
  [350, "AWS NLB"],
  [600, "API gateways and Google's load balancer"],
  [3600, "firewalls and NAT"],
]);

function judgeLoss(facts: EndFacts, end: TransportEnd): EndVerdict {
  const { side, how } = end;
  const peer = other(side);
  const cut = `${describeCut(side, how)} without a Close frame`;
  const base = { endedBy: side, how } as const;
  const fault = facts.faults[peer];
  if (fault !== undefined) {
    return {
      ...base,
      ...guess(fault),
      message: `${cut}, most likely because of ${fault.name}: ${fault.message}`,
    };
  }
  if (facts.insideFrame[side]) {
    const failure = engineFailures.create("stream-truncated-frame");
    return { ...base, ...blame(failure), message: `${cut}, in the middle of a frame.` };
  }
  const pinged = facts.pingWaitingSinceMs[side];
  if (pinged !== undefined && facts.lastBytesAtMs[peer] < pinged && end.atMs - pinged >= pingPatienceMs) {
    const silentMs = Math.round(end.atMs - facts.lastBytesAtMs[peer]);
    const evidence = { silentMs, pongTimeoutMs: Math.round(end.atMs - pinged) };
    const failure = engineFailures.create("heartbeat-timeout", evidence);
    return { ...base, ...guess(failure), message: `${cut}: its ping was not answered. ${failure.message}` };
  }
  return judgeSilentLoss(facts, end, cut);
}

function judgeSilentLoss(facts: EndFacts, end: TransportEnd, cut: string): EndVerdict {
  const { side, how } = end;
  const peer = other(side);
  const base = { endedBy: side, how } as const;
  const failure = engineFailures.create(how === "reset" ? "tcp-reset" : "close-without-frame");
  const sinceOwnMs = end.atMs - facts.lastBytesAtMs[side];
  const sincePeerMs = end.atMs - facts.lastBytesAtMs[peer];
  const silenceMs = Math.min(sinceOwnMs, sincePeerMs);
  if (silenceMs >= noticeableSilenceMs) {
    const seconds = Math.round(silenceMs / 1000);
    const limit = idleLimits.get(seconds);
    const who = limit === undefined ? "" : `, the limit of ${limit}`;
    const message = `${cut} after ${seconds} s of silence${who}: an idle timeout on the way is likely.`;
    const fix = "Send pings more often than the idle limit of every proxy on the way, or raise that limit.";
    return { ...base, ...guess(failure), message, fix };
  }
  if (how === "reset" && sincePeerMs < promptMs && sinceOwnMs >= noticeableSilenceMs) {
    const seconds = Math.round(sinceOwnMs / 1000);
    const message = `${cut}, right after the ${peer} wrote, with nothing heard from it for ${seconds} s: a NAT or firewall had likely forgotten the connection.`;
    return { ...base, ...guess(failure), message, fix: "Ping more often than the NAT's idle time." };
  }
  if (how === "fin" && sincePeerMs < promptMs && sincePeerMs <= sinceOwnMs) {
    const message = `${cut} within ${promptMs} ms of the ${peer}'s last bytes: its own code most likely ended the socket (end, exit or terminate, or a receive timeout taken for a loss).`;
    return { ...base, ...guess(failure), message };
  }
  return { ...base, ...guess(failure), message: `${cut}.` };
}

// -- Ends before the connection was open

function judgeHandshakeEnd(facts: EndFacts, end: TransportEnd): EndVerdict {
  const { side, how } = end;
  const cut = describeCut(side, how);
  const base = { endedBy: side, how } as const;
  const fault = facts.faults.client ?? facts.faults.server;
  if (facts.phase === "plain-http") {
    return { ...base, certainty: "proved", message: `${cut} after plain HTTP; no WebSocket was asked for.` };
  }
  if (facts.phase === "refused" || (facts.phase === "foreign" && fault !== undefined)) {
    const failure = facts.faults.server ?? fault;
    if (failure !== undefined) {
      return { ...base, ...blame(failure), message: `${cut}; there was no WebSocket: ${failure.message}` };
    }
  }
  if (side === "server") {
    const failure = fault ?? engineFailures.create("response-closed-early", { bytes: facts.responseBytes });
    return {
      ...base,
      ...blame(failure),
      message: `${cut} before it answered the handshake. ${failure.message}`,
    };
  }
  if (facts.phase === "request") {
    const message = `${cut} before it had sent a whole request.`;
    return { ...base, certainty: "proved", message };
  }
  const waitedMs = Math.round(end.atMs - facts.lastBytesAtMs.client);
  const failure = fault ?? engineFailures.create("response-timeout", { timeoutMs: waitedMs });
  return {
    ...base,
    ...guess(failure),
    message: `${cut} after it had waited ${waitedMs} ms for an answer to its handshake.`,
  };
}
