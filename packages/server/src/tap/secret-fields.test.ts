import { describe, expect, it } from "vitest";
import { redactHeader, redactTarget, redactText } from "./secret-fields.ts";

describe("redactTarget", () => {
  it("hides the values of parameters that authenticate, and keeps the others", () => {
    expect(redactTarget("/app/key?protocol=7&access_token=abc&auth_signature=def&author=me")).toBe(
      "/app/key?protocol=7&access_token=***&auth_signature=***&author=me",
    );
  });

  it("leaves a target without a query as it is", () => {
    expect(redactTarget("/app/token=x")).toBe("/app/token=x");
  });
});

describe("redactHeader", () => {
  const cases: readonly [name: string, value: string, shown: string][] = [
    ["Authorization", "Bearer abc.def", "Bearer ***"],
    ["authorization", "abc", "***"],
    ["Proxy-Authorization", "Basic dTpw", "Basic ***"],
    ["Cookie", "session=1; theme=dark", "session=***; theme=***"],
    ["Set-Cookie", "session=1; Path=/; HttpOnly", "session=***; Path=/; HttpOnly"],
    ["X-Api-Key", "abc", "***"],
    ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="],
    ["Sec-WebSocket-Protocol", "graphql-ws, chat.v1", "graphql-ws, chat.v1"],
    ["Sec-WebSocket-Protocol", "bearer, abc", "bearer, ***"],
    ["Sec-WebSocket-Protocol", "v1, eyJhbGciOi.e30.x", "v1, ***"],
    ["Location", "https://u:p@host/x?token=1", "https://***@host/x?token=***"],
    ["WWW-Authenticate", 'Bearer realm="x"', 'Bearer realm="x"'],
    ["Host", "example.com", "example.com"],
  ];
  it.each(cases)("%s: %s is shown as %s", (name, value, shown) => {
    expect(redactHeader(name, value)).toBe(shown);
  });
});

describe("redactText", () => {
  it("hides string values of secret fields", () => {
    expect(redactText('{"auth":"key:sig","channel":"private-x","userToken" : "a\\"b"}')).toBe(
      '{"auth":"***","channel":"private-x","userToken" : "***"}',
    );
  });

  it("hides them inside JSON that travels as a string", () => {
    expect(redactText('{"data":"{\\"auth\\":\\"key:sig\\",\\"x\\":1}"}')).toBe(
      '{"data":"{\\"auth\\":\\"***\\",\\"x\\":1}"}',
    );
  });

  it("hides a value that is cut off", () => {
    expect(redactText('{"password":"hunter')).toBe('{"password":"***"');
    expect(redactText('{"data":"{\\"token\\":\\"abc')).not.toContain("abc");
  });

  it("leaves text without secret names untouched", () => {
    const text = '{"event":"x","data":{"author":"me"}}';
    expect(redactText(text)).toBe(text);
  });
});
