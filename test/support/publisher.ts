/** The real `pusher` SDK, as a backend that publishes to a server under test. */
import Pusher from "pusher";
import type { AppCredentials } from "./configured-server.ts";

/** The app that `antiphon start` serves when none is configured. */
export const developmentApp: AppCredentials = {
  id: "antiphon",
  key: "antiphon-key",
  secret: "antiphon-secret",
};

/** Makes the SDK for an app of a server. */
export function createPublisher(
  server: { readonly port: number },
  app: AppCredentials,
  options: { readonly encryptionMasterKeyBase64?: string } = {},
): Pusher {
  const { id: appId, key, secret } = app;
  return new Pusher({ appId, key, secret, host: "127.0.0.1", port: String(server.port), ...options });
}
