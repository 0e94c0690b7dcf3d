import { describeDurableWebhooks } from "../durable-webhooks.test.harness.ts";
import { startJetStream } from "./jetstream-backend.test.harness.ts";

describeDurableWebhooks("JetStream", startJetStream);
