/**
 * The whole story, with the commands that people type: an nginx that does not pass WebSockets stands before Antiphon, the
 * doctor says what to write into its configuration, and once that is done the doctor says that it works. And the pages that show it.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type AntiphonProcess, runAntiphon } from "../support/antiphon-process.ts";
import { startConfiguredServer } from "../support/configured-server.ts";
import { type ProxyProgram, startProxy } from "../support/proxy-program.ts";
import { labApp } from "./server-lab.ts";
import { renderDoctorPage } from "./render-doctor-page.ts";

const nginx = inject("nginx");
const proxyPass = (port: number): string => `proxy_pass http://127.0.0.1:${port};`;
const credentials = ["--app-id", labApp.id, "--secret", labApp.secret];

let antiphon: AntiphonProcess;

beforeAll(async () => {
  antiphon = await startConfiguredServer({ apps: [labApp] });
});

afterAll(async () => {
  await antiphon.stop();
});

const appUrl = ({ port }: { readonly port: number }): string => `ws://127.0.0.1:${port}/app/${labApp.key}`;

/** The settings of nginx that a text names. */
function findDirectives(text: string): string[] {
  return text.match(/proxy_[a-z_]+ [^;]+;/g) ?? [];
}

describe.skipIf(!nginx.found)("an nginx that does not pass WebSockets", () => {
  let proxy: ProxyProgram;

  beforeAll(async () => {
    proxy = await startProxy("nginx", nginx, `location / { ${proxyPass(antiphon.port)} }`);
  });

  afterAll(async () => {
    await proxy.stop();
  });

  it("is mended by what the doctor says", async () => {
    const before = await runAntiphon(["doctor", appUrl(proxy), ...credentials]);
    expect(before.code).toBe(1);
    expect(before.stdout).toContain("the fault of a proxy (proved)");

    const directives = findDirectives(before.stdout.slice(before.stdout.indexOf("in nginx: ")));
    expect(directives).toEqual([
      "proxy_http_version 1.1;",
      "proxy_set_header Upgrade $http_upgrade;",
      'proxy_set_header Connection "upgrade";',
    ]);
    await proxy.reconfigure(`location / { ${proxyPass(antiphon.port)} ${directives.join(" ")} }`);

    const after = await runAntiphon(["doctor", appUrl(proxy), ...credentials]);
    expect(after.stdout).toContain("It works: every check passed.");
    expect(after.code).toBe(0);
    await expect(renderDoctorPage({ before: before.stdout, after: after.stdout })).toMatchFileSnapshot(
      "../../docs/reference/cli-doctor.md",
    );
  });
});

describe("antiphon doctor", () => {
  it("prints JSON with every check and the conclusion, and without secrets", async () => {
    const url = `${appUrl(antiphon).replace("//", "//me:hunter2@")}?protocol=7&token=hunter3`;
    const header = ["--header", "Authorization: Bearer hunter4"];
    const { code, stdout } = await runAntiphon(["doctor", url, "--json", ...credentials, ...header]);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as { checks: { step: string; verdict: string }[]; conclusion: object };
    expect(report.conclusion).toEqual({ works: true, sentence: "It works: every check passed." });
    expect(new Set(report.checks.map(({ step }) => step))).toEqual(
      new Set(["dns", "tcp", "http", "101", "frames", "pusher", "ping", "close"]),
    );
    expect(report.checks.every(({ verdict }) => verdict === "passed" || verdict === "note")).toBe(true);
    expect(stdout).not.toMatch(/hunter|lab-secret/);
  });

  it("ends with 2 for a URL, a header or a proxy that cannot be used", async () => {
    for (const [args, message] of [
      [["doctor", "example.com"], "url-invalid"],
      [["doctor", "ws://localhost/#a"], "url-has-fragment"],
      [["doctor", "ws://localhost/", "--header", "nonsense"], '--header wants "Name: value"'],
      [["doctor", "ws://localhost/", "--header", "Host: x"], "request-header-not-allowed"],
      [["doctor", "ws://localhost/", "--proxy", "ftp://x"], "proxy-url-invalid"],
      [["doctor", "ws://localhost/", "--ca", "/no/such/file"], "--ca cannot be read (ENOENT)"],
      [["doctor", "ws://localhost/", "--timeout", "soon"], "Give seconds"],
      [["doctor"], "missing required argument 'url'"],
    ] as const) {
      const { code, stderr } = await runAntiphon(args);
      expect(stderr).toContain(message);
      expect(code).toBe(2);
    }
  });
});
