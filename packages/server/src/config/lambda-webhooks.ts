/**
 * Webhooks that call an AWS Lambda function, which soketi has and we do not: each is reported by its place and left out,
 * so that the rest of the configuration can be used. Runs once all sources have spoken, since each of them may hold one.
 */

import type { Failure } from "@antiphon/websocket";
import { configFailures } from "../failures/config-failures.ts";
import { formatPath } from "./describe-config.ts";
import type { LayeredSettings } from "./layered-settings.ts";
import type { SettingPath } from "./setting-index.ts";

type Webhook = Readonly<Record<string, unknown>>;

/** Takes Lambda functions out of the webhooks of every app. One with a URL keeps it: soketi prefers the URL as well. */
export function leaveOutLambdaWebhooks(layers: LayeredSettings): Failure[] {
  const warnings: Failure[] = [];
  for (let app = 0; app < layers.count(["apps"]); app += 1) {
    const path: SettingPath = ["apps", app, "webhooks"];
    const webhooks = layers.get(path);
    if (!Array.isArray(webhooks) || !webhooks.some(callsLambda)) continue;
    const kept: unknown[] = [];
    for (const [index, webhook] of (webhooks as readonly unknown[]).entries()) {
      if (!callsLambda(webhook)) {
        kept.push(webhook);
        continue;
      }
      const { lambda_function: _function, lambda: _options, ...rest } = webhook;
      const hasUrl = rest["url"] !== undefined;
      if (hasUrl) kept.push(rest);
      warnings.push(
        configFailures.create("config-feature-unavailable", {
          name: formatPath([...path, index, "lambda_function"]),
          feature: "calling an AWS Lambda function",
          effect: hasUrl ? "only its url is posted to" : "this webhook is left out",
        }),
      );
    }
    layers.set(path, kept, layers.findOrigin(path) ?? "unknown origin");
  }
  return warnings;
}

function callsLambda(webhook: unknown): webhook is Webhook {
  return (
    typeof webhook === "object" && webhook !== null && ("lambda_function" in webhook || "lambda" in webhook)
  );
}
