/**
 * Fills in what apps leave open, before the schema sees them: the profile of the server they come from, settings that
 * hold for every app, defaults of the profile, and the development app where there is none.
 */

import type { ResponseProfile } from "../apps/app.ts";
import type { EveryAppSetting, ForeignReading } from "./foreign-setting.ts";
import type { LayeredSettings } from "./layered-settings.ts";
import { type SettingPath, settings } from "./setting-index.ts";

/** The app that is served where none is configured; its secret is public, hence on loopback only. */
export const developmentApp = {
  id: "antiphon",
  key: "antiphon-key",
  secret: "antiphon-secret",
  profile: "pusher",
  channels: { subscriptionCount: true, watchlist: true, debugAuth: true },
  events: { clientEvents: "members" },
} as const;

/** Puts settings that hold for every app over the apps that are known so far. */
export function applyToEveryApp(layers: LayeredSettings, reading: ForeignReading): void {
  for (let index = 0; index < layers.count(["apps"]); index += 1) {
    for (const { path, value, origin } of reading.everyApp)
      layers.set(["apps", index, ...path], value, origin);
  }
}

/** Puts settings that hold for every app under the apps: stronger sources have spoken. */
function applyUnderEveryApp(layers: LayeredSettings, settings: readonly EveryAppSetting[]): void {
  for (let index = 0; index < layers.count(["apps"]); index += 1) {
    for (const { path, value, origin } of settings)
      layers.setIfAbsent(["apps", index, ...path], value, origin);
  }
}

/** Every path that a pattern with `*` stands for, as far as the lists in the settings reach. */
function* expandPattern(
  layers: LayeredSettings,
  pattern: readonly string[],
  base: SettingPath = [],
): Generator<SettingPath> {
  const star = pattern.indexOf("*");
  if (star === -1) {
    yield [...base, ...pattern];
    return;
  }
  const list = [...base, ...pattern.slice(0, star)];
  for (let index = 0; index < layers.count(list); index += 1) {
    yield* expandPattern(layers, pattern.slice(star + 1), [...list, index]);
  }
}

function applyProfileDefaults(layers: LayeredSettings): void {
  for (const setting of settings) {
    if (Object.keys(setting.profileDefaults).length === 0) continue;
    for (const path of expandPattern(layers, setting.segments)) {
      // An unknown profile is left to the schema.
      const profile = layers.get(["apps", path[1] ?? 0, "profile"]) as ResponseProfile | undefined;
      const value = profile === undefined ? undefined : setting.profileDefaults[profile];
      if (value !== undefined) layers.setIfAbsent(path, value, `default of profile ${profile}`);
    }
  }
}

/** Completes the apps and says whether the development app had to be put in. `everyApp` holds the strongest first. */
export function completeApps(
  layers: LayeredSettings,
  everyApp: readonly EveryAppSetting[],
  peer: { readonly profile: ResponseProfile; readonly origin: string } | undefined,
): boolean {
  const configured = layers.get(["apps"]);
  const needsApp = configured === undefined || (Array.isArray(configured) && configured.length === 0);
  if (needsApp) layers.set(["apps", 0], developmentApp, "development app");
  applyUnderEveryApp(layers, everyApp);
  for (let index = 0; index < layers.count(["apps"]); index += 1) {
    if (peer !== undefined) layers.setIfAbsent(["apps", index, "profile"], peer.profile, peer.origin);
  }
  applyProfileDefaults(layers);
  return needsApp;
}
