/**
 * Messages of one subject in a stream: read in their order, counted, deleted. Asks with one request for each, so that nothing
 * is left in the server for a reader that dies.
 */
import {
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  type NextMsgRequest,
  type StoredMsg,
} from "@nats-io/jetstream";

/** Ready for use, until the connection or a stream is lost. */
export interface JetStreamSession {
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  /** Names this life of a stream: sequences begin anew in the next one. */
  readonly epochs: { readonly queue: string; readonly dead: string };
}

/** What JetStream answers where it does not do as it is told. */
export const refusalCodes = {
  streamNotFound: 10059,
  streamNameInUse: 10058,
  messageNotFound: 10057,
  sequenceNotFound: 10043,
  limitReached: 10077,
} as const;

/** The first message of a subject from this sequence on. Asks the stream's leader: replicas that answer for it may be behind. */
export function readNext(
  { jsm }: JetStreamSession,
  stream: string,
  subject: string,
  seq: number,
): Promise<StoredMsg | null> {
  // NATS answers this here as well; the client's type knows it only of direct requests.
  const query = { seq, next_by_subj: subject } satisfies NextMsgRequest;
  return jsm.streams.getMessage(stream, query);
}

/** The messages of a subject from this sequence on, in their order. */
export async function* walk(
  session: JetStreamSession,
  stream: string,
  subject: string,
  start: number,
): AsyncGenerator<StoredMsg> {
  for (let seq = start; ; ) {
    const found = await readNext(session, stream, subject, seq);
    if (found === null) return;
    yield found;
    seq = found.seq + 1;
  }
}

/** How many messages a subject has. */
export async function count({ jsm }: JetStreamSession, stream: string, subject: string): Promise<number> {
  const { state } = await jsm.streams.info(stream, { subjects_filter: subject });
  return state.subjects?.[subject] ?? 0;
}

/** Also if it is gone already. */
export async function deleteMessage(
  { jsm }: JetStreamSession,
  stream: string,
  sequence: number,
): Promise<void> {
  try {
    await jsm.streams.deleteMessage(stream, sequence, false);
  } catch (error) {
    if (!isRefusal(error, refusalCodes.messageNotFound) && !isRefusal(error, refusalCodes.sequenceNotFound))
      throw error;
  }
}

/** Whether JetStream has answered so. */
export function isRefusal(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}
