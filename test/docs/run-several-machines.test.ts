/** Does what docs/how-to/run-several-machines.md says: its configurations are fine, and its names exist. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runAntiphon } from "../support/antiphon-process.ts";
import { createFolder, MarkdownPage, removeFolder } from "./markdown-page.ts";

const page = new MarkdownPage("docs/how-to/run-several-machines.md");
const configurations = page.blocks("json");

let folder: string;

beforeAll(async () => {
  const files = configurations.map((text, index) => [`${index}.json`, text] as const);
  folder = await createFolder(Object.fromEntries(files));
});

afterAll(() => removeFolder(folder));

describe("running several machines", () => {
  it.each(configurations.map((text, index) => ({ text, index })))(
    "takes a configuration of the page: $text",
    async ({ index }) => {
      const { code, stdout } = await runAntiphon(["config", "check", "--config", `${index}.json`], {
        cwd: folder,
      });
      expect(stdout).toBe("The configuration is fine (0 problems, 0 warnings).\n");
      expect(code).toBe(0);
    },
  );

  it("takes the variables of the page", async () => {
    const names = [...page.text.matchAll(/\b(ANTIPHON_\w+)=(\S+)/g)];
    const env = Object.fromEntries(names.map(([, name = "", value = ""]) => [name, value]));
    const { stdout } = await runAntiphon(["config", "print"], { env });
    expect(stdout).toMatch(/^cluster\.driver +redis +env ANTIPHON_CLUSTER_DRIVER$/m);
    expect(stdout).toMatch(
      /^redis\.url +redis:\/\/\(hidden\)@redis\.internal:6379 +env ANTIPHON_REDIS_URL$/m,
    );
    expect(stdout).not.toContain("password@");
  });

  it("names settings and failures that there are", () => {
    expect(page.unknownSettings()).toEqual([]);
    const failures = new MarkdownPage("docs/reference/failures.md").text;
    for (const [, name] of page.text.matchAll(/`(cluster-[a-z-]+)`/g)) {
      expect(failures).toContain(`${name}`);
    }
  });
});
