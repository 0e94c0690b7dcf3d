/**
 * The body of a publish request → events that may be published, or the first thing that is wrong with them, by the name
 * of its field. A batch is good as a whole or not at all. Called by the publishing routes before anything is published.
 */
import type { Failure } from "@antiphon/websocket";
import type { App } from "../apps/app.ts";
import { httpFailures } from "../failures/http-failures.ts";
import { isJsonObject, type JsonObject, jsonTypeOf } from "../pusher/bounded-json.ts";
import { type ChannelNameProblem, findChannelNameProblem } from "../pusher/channel-name.ts";
import { excerpt } from "../pusher/excerpt.ts";
import { isSocketId } from "../pusher/socket-id.ts";
import { type InfoAttribute, readPublishInfo } from "./info-attributes.ts";
import type { Parsed } from "./json-body.ts";

/** One event as a publisher sent it, ready to be published. */
export interface EventPayload {
  readonly name: string;
  /** Valid names, each once, in the order of the request. */
  readonly channels: readonly string[];
  readonly data: string;
  readonly exceptSocketId?: string;
  /** Attributes of each channel that the publisher wants back; `undefined` if it did not ask. */
  readonly info?: readonly InfoAttribute[];
}

/** The part of an app that bounds its events. */
export type EventLimits = Pick<App, "events"> & { readonly channels: Pick<App["channels"], "maxNameLength"> };

const reservedPrefixes = ["pusher:", "pusher_internal:"];

/** Reads the body of `POST /events`. */
export function readEvent(body: JsonObject, app: EventLimits): Parsed<EventPayload> {
  return readFields(body, "", app, readChannels);
}

/** Reads the body of `POST /batch_events`. */
export function readBatch(body: JsonObject, app: EventLimits): Parsed<readonly EventPayload[]> {
  const { batch } = body;
  const limit = app.events.maxBatchItems;
  if (batch === undefined) return refuse(httpFailures.create("http-field-missing", { field: "batch" }));
  if (!Array.isArray(batch)) return refuseType("batch", batch, "an array of events");
  if (batch.length === 0 || batch.length > limit) {
    const count = batch.length;
    return refuse(httpFailures.create("http-batch-size-invalid", { field: "batch", count, limit }));
  }
  const events: EventPayload[] = [];
  for (const [index, item] of batch.entries()) {
    if (!isJsonObject(item)) return refuseType(`batch[${index}]`, item, "an object");
    const event = readFields(item, `batch[${index}].`, app, readChannel);
    if (!event.ok) return event;
    events.push(event.value);
  }
  return { ok: true, value: events };
}

/** Checks an event whose parts came from path and query: `name`, `socket_id` and the raw body as data. */
export function readRawEvent(
  channel: string,
  query: { readonly name: string | undefined; readonly socketId: string | undefined },
  data: string,
  app: EventLimits,
): Parsed<EventPayload> {
  return readEvent({ name: query.name, channel, data, socket_id: query.socketId }, app);
}

type ReadChannels = (fields: JsonObject, at: string, app: EventLimits) => Parsed<readonly string[]>;

/** `at` stands before the names of fields in messages. */
function readFields(
  fields: JsonObject,
  at: string,
  app: EventLimits,
  readNames: ReadChannels,
): Parsed<EventPayload> {
  const name = readName(fields["name"], `${at}name`, app);
  if (!name.ok) return name;
  const channels = readNames(fields, at, app);
  if (!channels.ok) return channels;
  const data = readData(fields["data"], `${at}data`, app.events.maxDataBytes);
  if (!data.ok) return data;
  const socketId = readOptionalText(fields["socket_id"], `${at}socket_id`);
  if (!socketId.ok) return socketId;
  if (socketId.value !== undefined && !isSocketId(socketId.value)) {
    return refuseField(`${at}socket_id`, "is not a socket id such as 1234.5678");
  }
  const info = readOptionalText(fields["info"], `${at}info`);
  if (!info.ok) return info;
  return {
    ok: true,
    value: {
      name: name.value,
      channels: channels.value,
      data: data.value,
      ...(socketId.value === undefined ? {} : { exceptSocketId: socketId.value }),
      ...(info.value === undefined ? {} : { info: readPublishInfo(info.value) }),
    },
  };
}

