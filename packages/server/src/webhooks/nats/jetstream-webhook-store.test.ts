import { describeWebhookStore } from "../webhook-store-contract.test.harness.ts";
import { startJetStream } from "./jetstream-backend.test.harness.ts";

describeWebhookStore("JetStream", startJetStream);
