/**
 * The suites that speak over plain sockets once more, without the shared read buffer: nothing may depend on which of the two
 * ways a socket is read. The engine looks at the variable when it reads its first socket.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { expect, it, onTestFinished, vi } from "vitest";
import { readIntoSharedBuffer } from "../../packages/websocket/src/node/shared-read-buffer.ts";
import { startEngine } from "../support/engine.ts";
import "./connection.test.ts";
import "./echo-server.test.ts";
import "./fault-link.test.ts";
import "./interop.test.ts";
import "./server.test.ts";

vi.stubEnv("ANTIPHON_SHARED_READ_BUFFER", "off");

it("the variable switches the shared read buffer off", async () => {
  const engine = await startEngine();
  const socket = connect(engine.port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  expect(readIntoSharedBuffer(socket, () => {})).toBe(false);
});
