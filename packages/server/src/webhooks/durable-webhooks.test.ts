import { describeDurableWebhooks } from "./durable-webhooks.test.harness.ts";
import { startMemory } from "./memory-webhook-stores.test.harness.ts";

describeDurableWebhooks("memory", startMemory);
