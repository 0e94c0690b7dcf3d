/** The server's end of an open WebSocket, by hand and only for small frames, so that each of its manners can be left out. */
import type { Socket } from "node:net";

export interface Manners {
  /** Default: pongs with the ping's payload. `null` answers nothing. */
  readonly answerPing?: ((payload: Buffer) => Buffer) | null;
  /** Default true: echoes a Close frame and ends TCP. */
  readonly answersClose?: boolean;
  readonly onText?: (text: string, send: (text: string) => void) => void;
}

/** An unmasked frame of at most 65,535 bytes, with FIN. */
export function serverFrame(opcode: number, payload: Buffer | string): Buffer {
  const bytes = Buffer.from(payload);
  const header = bytes.length < 126 ? [bytes.length] : [126, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.concat([Buffer.from([0x80 | opcode, ...header]), bytes]);
}

/** Reads the client's frames and behaves. */
export function behave(socket: Socket, manners: Manners = {}): void {
  const { answerPing = (payload) => payload, answersClose = true, onText } = manners;
  const send = (text: string): void => void socket.write(serverFrame(1, text));
  let received = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (let frame = takeFrame(received); frame; frame = takeFrame(received)) {
      received = frame.rest;
      const { opcode, payload } = frame;
      if (opcode === 1) onText?.(payload.toString(), send);
      if (opcode === 9 && answerPing) socket.write(serverFrame(10, answerPing(payload)));
      if (opcode === 8 && answersClose) socket.end(serverFrame(8, payload.subarray(0, 2)));
    }
  });
}

interface TakenFrame {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly rest: Buffer<ArrayBuffer>;
}

function takeFrame(bytes: Buffer<ArrayBuffer>): TakenFrame | undefined {
  if (bytes.length < 6) return undefined;
  const short = bytes[1]! & 0x7f;
  const keyAt = short === 126 ? 4 : 2;
  const length = short === 126 ? bytes.readUInt16BE(2) : short;
  const end = keyAt + 4 + length;
  if (bytes.length < end) return undefined;
  const key = bytes.subarray(keyAt, keyAt + 4);
  const payload = Buffer.from(bytes.subarray(keyAt + 4, end).map((byte, at) => byte ^ key[at & 3]!));
  return { opcode: bytes[0]! & 0x0f, payload, rest: bytes.subarray(end) };
}