function readName(name: unknown, field: string, app: EventLimits): Parsed<string> {
  if (name === undefined) return refuse(httpFailures.create("http-field-missing", { field }));
  if (typeof name !== "string") return refuseType(field, name, "a string");
  if (name === "") return refuseField(field, "is empty");
  const limit = app.events.maxNameLength;
  if (name.length > limit) {
    return refuse(httpFailures.create("http-event-name-too-long", { field, length: name.length, limit }));
  }
  const prefix = reservedPrefixes.find((each) => name.startsWith(each));
  if (prefix === undefined || app.events.allowReservedNames) return { ok: true, value: name };
  return refuse(httpFailures.create("http-event-name-reserved", { field, prefix }));
}

/** `channels`, or `channel`, or both. */
function readChannels(fields: JsonObject, at: string, app: EventLimits): Parsed<readonly string[]> {
  const list = fields["channels"] ?? undefined;
  if (list === undefined) return readChannel(fields, at, app);
  const field = `${at}channels`;
  if (!Array.isArray(list)) return refuseType(field, list, "an array of channel names");
  const limit = app.events.maxChannelsPerEvent;
  if (list.length === 0) return refuseField(field, "is empty");
  if (list.length > limit) {
    return refuse(httpFailures.create("http-channels-too-many", { field, count: list.length, limit }));
  }
  const names = new Set<string>();
  for (const [index, item] of list.entries()) {
    const name = readChannelName(item, `${field}[${index}]`, app);
    if (!name.ok) return name;
    names.add(name.value);
  }
  if (fields["channel"] !== undefined && fields["channel"] !== null) {
    const name = readChannelName(fields["channel"], `${at}channel`, app);
    if (!name.ok) return name;
    names.add(name.value);
  }
  return { ok: true, value: [...names] };
}

function readChannel(fields: JsonObject, at: string, app: EventLimits): Parsed<readonly string[]> {
  const channel = fields["channel"] ?? undefined;
  if (channel === undefined)
    return refuse(httpFailures.create("http-field-missing", { field: `${at}channel` }));
  const name = readChannelName(channel, `${at}channel`, app);
  return name.ok ? { ok: true, value: [name.value] } : name;
}

/** Reads one channel name, of a body or a path; the failure names the field it came from. */
export function readChannelName(channel: unknown, field: string, app: EventLimits): Parsed<string> {
  if (typeof channel !== "string") return refuseType(field, channel, "a channel name");
  const problem = findChannelNameProblem(channel, app.channels.maxNameLength);
  if (problem === undefined) return { ok: true, value: channel };
  return refuse(
    httpFailures.create("http-channel-name-invalid", {
      field,
      channel: excerpt(channel),
      problem: describeNameProblem(problem),
    }),
  );
}

function describeNameProblem(problem: ChannelNameProblem): string {
  if (problem.kind === "empty") return "is empty";
  if (problem.kind === "too-long") {
    return `has ${problem.length} characters, more than the ${problem.limit} that are allowed`;
  }
  return `holds the character ${JSON.stringify(problem.character)} at position ${problem.position}`;
}

/** Libraries send a string; any other JSON value is delivered as its JSON text. */
function readData(data: unknown, field: string, limit: number): Parsed<string> {
  if (data === undefined) return refuse(httpFailures.create("http-field-missing", { field }));
  const text = typeof data === "string" ? data : stringifyData(data);
  if (text === undefined) return refuseField(field, "nests objects and arrays too deep");
  // A character has at most three bytes for each of its UTF-16 units: short text need not be measured.
  if (text.length * 3 <= limit) return { ok: true, value: text };
  const bytes = Buffer.byteLength(text);
  if (bytes <= limit) return { ok: true, value: text };
  return refuse(httpFailures.create("http-data-too-large", { field, bytes, limit }));
}

/** `JSON.parse` takes any depth, `JSON.stringify` overflows the stack at some thousands. */
function stringifyData(data: unknown): string | undefined {
  try {
    return JSON.stringify(data);
  } catch {
    return undefined;
  }
}

/** Some libraries send `null` for what was not given. */
function readOptionalText(text: unknown, field: string): Parsed<string | undefined> {
  if (text === undefined || text === null) return { ok: true, value: undefined };
  return typeof text === "string" ? { ok: true, value: text } : refuseType(field, text, "a string");
}

type Refused = { readonly ok: false; readonly failure: Failure };

function refuseType(field: string, value: unknown, wanted: string): Refused {
  return refuseField(field, `is ${jsonTypeOf(value)}, not ${wanted}`);
}

function refuseField(field: string, problem: string): Refused {
  return refuse(httpFailures.create("http-field-invalid", { field, problem }));
}

function refuse(failure: Failure): Refused {
  return { ok: false, failure };
}
