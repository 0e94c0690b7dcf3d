import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { signText } from "./digest.ts";
import { type AuthProblem, findChannelAuthProblem, findSigninAuthProblem } from "./signature.ts";

const app = { key: "278d425bdf160c739803", secret: "7ad3773142a6692b25b8" };
const socketId = "1234.1234";

const presenceData = '{"user_id":10,"user_info":{"name":"Mr. Channels"}}';
const vectors = {
  private: "58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4",
  presence: "31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80",
  presenceOlder: "afaed3695da2ffd16931f457e338e6c9f2921fa133ce7dac49f529792be6304c",
  signin: "4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba",
};

function checkPrivate(
  auth: unknown,
  channelData?: string,
  by: Parameters<typeof findChannelAuthProblem>[0] = app,
) {
  const request = { auth, socketId, channel: "private-foobar", presence: false };
  return findChannelAuthProblem(
    by,
    channelData === undefined ? request : { ...request, channelData },
    () => true,
  );
}

function checkPresence(auth: unknown, channelData?: string) {
  const request = { auth, socketId, channel: "presence-foobar", presence: true };
  return findChannelAuthProblem(
    app,
    channelData === undefined ? request : { ...request, channelData },
    () => true,
  );
}

function causeOf(problem: AuthProblem | undefined): string | undefined {
  return problem?.kind === "signature-mismatch" ? problem.cause : problem?.kind;
}

const auth = (text: string, secret = app.secret): string => `${app.key}:${signText(secret, text)}`;

const authPresence = (json: string): string => auth(`${socketId}:presence-foobar:${json}`);

describe("channel signatures of the Pusher documentation", () => {
  it("accepts the private channel", () => {
    expect(checkPrivate(`${app.key}:${vectors.private}`)).toBeUndefined();
  });

  it("accepts the presence channel", () => {
    expect(checkPresence(`${app.key}:${vectors.presence}`, presenceData)).toBeUndefined();
  });

  it("accepts the older presence text, and not its digest beside the newer text", () => {
    const older = '{"user_id":10,"user_info":{"name":"Mr. Pusher"}}';
    expect(checkPresence(`${app.key}:${vectors.presenceOlder}`, older)).toBeUndefined();
    expect(checkPresence(`${app.key}:${vectors.presenceOlder}`, presenceData)?.kind).toBe(
      "signature-mismatch",
    );
  });

  it("accepts the signin", () => {
    const request = { auth: `${app.key}:${vectors.signin}`, socketId, userData: '{"id":"12345"}' };
    expect(findSigninAuthProblem(app, request, () => true)).toBeUndefined();
  });
});

describe("channel signature rules", () => {
  it("does not mind the case of hex digits", () => {
    expect(checkPrivate(`${app.key}:${vectors.private.toUpperCase()}`)).toBeUndefined();
  });

  it("minds the case of the key", () => {
    expect(checkPrivate(`${app.key.replace("d", "D")}:${vectors.private}`)?.kind).toBe("key-mismatch");
  });

  it("accepts data on a private channel whether it was signed or not", () => {
    expect(checkPrivate(`${app.key}:${vectors.private}`, "{}")).toBeUndefined();
    expect(checkPrivate(auth("1234.1234:private-foobar:{}"), "{}")).toBeUndefined();
  });

  it("demands that the data of a presence channel is signed", () => {
    expect(causeOf(checkPresence(auth("1234.1234:presence-foobar"), presenceData))).toBe(
      "channel-data-not-signed",
    );
  });

  it("accepts a presence channel without data by its two parts", () => {
    expect(checkPresence(auth("1234.1234:presence-foobar"))).toBeUndefined();
  });

  it("accepts the previous secret while it is rotated", () => {
    const rotated = { key: app.key, secret: "new", previousSecret: app.secret };
    expect(checkPrivate(`${app.key}:${vectors.private}`, undefined, rotated)).toBeUndefined();
    expect(checkPrivate(auth("1234.1234:private-foobar", "new"), undefined, rotated)).toBeUndefined();
    expect(checkPrivate(auth("1234.1234:private-foobar", "old"), undefined, rotated)?.kind).toBe(
      "signature-mismatch",
    );
  });

  it.each([[undefined], [null], [""], [1], [{}], [[]], [true]])("takes auth %j as missing", (value) => {
    expect(checkPrivate(value)).toEqual({ kind: "missing" });
  });

  it.each([
    [vectors.private, "auth holds only the signature; the app key and a colon must stand before it"],
    ["hello", "auth has no colon between key and signature"],
    ["x".repeat(301), "auth has 301 characters; 300 are allowed"],
    [
      `${app.key}:${vectors.private.slice(0, 40)}`,
      "the signature has 40 characters and looks like a SHA-1; 64 hex digits are needed",
    ],
    [
      `${app.key}:${vectors.private}0`,
      "the signature has 65 characters and is too long; 64 hex digits are needed",
    ],
    [
      `${app.key}:${Buffer.from(vectors.private, "hex").toString("base64")}`,
      "the signature has 44 characters and looks like base64; 64 hex digits are needed",
    ],
    [`${app.key}:`, "the signature has 0 characters and is cut off; 64 hex digits are needed"],
  ])("says how auth %.40s is malformed", (value, problem) => {
    expect(checkPrivate(value)).toEqual({ kind: "malformed", problem });
  });

  it("never accepts nor throws on auth that was not made with the secret", () => {
    fc.assert(
      fc.property(fc.anything(), fc.string(), (value, data) => {
        expect(checkPrivate(value, data)).toBeDefined();
        expect(checkPresence(`${app.key}:${data}`, data)).toBeDefined();
      }),
      { numRuns: 200 },
    );
  });
});

