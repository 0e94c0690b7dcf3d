import { describeDurableWebhooks } from "../durable-webhooks.test.harness.ts";
import { startRedis } from "./redis-backend.test.harness.ts";

describeDurableWebhooks("Redis", startRedis);
