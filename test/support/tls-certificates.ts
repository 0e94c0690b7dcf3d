/** Self-signed certificates for tests, made by the `openssl` program; undefined where it is not installed. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TestCertificate {
  readonly key: Buffer;
  readonly cert: Buffer;
}

export const hasOpenssl: boolean = spawnSync("openssl", ["version"]).status === 0;

/** A certificate for one DNS name; an expired one ran out in 2020. */
export function createCertificate(
  name: string,
  options: { readonly expired?: boolean } = {},
): TestCertificate {
  const folder = mkdtempSync(join(tmpdir(), "antiphon-certificate-"));
  const file = (base: string): string => join(folder, base);
  try {
    const subject = ["-subj", `/CN=${name}`];
    const names = ["-addext", `subjectAltName=DNS:${name}`];
    const key = [
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-keyout",
      file("key"),
    ];
    if (options.expired !== true) {
      run(["req", "-x509", ...key, "-out", file("cert"), "-days", "2", ...subject, ...names]);
    } else {
      // `openssl ca` is the one command of all versions that takes the dates.
      run(["req", "-new", ...key, "-out", file("request"), ...subject, ...names]);
      execFileSync("sh", ["-c", `: > '${file("index")}' && echo 01 > '${file("serial")}'`]);
      execFileSync("sh", ["-c", `cat > '${file("config")}'`], { input: authorityConfig(folder) });
      const dates = ["-startdate", "20200101000000Z", "-enddate", "20200102000000Z"];
      const self = ["-selfsign", "-keyfile", file("key"), "-in", file("request"), "-out", file("cert")];
      run(["ca", "-batch", "-notext", "-config", file("config"), ...self, ...dates]);
    }
    return { key: readFileSync(file("key")), cert: readFileSync(file("cert")) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function authorityConfig(folder: string): string {
  return `[ca]
default_ca = self
[self]
database = ${folder}/index
serial = ${folder}/serial
new_certs_dir = ${folder}
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
`;
}

function run(parameters: readonly string[]): void {
  execFileSync("openssl", parameters, { stdio: "pipe" });
}
