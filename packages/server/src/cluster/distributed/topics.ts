/** The topics of a distributed cluster: what goes where. */
import { channelOfUser } from "../../pusher/channel-name.ts";
import type { StateChange } from "../state-change.ts";
import type { Topic } from "./cluster-transport.ts";

/** All nodes tell all nodes: heartbeats, changes, commands, and what is published to cache channels. */
export const stateTopic: Topic = { kind: "control", name: "state" };

/** Whoever leads is told what others leave to it. */
export const leaderTopic: Topic = { kind: "control", name: "leader" };

/** What concerns one node only. */
export function inboxTopic(instance: string): Topic {
  return { kind: "control", name: `inbox-${instance}` };
}

/** What is published to a channel, or to a user by the user's channel. */
export function channelTopic(appId: string, channel: string): Topic {
  return { kind: "channel", appId, channel };
}

/** The channel whose publications a node wants, or no longer wants, with this change of its own state. */
export function interestOf(change: StateChange): { channel: string; wanted: boolean } | undefined {
  switch (change.type) {
    case "subscriptions":
      return { channel: change.channel, wanted: change.count > 0 };
    case "user":
      return { channel: channelOfUser(change.userId), wanted: change.count > 0 };
    default:
      return undefined;
  }
}

/** For logs: the name of a control topic, never that of a channel. */
export function describeTopic(topic: Topic): string {
  if (topic.kind === "channel") return "channel";
  return topic.name.startsWith("inbox-") ? "inbox" : topic.name;
}
