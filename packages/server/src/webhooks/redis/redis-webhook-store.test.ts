import { describeWebhookStore } from "../webhook-store-contract.test.harness.ts";
import { startRedis } from "./redis-backend.test.harness.ts";

describeWebhookStore("Redis", startRedis);
