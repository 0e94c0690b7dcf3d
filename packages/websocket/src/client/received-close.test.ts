import { describe, expect, it } from "vitest";
import { nameReceivedClose } from "./received-close.ts";

describe("the name of a received Close frame (RFC 6455 §7.4, IANA)", () => {
  it.each([
    [1000, "close-normal"],
    [1001, "close-going-away"],
    [1002, "close-protocol-error-received"],
    [1003, "close-unsupported-data-received"],
    [1005, "close-no-status"],
    [1006, "close-without-frame"],
    [1007, "close-invalid-data-received"],
    [1008, "close-policy-violation"],
    [1009, "close-too-big-received"],
    [1010, "close-mandatory-extension"],
    [1011, "close-internal-error"],
    [1012, "close-service-restart"],
    [1013, "close-try-again-later"],
    [1014, "close-bad-gateway"],
    [3000, "close-registered-code"],
    [3999, "close-registered-code"],
    [4000, "close-application-code"],
    [4999, "close-application-code"],
  ])("%i is %s", (code, name) => {
    expect(nameReceivedClose(code, "because").name).toBe(name);
  });

  it("quotes the reason, cut and without control characters", () => {
    const { message } = nameReceivedClose(1008, `line\nbreak ${"x".repeat(200)}`);
    expect(message).not.toContain("\n");
    expect(message.length).toBeLessThan(250);
  });
});
