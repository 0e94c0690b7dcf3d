import { describe, expect, it } from "vitest";
import { compileRoutePath } from "./route-path.ts";

describe("route paths", () => {
  it.each([
    ["/", "/", {}],
    ["/chat", "/chat", {}],
    ["/chat", "/chat/", {}],
    ["/chat/", "/chat", {}],
    ["/chat", "/Chat", undefined],
    ["/chat", "/chat/1", undefined],
    ["/chat", "/", undefined],
    ["/app/:key", "/app/abc", { key: "abc" }],
    ["/app/:key", "/app/abc/", { key: "abc" }],
    ["/app/:key", "/app/", undefined],
    ["/app/:key", "/app", undefined],
    ["/:a/x/:b", "/1/x/2", { a: "1", b: "2" }],
    ["/:a/x/:b", "/1/y/2", undefined],
    ["*", "/anything/at/all", {}],
    [/^\/room\/(?<id>\d+)$/, "/room/42", { id: "42" }],
    [/^\/room\/\d+$/, "/room/42", {}],
    [/^\/room\/\d+$/, "/room/x", undefined],
  ])("%s on %s gives %j", (pattern, path, parameters) => {
    const found = compileRoutePath(pattern)(path);
    expect(found && { ...found }).toEqual(parameters);
  });

  it("remembers nothing between two matches of a regular expression with flags", () => {
    const match = compileRoutePath(/\/x/gy);
    expect([match("/x"), match("/x"), match("/x")]).toEqual([{}, {}, {}]);
  });

  it.each(["chat", "", "/:a/:a"])("throws for the pattern %j", (pattern) => {
    expect(() => compileRoutePath(pattern)).toThrow(TypeError);
  });
});
