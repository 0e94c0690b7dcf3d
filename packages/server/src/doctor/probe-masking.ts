/** What happens to a client that breaks the most important rule for clients: a throwaway connection, an unmasked frame. */
import { doctorFailures } from "../failures/doctor-failures.ts";
import { nameReceivedClose } from "@antiphon/websocket/inspect";
import type { ExamineOptions } from "./examination.ts";
import type { ObservedConnection } from "./observed-connection.ts";
import type { Findings } from "./report.ts";
import { describeOccurrence } from "./watch-frames.ts";

/** A whole text message "Hello" without a mask (RFC 6455 §5.7). */
const unmaskedHello = Uint8Array.of(0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f);

/** How long a server may take to notice. */
const noticeMs = 2000;

/** The connection is not usable afterwards. */
export async function probeMasking(
  connection: ObservedConnection,
  { firstFrameMs, timeoutMs }: ExamineOptions,
  findings: Findings,
): Promise<void> {
  // A greeting is not an answer to the frame.
  await connection.next(firstFrameMs);
  connection.writeRaw(unmaskedHello);
  const startedAt = performance.now();
  const answer = await connection.next(Math.min(timeoutMs, noticeMs), ({ type }) => type === "message");
  const ms = performance.now() - startedAt;
  if (answer?.type !== "closed") {
    const reaction =
      answer?.type === "message" ? `answered with ${describeOccurrence(answer)}` : "stayed connected";
    findings.failed(
      "masking",
      doctorFailures.create("server-accepts-unmasked-frames", { answer: reaction }),
      ms,
    );
    connection.terminate();
    return;
  }
  const { received } = answer.report;
  if (received?.code === 1002) {
    const reason = received.reason === "" ? "" : ` "${received.reason}"`;
    findings.passed("masking", `an unmasked frame is refused with Close 1002${reason}`, ms);
  } else if (received) {
    const failure = nameReceivedClose(received.code ?? 1005, received.reason);
    findings.note("masking", `an unmasked frame is refused, but not with 1002: ${failure.message}`, ms);
  } else {
    findings.note(
      "masking",
      "an unmasked frame is refused by cutting the connection, without a Close frame",
      ms,
    );
  }
}
