import type { Server, TlsOptions } from "node:tls";

import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { createSecureContext, createServer } from "node:tls";
import { isDeepStrictEqual } from "node:util";

import type { Clock, TimerHandle } from "../exchange/clock.ts";
import type { ServerTlsConfig } from "../config/schema.ts";
import type { Report } from "../exchange/events.ts";

/** The listener's certificate chain, its key, and the authority of client certificates: PEM, as read. */
export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
  /** When the certificate ends, in milliseconds since 1970. */
  readonly expiresAt: number;
}

/** What is wrong with which of the files. Names codes and never contents. */
export interface TlsFault {
  readonly file: string;
  readonly reason: string;
}

/** Between two looks at the files, and from the last change seen until they are read: both halves of a pair. */
const lookEveryMs = 1000;
const settleMs = 1000;

/** Reads the files and checks that they serve: each is what it should be, and the key is the certificate's. */
function readTlsFiles({ cert, key, clientCa }: ServerTlsConfig): TlsFiles | TlsFault {
  let file = cert;
  try {
    const certPem = readFileSync(cert);
    const certificate = new X509Certificate(certPem);
    const keyPem = readFileSync((file = key));
    if (!certificate.checkPrivateKey(createPrivateKey(keyPem))) return { file, reason: "is not the certificate's key" };
    const ca = clientCa === undefined ? undefined : readFileSync((file = clientCa));
    if (ca !== undefined) void new X509Certificate(ca);
    const files = { cert: certPem, key: keyPem, ...(ca === undefined ? {} : { ca }) };
    createSecureContext(files);
    return { ...files, expiresAt: certificate.validToDate.getTime() };
  } catch (error) {
    return { file, reason: reasonOf(error) };
  }
}

/** The code where there is one: a message may quote what it choked on. */
function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return "cannot be used";
  return code.startsWith("ERR_") ? `is no PEM of its kind (${code})` : `cannot be read (${code})`;
}

/** Older protocols than this are broken (RFC 8996). */
const minVersion = "TLSv1.2";

export interface TlsServerOptions {
  readonly config: ServerTlsConfig;
  /** How long a handshake may take, in milliseconds. */
  readonly handshakeMs: number;
  readonly clock: Clock;
  readonly report: Report;
}

/** Takes sockets that were accepted, and hands over those whose handshake is complete. */
export interface TlsListening {
  readonly server: Server;
  readonly watch: TlsWatch;
}

/**
 * A TLS server that offers HTTP/1.1 alone. With `clientCa` a client without a certificate of that authority is
 * turned away at the handshake. Throws where the files do not serve.
 */
export function createTlsServer(settings: TlsOptions, options: TlsServerOptions): TlsListening {
  const { config, report } = options;
  const files = readTlsFiles(config);
  if ("reason" in files) throw new Error(`listen.tls: '${files.file}' ${files.reason}`);
  const mustAuthenticate = config.clientCa !== undefined;
  const server = createServer({
    ...settings,
    ...contextOf(files),
    ALPNProtocols: ["http/1.1"],
    handshakeTimeout: options.handshakeMs,
    requestCert: mustAuthenticate,
    rejectUnauthorized: mustAuthenticate,
  });
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
    const { authorizationError } = socket;
    socket.destroy();
    // Without a valid certificate node closes the connection itself, and calls that a hang-up.
    const reason = String(authorizationError ?? error.code ?? error.name);
    report({ event: "tls_handshake", reason });
  });
  const watch = new TlsWatch({ ...options, apply: (fresh) => server.setSecureContext(contextOf(fresh)) });
  return { server, watch };
}

function contextOf({ cert, key, ca }: TlsFiles) {
  return { cert, key, minVersion, ...(ca === undefined ? {} : { ca }) } as const;
}

interface TlsWatchOptions extends Omit<TlsServerOptions, "handshakeMs"> {
  /** Puts the files in force for the handshakes to come. */
  readonly apply: (files: TlsFiles) => void;
}

/**
 * Looks after the files of `listen.tls`: when one changes, the whole is read again and put in force, and connections
 * that stand are left alone. What does not serve is reported, and the last good pair stays.
 *
 * The files are looked at by stat rather than watched: that sees a symbolic link swapped far above them, as secrets
 * are mounted, and network file systems, where change notices are not to be had.
 */
export class TlsWatch {
  readonly #options: TlsWatchOptions;
  #config: ServerTlsConfig;
  #settling: TimerHandle | undefined;

  constructor(options: TlsWatchOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#look();
  }

  /** Looks after these files from now on, where they are others, and puts them in force. */
  follow(config: ServerTlsConfig): void {
    if (isDeepStrictEqual(config, this.#config)) return;
    this.close();
    this.#config = config;
    this.#look();
    this.reload();
  }

  /** Reads the files now. */
  reload(): void {
    const { apply, report } = this.#options;
    const read = readTlsFiles(this.#config);
    if ("reason" in read) {
      report({ event: "certificate", outcome: "failure", ...read });
      return;
    }
    apply(read);
    report({ event: "certificate", outcome: "success", file: this.#config.cert, expires: isoDate(read.expiresAt) });
  }

  close(): void {
    for (const path of pathsOf(this.#config)) unwatchFile(path, this.#changed);
    if (this.#settling !== undefined) this.#options.clock.clearTimeout(this.#settling);
  }

  #look(): void {
    const how = { interval: lookEveryMs, persistent: false };
    for (const path of pathsOf(this.#config)) watchFile(path, how, this.#changed);
  }

  readonly #changed = (): void => {
    const { clock } = this.#options;
    if (this.#settling !== undefined) clock.clearTimeout(this.#settling);
    this.#settling = clock.setTimeout(settled, settleMs, this);
  };
}

function pathsOf({ cert, key, clientCa }: ServerTlsConfig): ReadonlySet<string> {
  return new Set([cert, key, ...(clientCa === undefined ? [] : [clientCa])]);
}

function settled(watch: TlsWatch): void {
  watch.reload();
}

function isoDate(time: number): string {
  return new Date(time).toISOString();
}
