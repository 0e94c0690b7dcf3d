import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ExtensionOffer,
  isToken,
  parseExtensionList,
  parseTokenList,
  trimOptionalSpace,
} from "./header-syntax.ts";

const token = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,8}$/);
const space = fc.stringMatching(/^[ \t]{0,2}$/);

describe("tokens (RFC 9110 §5.6.2)", () => {
  it.each(["", "a b", "a/b", 'a"', "a,b", "é", "a\n"])("%j is none", (text) => {
    expect(isToken(text)).toBe(false);
  });

  it("are trimmed of space and tab only, in linear time", () => {
    expect(trimOptionalSpace(" \ta b\t ")).toBe("a b");
    expect(trimOptionalSpace("\u00a0a")).toBe("\u00a0a");
    expect(trimOptionalSpace(`a${" ".repeat(1_000_000)}b`)).toHaveLength(1_000_002);
  });
});

describe("token lists (RFC 6455 §11.3.4)", () => {
  it("read back what was written, however it is spaced", () => {
    fc.assert(
      fc.property(fc.array(token, { minLength: 1, maxLength: 10 }), space, space, (names, before, after) => {
        expect(parseTokenList(names.join(`${before},${after}`))).toEqual({ ok: true, value: names });
      }),
      { numRuns: 200 },
    );
  });

  it("say which member is wrong without quoting it", () => {
    expect(parseTokenList("a,,c")).toEqual({ ok: false, problem: "member 2 is empty" });
    expect(parseTokenList("a, bearer secret")).toEqual({
      ok: false,
      problem: "member 2 contains a character that tokens must not have",
    });
  });

  it("may have 4,096 bytes and not one more", () => {
    expect(parseTokenList("a".repeat(4096)).ok).toBe(true);
    expect(parseTokenList("a".repeat(4097))).toEqual({ ok: false, problem: "it has more than 4096 bytes" });
  });
});

describe("extension lists (RFC 6455 §9.1)", () => {
  const parameter = fc.record({ name: token, value: fc.option(token, { nil: undefined }) });
  const extension = fc.record({ name: token, parameters: fc.array(parameter, { maxLength: 4 }) });

  it("read back what was written, quoted or not, however it is spaced", () => {
    const quoting = fc.constantFrom(
      (value: string) => value,
      (value: string) => `"${value}"`,
      (value: string) => `"${value.replaceAll(/(?=.)/g, "\\")}"`,
    );
    fc.assert(
      fc.property(
        fc.array(extension, { minLength: 1, maxLength: 5 }),
        space,
        quoting,
        (extensions, gap, quote) => {
          const text = extensions.map((one) => formatExtension(one, gap, quote)).join(`${gap},`);
          expect(parseExtensionList(text)).toEqual({ ok: true, value: extensions });
        },
      ),
      { numRuns: 300 },
    );
  });

  it("never throw, whatever the text", () => {
    const pieces = fc.constantFrom(",", ";", "=", '"', "\\", " ", "\t", "a", "é", "\0", "permessage-deflate");
    fc.assert(
      fc.property(fc.string({ unit: pieces, maxLength: 60 }), (text) => {
        const parsed = parseExtensionList(text);
        if (parsed.ok) expect(parsed.value.every(({ name }) => isToken(name))).toBe(true);
        else expect(parsed.problem).not.toBe("");
      }),
      { numRuns: 500 },
    );
  });

  it("say where they break", () => {
    expect(parseExtensionList("foo; bar=")).toEqual({
      ok: false,
      problem: "a parameter value is expected at position 10",
    });
  });
});

function formatExtension(
  { name, parameters }: ExtensionOffer,
  gap: string,
  quote: (value: string) => string,
): string {
  const parts = parameters.map((one) =>
    one.value === undefined ? one.name : `${one.name}=${quote(one.value)}`,
  );
  return [name, ...parts].join(`${gap};${gap}`);
}
