/**
 * Who joins a presence channel: from the signed `channel_data`, or from the signed-in user where there is none.
 */
import type { Failure } from "@antiphon/websocket";
import type { App } from "../apps/app.ts";
import type { PresenceMember } from "../channels/channel-hub.ts";
import { type SubscribeFailureName, subscribeFailures } from "../failures/subscribe-failures.ts";
import { isJsonObject, type JsonObject, jsonTypeOf, parseBoundedJson } from "./bounded-json.ts";
import type { SignedInUser } from "./session-context.ts";

export type MemberLimits = Pick<App["channels"], "maxPresenceMemberBytes" | "maxUserIdLength">;

/** What {@link readMember} answers. */
export type ReadMember =
  | { readonly ok: true; readonly member: PresenceMember }
  | { readonly ok: false; readonly failure: Failure<SubscribeFailureName> };

/** Reads and bounds the member. `channelData` is the text whose signature was already found good. */
export function readMember(
  channel: string,
  channelData: string | undefined,
  user: SignedInUser | undefined,
  limits: MemberLimits,
): ReadMember {
  if (channelData !== undefined) {
    const parsed = parseBoundedJson(channelData);
    if (!parsed.ok) return invalid(channel, "it is not JSON, or nests too deep");
    if (typeof parsed.value === "string") return invalid(channel, "it is JSON-encoded twice");
    if (!isJsonObject(parsed.value))
      return invalid(channel, `it is ${jsonTypeOf(parsed.value)}, not an object`);
    return memberOf(channel, parsed.value, limits);
  }
  if (user === undefined) {
    return { ok: false, failure: subscribeFailures.create("subscribe-channel-data-missing", { channel }) };
  }
  return bound(channel, { userId: user.id, userInfo: user.info }, limits);
}

function memberOf(channel: string, data: JsonObject, limits: MemberLimits): ReadMember {
  const userId = data["user_id"];
  const isId =
    (typeof userId === "string" && userId !== "") || (typeof userId === "number" && Number.isFinite(userId));
  if (!isId) {
    const problem =
      userId === "" ? "user_id is empty" : `user_id is ${jsonTypeOf(userId)}, not a string or a number`;
    return invalid(channel, problem);
  }
  return bound(channel, { userId, userInfo: data["user_info"] }, limits);
}

function bound(channel: string, member: PresenceMember, limits: MemberLimits): ReadMember {
  const id = String(member.userId);
  if (id.length > limits.maxUserIdLength) {
    const evidence = { channel, length: id.length, limit: limits.maxUserIdLength };
    return { ok: false, failure: subscribeFailures.create("subscribe-user-id-too-long", evidence) };
  }
  const infoBytes = member.userInfo === undefined ? 0 : Buffer.byteLength(JSON.stringify(member.userInfo));
  const bytes = Buffer.byteLength(id) + infoBytes;
  if (bytes > limits.maxPresenceMemberBytes) {
    const evidence = { channel, bytes, limit: limits.maxPresenceMemberBytes };
    return { ok: false, failure: subscribeFailures.create("subscribe-member-too-large", evidence) };
  }
  return { ok: true, member };
}

function invalid(channel: string, problem: string): ReadMember {
  return {
    ok: false,
    failure: subscribeFailures.create("subscribe-channel-data-invalid", { channel, problem }),
  };
}
