/**
 * The `info` list of a request: its text in, the attributes that are to be answered out. Publishing ignores what it cannot
 * give; reading refuses it.
 */
import type { Failure } from "@antiphon/websocket";
import type { ChannelInfo } from "../channels/channel-hub.ts";
import { httpFailures } from "../failures/http-failures.ts";
import { channelTypeOf } from "../pusher/channel-name.ts";
import { excerpt } from "../pusher/excerpt.ts";
import type { Parsed } from "./json-body.ts";

/** What can be asked about a channel. */
export type InfoAttribute = "user_count" | "subscription_count" | "cache";

/** Attributes of a channel as they are answered. */
export interface ChannelAttributes {
  readonly user_count?: number;
  readonly subscription_count?: number;
}

/** What an answer about several channels may hold for them. */
export interface InfoScope {
  /** All channels in question are presence channels. */
  readonly presence: boolean;
  /** It is one channel that keeps its last event. */
  readonly cached: boolean;
}

/** Attributes of a publish request: what it does not know is left out. */
export function readPublishInfo(text: string): readonly InfoAttribute[] {
  return splitInfo(text).filter((name) => name === "user_count" || name === "subscription_count");
}

/** Attributes of a read request: all must exist for the channels in question. */
export function readQueryInfo(text: string, scope: InfoScope): Parsed<readonly InfoAttribute[]> {
  const attributes: InfoAttribute[] = [];
  for (const name of splitInfo(text)) {
    const problem = findInfoProblem(name, scope);
    if (problem !== undefined) return { ok: false, failure: refuseInfo(name, problem) };
    // An attribute without a problem is one of the known names.
    attributes.push(name as InfoAttribute);
  }
  return { ok: true, value: attributes };
}

/** The counts among the attributes; `user_count` only where the channel has users. */
export function selectCounts(
  channel: string,
  info: ChannelInfo,
  attributes: readonly InfoAttribute[],
): ChannelAttributes {
  const users = attributes.includes("user_count") && channelTypeOf(channel).presence;
  return {
    ...(users ? { user_count: info.userCount ?? 0 } : {}),
    ...(attributes.includes("subscription_count") ? { subscription_count: info.subscriptionCount } : {}),
  };
}

function splitInfo(text: string): readonly string[] {
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function findInfoProblem(name: string, scope: InfoScope): string | undefined {
  if (name === "subscription_count") return undefined;
  if (name === "user_count") return scope.presence ? undefined : "only presence channels count users";
  if (name === "cache") return scope.cached ? undefined : "only a single cache channel has a cached event";
  return "there is no such attribute";
}

function refuseInfo(name: string, problem: string): Failure {
  return httpFailures.create("http-info-unavailable", {
    field: "info",
    attribute: excerpt(name),
    problem,
  });
}