describe("diagnosis of a wrong signature", () => {
  const data = '{"user_id":10}';
  it.each([
    ["the key as secret", auth(`${socketId}:presence-foobar:${data}`, app.key), "key-used-as-secret"],
    ["data encoded twice", auth(`${socketId}:presence-foobar:${JSON.stringify(data)}`), "encoded-twice"],
    ["no data", auth(`${socketId}:presence-foobar`), "channel-data-not-signed"],
    ["an empty socket id", auth(`:presence-foobar:${data}`), "socket-id-missing"],
    ["an undefined socket id", auth(`undefined:presence-foobar:${data}`), "socket-id-missing"],
    ["a channel without prefix", auth(`${socketId}:foobar:${data}`), "channel-prefix-missing"],
    ["swapped parts", auth(`presence-foobar:${socketId}:${data}`), "parts-swapped"],
    ["a line break", auth(`${socketId}:presence-foobar:${data}\n`), "line-break"],
    ["a signin", auth(`${socketId}::user::${data}`), "signed-as-signin"],
    ["another secret", auth(`${socketId}:presence-foobar:${data}`, "other"), "secret-or-text"],
  ])("names %s", (_mistake, wrong, cause) => {
    expect(causeOf(checkPresence(wrong, data))).toBe(cause);
  });

  it("names data in another spelling", () => {
    const spaced = '{ "user_id": 10, "url": "a/b" }';
    expect(causeOf(checkPresence(authPresence('{"user_id":10,"url":"a/b"}'), spaced))).toBe("reserialised");
    expect(causeOf(checkPresence(authPresence('{"user_id":10,"url":"a\\/b"}'), spaced))).toBe("reserialised");
  });

  it("names data that arrived encoded twice", () => {
    const wrong = auth(`${socketId}:presence-foobar:${data}`);
    expect(causeOf(checkPresence(wrong, JSON.stringify(data)))).toBe("encoded-twice");
  });

  it("names a URL-encoded channel", () => {
    const request = {
      auth: auth(`${socketId}:private-a%2Cb`),
      socketId,
      channel: "private-a,b",
      presence: false,
    };
    expect(causeOf(findChannelAuthProblem(app, request, () => true))).toBe("channel-encoded");
  });

  it("names the mistakes of signins", () => {
    const userData = '{"id":"7"}';
    const check = (text: string): string | undefined =>
      causeOf(findSigninAuthProblem(app, { auth: auth(text), socketId, userData }, () => true));
    expect(check(`${socketId}:user:${userData}`)).toBe("colons");
    expect(check(`${socketId}::user::${JSON.stringify(userData)}`)).toBe("encoded-twice");
    expect(check(`::user::${userData}`)).toBe("socket-id-missing");
  });

  it("tells the string that was signed, but neither secret nor expected digest", () => {
    const problem = checkPrivate(auth("1234.1234:private-foobar", "other"));
    expect(problem).toMatchObject({ signedText: "1234.1234:private-foobar" });
    const text = JSON.stringify(problem);
    expect(text).not.toContain(app.secret);
    expect(text).not.toContain(vectors.private);
  });

  it("is left out when it is not asked for", () => {
    const request = { auth: auth("x"), socketId, channel: "private-foobar", presence: false };
    expect(causeOf(findChannelAuthProblem(app, request, () => false))).toBe("not-examined");
  });
});
