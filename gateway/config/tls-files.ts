import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";

import type { ConfigDocument, Path } from "./document.ts";

/** The PEM files of one `tls` block, absolute; a key without a file is not set. */
export interface TlsFileNames {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly ca?: string | undefined;
}

/** That the files can be used, each and together. Ones that cannot be read are reported with the other files. */
export function checkTlsFiles(names: TlsFileNames, path: Path, document: ConfigDocument): void {
  if ((names.cert === undefined) !== (names.key === undefined)) return;
  const pem: { cert?: Buffer; key?: Buffer; ca?: Buffer } = {};
  try {
    for (const part of ["cert", "key", "ca"] as const) {
      const file = names[part];
      if (file !== undefined) pem[part] = readFileSync(file);
    }
  } catch {
    return;
  }
  try {
    createSecureContext(pem);
    if (pem.ca !== undefined) void new X509Certificate(pem.ca);
  } catch (error) {
    // Its message may quote the file.
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    document.reportAt(path, `the files cannot be used together (${code})`, {
      hint: "each must be PEM, and the key that of the first certificate",
    });
  }
}
