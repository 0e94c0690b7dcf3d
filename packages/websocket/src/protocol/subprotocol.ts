/**
 * Choosing a subprotocol on the server (RFC 6455 §4.2.2): at most one name, which the client offered and the server
 * speaks. Echoing the request header, or taking the client's first name blindly, breaks conforming clients.
 */
import { engineFailures } from "../failures/engine-failures.ts";
import type { Failure } from "../failures/failure.ts";

/** The first supported name that was offered, or with `client` the first offered that is supported. Case counts. */
export function selectSubprotocol(
  offered: readonly string[],
  supported: readonly string[],
  options: { readonly preference: "server" | "client" },
): string | undefined {
  return options.preference === "server"
    ? supported.find((name) => offered.includes(name))
    : offered.find((name) => supported.includes(name));
}

/**
 * The failure to report when subprotocols were offered and none was selected: fatal (400) if `required`, otherwise a
 * warning beside the 101, because browsers close a connection whose answer chooses none of their names.
 */
export function judgeSubprotocolOverlap(
  offered: readonly string[],
  supported: readonly string[],
  options: { readonly selected: string | undefined; readonly required: boolean },
): Failure | undefined {
  if (options.selected !== undefined || (offered.length === 0 && !options.required)) return undefined;
  const evidence = { offered: offered.length, supported: supported.length };
  const failure = engineFailures.create("handshake-subprotocol-no-overlap", evidence);
  return options.required ? failure : { ...failure, severity: "warning" };
}

/** The failure (500) of a hook that chose a name which the client did not offer. */
export function judgeChosenSubprotocol(offered: readonly string[], chosen: string): Failure | undefined {
  if (offered.includes(chosen)) return undefined;
  return engineFailures.create("handshake-hook-unoffered-subprotocol", { offered: offered.length });
}

/**
 * Takes a bearer token out of the offered names: browsers cannot set Authorization, so clients offer a name that is
 * `prefix` and the token. What is left can be selected, echoed and logged.
 */
export function takeSubprotocolToken(
  offered: readonly string[],
  prefix: string,
): { readonly token: string | undefined; readonly offered: readonly string[] } {
  const token = offered.find((name) => name.startsWith(prefix))?.slice(prefix.length);
  return { token, offered: offered.filter((name) => !name.startsWith(prefix)) };
}
