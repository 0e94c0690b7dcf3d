/**
 * How to find out what is behind 1006, which says only that TCP ended without a Close frame: questions in the order in which
 * they are worth asking, and the failures that a yes points to. What to do about each stands in the catalogue.
 */

/** One question; the first that is answered with yes names the cause. */
export interface DecisionStep {
  readonly question: string;
  readonly names: readonly [string, ...string[]];
}

export const abnormalCloseSteps: readonly DecisionStep[] = [
  {
    question: "Was the connection never open? Then 1006 explains nothing; the handshake failed.",
    names: [
      "response-status-not-101",
      "response-closed-early",
      "response-timeout",
      "tcp-connect-refused",
      "tls-failed",
    ],
  },
  {
    question:
      "Did this side send a Close frame, or log a failure? Then that is the cause, and 1006 follows from it.",
    names: [
      "close-handshake-timeout",
      "frame-unmasked-from-client",
      "frame-masked-from-server",
      "close-info-lost-by-reset",
    ],
  },
  {
    question: "Was a ping left unanswered before the end, or were this side's own timers late?",
    names: ["heartbeat-timeout", "event-loop-stall", "system-suspended"],
  },
  {
    question:
      "Was there silence of a round number of seconds before the end, the same for several connections? 55 is Heroku's, 60 nginx' and AWS ALB's, 100 Cloudflare's, 350 AWS NLB's, 600 API Gateway's.",
    names: ["proxy-idle-timeout"],
  },
  {
    question: "Do connections end at the same age, even under traffic?",
    names: ["proxy-max-duration"],
  },
  {
    question: "Did half or more of the server's connections end within one second?",
    names: ["server-crash", "proxy-reload-cut"],
  },
  {
    question:
      "Did many clients of one network, or one client with all its connections, go within one second?",
    names: ["network-changed"],
  },
  {
    question: "Did the bytes end in the middle of a frame?",
    names: ["stream-truncated-frame"],
  },
  {
    question: "Was it a reset (RST), right after this side sent something?",
    names: ["nat-mapping-expired", "tcp-reset"],
  },
  {
    question: "Does it end right after the peer's last message, every time?",
    names: ["receive-treated-as-closed", "close-without-frame"],
  },
  {
    question: "None of these: the peer, or a proxy, ended TCP by itself.",
    names: ["close-without-frame"],
  },
];
