import { type Browser, chromium } from "playwright-core";
import type { ProgramSearch } from "./debian-program.ts";

/** A new browser with an empty profile that asks nobody for anything. */
export function launchChromium(search: ProgramSearch): Promise<Browser> {
  if (!search.found) throw new Error(search.reason);
  const args = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  return chromium.launch({ executablePath: search.path, args });
}
