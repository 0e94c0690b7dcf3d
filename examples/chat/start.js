/** Reads where the realtime server is, and starts the chat. Without any settings it uses Antiphon's development app. */
import { createChatServer } from "./chat-server.js";

const {
  PUSHER_APP_ID: appId = "antiphon",
  PUSHER_APP_KEY: key = "antiphon-key",
  PUSHER_APP_SECRET: secret = "antiphon-secret",
  PUSHER_HOST: host = "127.0.0.1",
  PUSHER_PORT: port = "6001",
  PUSHER_SCHEME: scheme = "http",
  PORT = "3000",
} = process.env;

const chat = createChatServer({ appId, key, secret, host, port, useTLS: scheme === "https" });
chat.listen(Number(PORT), "127.0.0.1", () => {
  console.log(
    `Chat on http://127.0.0.1:${chat.address().port}, with Antiphon on ${scheme}://${host}:${port}`,
  );
});
