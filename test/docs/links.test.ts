/** Links between pages lead to files and headings that exist, and the index of the documentation has every page. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const root = new URL("../../", import.meta.url);

const listPages = (folder: string): string[] =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md") && !file.includes("node_modules"))
    .map((file) => `${folder}${file}`);

const docs = listPages("docs/");
const pages = [
  ...readdirSync(root).filter((file) => file.endsWith(".md")),
  ...docs,
  "packages/server/README.md",
  "packages/websocket/README.md",
  "examples/chat/README.md",
  "examples/cluster/README.md",
];

const read = (page: string | URL): string => readFileSync(new URL(page, root), "utf8");

/** Code is not text: what looks like a link there is none. */
const withoutCode = (text: string): string =>
  text.replace(/^```[\s\S]*?^```$/gm, "").replace(/`[^`\n]*`/g, "");

function listLinks(page: string): string[] {
  return [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The names that GitHub gives to headings. */
function listAnchors(text: string): string[] {
  return [...text.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe("links", () => {
  it.each(pages)("of %s lead somewhere", (page) => {
    const broken = listLinks(page).filter((link) => {
      const target = new URL(link, new URL(page, root));
      const file = new URL(target.href.split("#", 1)[0] ?? "");
      if (!existsSync(file)) return true;
      return (
        target.hash !== "" && !listAnchors(read(file)).includes(decodeURIComponent(target.hash.slice(1)))
      );
    });
    expect(broken).toEqual([]);
  });
});

it("every page of the documentation is in its index", () => {
  const index = new Set(listLinks("docs/README.md").map((link) => `docs/${link}`));
  expect(docs.filter((page) => page !== "docs/README.md" && !index.has(page))).toEqual([]);
});
