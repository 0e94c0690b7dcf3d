/**
 * What can be wrong with a configuration: file, environment and flags in, one named failure per finding out. Raised by
 * `loadConfig` and the listen step of `antiphon start`; printed by `antiphon config check`. Values of secret settings
 * arrive here already masked.
 */

import { defineFailure, defineFailures } from "@antiphon/websocket";

const operatorMistake = {
  phase: "config",
  faults: ["operator"],
  certainty: "proved",
  severity: "fatal",
  spec: "Antiphon configuration",
  retry: "after-change",
} as const;

const operatorNotice = { ...operatorMistake, severity: "warning", retry: "not-applicable" } as const;

function nearestHint(nearest: string | undefined): string {
  return nearest === undefined ? "" : ` The closest known name is ${nearest}.`;
}

/** Everything that a configuration can be refused or warned for. */
export const configFailures = defineFailures({
  "config-value-invalid": defineFailure<{ path: string; value: string; origin: string; expected: string }>({
    ...operatorMistake,
    explain: ({ path, value, origin, expected }) =>
      `${path} is ${value} (${origin}) but must be ${expected}.`,
    fix: "Correct the value at the place that set it.",
  }),
  "config-value-missing": defineFailure<{ path: string; expected: string; env: string }>({
    ...operatorMistake,
    explain: ({ path, expected, env }) =>
      `${path} is not set but is required: ${expected}. Its environment name is ${env}.`,
    fix: "Set it in the configuration file or the environment.",
  }),
  "config-key-unknown": defineFailure<{ path: string; origin: string; nearest: string | undefined }>({
    ...operatorMistake,
    explain: ({ path, origin, nearest }) => `${path} (${origin}) is not a setting.${nearestHint(nearest)}`,
    fix: "Remove the key or correct its spelling; `antiphon config schema` lists every setting.",
  }),
  "config-env-unknown": defineFailure<{ name: string; nearest: string | undefined }>({
    ...operatorNotice,
    explain: ({ name, nearest }) => `The environment variable ${name} has no effect.${nearestHint(nearest)}`,
    fix: "Remove the variable or correct its spelling.",
  }),
  "config-env-ignored": defineFailure<{ name: string; reason: string }>({
    ...operatorNotice,
    severity: "info",
    explain: ({ name, reason }) => `The environment variable ${name} is known but ignored: ${reason}.`,
    fix: "Remove the variable, or leave it if another program reads it.",
  }),
  "config-option-unknown": defineFailure<{ path: string; origin: string; nearest: string | undefined }>({
    ...operatorNotice,
    explain: ({ path, origin, nearest }) =>
      `${path} (${origin}) is not an option of soketi and has no effect.${nearestHint(nearest)}`,
    fix: "Remove the option or correct its spelling.",
  }),
  "config-option-ignored": defineFailure<{ path: string; origin: string; reason: string }>({
    ...operatorNotice,
    severity: "info",
    explain: ({ path, origin, reason }) => `${path} (${origin}) is known but ignored: ${reason}.`,
    fix: "Remove the option.",
  }),
  "config-restart-needed": defineFailure<{ paths: string }>({
    ...operatorNotice,
    explain: ({ paths }) =>
      `The configuration changed at ${paths}, which is only read at the start: what was in force stays.`,
    fix: "Restart the server, or put the values back. Apps and certificates need no restart.",
  }),
  "config-env-overridden": defineFailure<{ path: string; loser: string; winner: string }>({
    ...operatorNotice,
    explain: ({ path, loser, winner }) => `${loser} and ${winner} both set ${path}; ${winner} wins.`,
    fix: "Keep only one of the two variables.",
  }),
  "config-value-adjusted": defineFailure<{ name: string; reason: string }>({
    ...operatorNotice,
    explain: ({ name, reason }) => `${name} is not taken literally: ${reason}.`,
    fix: "Set the value that is in force, to make the configuration say what happens.",
  }),
  "config-feature-unavailable": defineFailure<{ name: string; feature: string; effect: string }>({
    ...operatorNotice,
    explain: ({ name, feature, effect }) =>
      `${name} asks for ${feature}, which is not available in this version; ${effect}.`,
    fix: "Remove the setting, or go on with what this version has.",
  }),
  "config-peer-address-differs": defineFailure<{ peer: string; host: string }>({
    ...operatorNotice,
    severity: "info",
    explain: ({ peer, host }) =>
      `${peer} would listen on 0.0.0.0 here; Antiphon listens on ${host}, because no address is configured.`,
    fix: "Set ANTIPHON_SERVER_HOST=0.0.0.0 to be reached from other machines or containers.",
  }),
  "config-public-port-differs": defineFailure<{ name: string; value: string; port: number }>({
    ...operatorNotice,
    explain: ({ name, value, port }) =>
      `${name} sends the Laravel app and its clients to port ${value}, but the server listens on ${port}.`,
    fix: "Set REVERB_SERVER_PORT to the same port, unless a proxy forwards the one to the other.",
  }),
  "config-secret-well-known": defineFailure<{ path: string; peer: string }>({
    ...operatorNotice,
    explain: ({ path, peer }) =>
      `${path} is the secret that ${peer} ships as its default, so everybody knows it.`,
    fix: "Set a long random secret on the server and in the backend that publishes.",
  }),
  "config-settings-conflict": defineFailure<{ first: string; second: string; reason: string }>({
    ...operatorMistake,
    explain: ({ first, second, reason }) => `${first} and ${second} cannot both be set: ${reason}.`,
    fix: "Remove one of the two settings.",
  }),
  "config-backend-address-default": defineFailure<{
    path: string;
    backend: string;
    origin: string;
    address: string;
  }>({
    ...operatorNotice,
    severity: "info",
    explain: ({ path, backend, origin, address }) =>
      `${path} asks for ${backend} (${origin}) and no address of it is set: it is looked for at ${address}.`,
    fix: "Set ANTIPHON_REDIS_URL or ANTIPHON_NATS_SERVERS, unless it runs on this machine.",
  }),
  "config-backend-unused": defineFailure<{ section: string; backend: string; origin: string }>({
    ...operatorNotice,
    severity: "info",
    explain: ({ section, backend, origin }) =>
      `Settings of ${section} are given (${origin}), but nothing uses ${backend}: neither cluster.driver nor webhooks.queue asks for it.`,
    fix: "Set cluster.driver to join this server with others, or leave the settings for later.",
  }),
  "config-file-not-found": defineFailure<{ file: string; origin: string }>({
    ...operatorMistake,
    explain: ({ file, origin }) => `The file ${file} (${origin}) does not exist.`,
    fix: "Correct the path; relative paths start at the working directory.",
  }),
  "config-file-unreadable": defineFailure<{ file: string; origin: string; reason: string }>({
    ...operatorMistake,
    explain: ({ file, origin, reason }) => `The file ${file} (${origin}) cannot be read: ${reason}.`,
    fix: "Give the user that runs Antiphon permission to read the file.",
  }),
  "config-file-invalid": defineFailure<{ file: string; reason: string }>({
    ...operatorMistake,
    explain: ({ file, reason }) => `The configuration file ${file} cannot be used: ${reason}.`,
    fix: "Use a .json file that holds one object, or a .js or .mjs file whose default export is one.",
  }),
  "config-file-typescript-unsupported": defineFailure<{ file: string; node: string }>({
    ...operatorMistake,
    explain: ({ file, node }) => `${file} is TypeScript, which Node.js ${node} cannot run by itself.`,
    fix: "Use Node.js 22.18 or newer, or write the configuration as .json or .mjs.",
  }),
  "config-app-duplicate": defineFailure<{ field: string; value: string; first: string; second: string }>({
    ...operatorMistake,
    explain: ({ field, value, first, second }) => `${first} and ${second} have the same ${field} "${value}".`,
    fix: "Give every app an id and a key of its own.",
  }),
  "config-no-apps": defineFailure<{ host: string; path: string; origin: string }>({
    ...operatorMistake,
    explain: ({ host, path, origin }) =>
      `No app is configured and ${path} is ${host} (${origin}): the development app has a public secret, so it is only served on loopback.`,
    fix: "Configure an app (ANTIPHON_APPS_0_ID, ANTIPHON_APPS_0_KEY, ANTIPHON_APPS_0_SECRET), or listen on 127.0.0.1.",
  }),
});
