/**
 * Bytes from whatever people have at hand: hex in any spelling, string escapes of PHP and its relatives, base64, and the
 * output of hexdump -C, xxd, od and tcpdump -x. Called by the tools before the bytes are inspected.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";
import { readDump, startsDump } from "./dump-text.ts";
import { readEscapes } from "./escaped-text.ts";
import { readBase64, readHex } from "./hex-text.ts";
import { readPackets, startsPackets } from "./packet-text.ts";

export type ByteTextFormat = "hex" | "escapes" | "base64" | "dump" | "packets";

export type ByteText =
  | { readonly ok: true; readonly format: ByteTextFormat; readonly bytes: Uint8Array }
  /** Always `byte-text-invalid`, with the position of the first character that fits nowhere, counted from 1. */
  | { readonly ok: false; readonly failure: Failure };

/** What one of the readers gives: bytes, or why not, with a position counted from 0. */
export type ReadText =
  | { readonly bytes: Uint8Array }
  | { readonly problem: string; readonly position: number };

const maxCharacters = 4 * 1024 * 1024;

/** Reads text as bytes. What is both hex and base64 is hex. Never throws. */
export function parseByteText(text: string): ByteText {
  if (text.trim() === "") return refuse("it is empty", 0);
  if (text.length > maxCharacters)
    return refuse(`it has more than ${maxCharacters} characters`, maxCharacters);
  if (startsPackets(text)) return conclude("packets", readPackets(text));
  if (startsDump(text)) return conclude("dump", readDump(text));
  if (text.includes("\\")) return conclude("escapes", readEscapes(text));
  const hex = readHex(text);
  if ("bytes" in hex) return conclude("hex", hex);
  const base64 = readBase64(text);
  return base64 === undefined ? conclude("hex", hex) : conclude("base64", { bytes: base64 });
}

function conclude(format: ByteTextFormat, read: ReadText): ByteText {
  if ("problem" in read) return refuse(read.problem, read.position);
  return { ok: true, format, bytes: read.bytes };
}

function refuse(problem: string, position: number): ByteText {
  const evidence = { problem, position: position + 1 };
  return { ok: false, failure: engineFailures.create("byte-text-invalid", evidence) };
}
