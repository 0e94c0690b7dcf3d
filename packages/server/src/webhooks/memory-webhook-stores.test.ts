import { startMemory } from "./memory-webhook-stores.test.harness.ts";
import { describeWebhookStore } from "./webhook-store-contract.test.harness.ts";

describeWebhookStore("memory", startMemory);
