/**
 * Preloaded into the nodes under test: on SIGUSR2 it prints how much memory is in use, after collecting garbage, and for how
 * long the event loop was held at most since the last time. Only processor time of the node itself counts, so that a busy
 * machine changes nothing.
 */
import v8 from "node:v8";
import vm from "node:vm";

v8.setFlagsFromString("--expose-gc");
const collectGarbage = vm.runInNewContext("gc");

const everyMs = 10;
let heldMs = 0;
let last = readClocks();

function readClocks() {
  return { wallMs: performance.now(), cpu: process.cpuUsage() };
}

setInterval(() => {
  const now = readClocks();
  const cpuMs = (now.cpu.user + now.cpu.system - last.cpu.user - last.cpu.system) / 1000;
  heldMs = Math.max(heldMs, Math.min(now.wallMs - last.wallMs, cpuMs));
  last = now;
}, everyMs).unref();

process.on("SIGUSR2", () => {
  collectGarbage();
  const figures = { heapBytes: process.memoryUsage().heapUsed, heldMs: Math.round(heldMs) };
  process.stdout.write(`${JSON.stringify({ figures })}\n`);
  heldMs = 0;
  last = readClocks();
});
