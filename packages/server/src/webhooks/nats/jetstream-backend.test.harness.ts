/** A real NATS server with JetStream as a backend of the suites of webhook stores. */
import { inject } from "vitest";
import { startNatsServer } from "../../../../../test/support/nats-server.ts";
import { natsDefaults, resolveNatsOptions } from "../../cluster/nats/nats-options.ts";
import type { StoreBackend } from "../webhook-store-contract.test.harness.ts";
import { JetStreamWebhookStores } from "./jetstream-webhook-stores.ts";

export async function startJetStream(): Promise<StoreBackend & { readonly address: string }> {
  const server = await startNatsServer(inject("natsServer"));
  return {
    address: server.address,
    async connect(place, maxEvents) {
      const target = resolveNatsOptions({ ...natsDefaults, servers: [server.address], prefix: place });
      if ("name" in target) throw new Error(target.message);
      const stores = new JetStreamWebhookStores({ target, maxEvents, report: () => {} });
      await stores.start();
      return stores;
    },
    kill: () => server.kill(),
    restart: (options) => server.restart(options),
    stop: () => server.stop(),
  };
}
