import type { Item, Parameters } from "structured-headers";

import { STATUS_CODES } from "node:http";
import { parseList, serializeList, Token } from "structured-headers";

import type { Failure } from "../failures/failure.ts";

/**
 * This gateway's member of Proxy-Status (RFC 9209): `received-status` where the upstream answered, `error` where the
 * gateway made or replaced the answer. Members are rendered once for each status and code.
 */
export class ProxyStatus {
  readonly #name: string;
  readonly #received = new Map<number, string>();
  readonly #failed = new Map<string, string>();

  constructor(name: string) {
    this.#name = name;
  }

  /** Our member for an answer of our own that is no failure. */
  get answered(): string {
    return this.#render({});
  }

  /** Our member for an answer that was relayed. */
  received(status: number): string {
    let member = this.#received.get(status);
    if (member === undefined) this.#received.set(status, (member = this.#render({ "received-status": status })));
    return member;
  }

  /** Our member for a failure, with `received-status` where an upstream's answer was replaced. */
  failed(failure: Failure): string {
    const { proxyParameters, receivedStatus } = failure.options;
    const hasOwn = proxyParameters !== undefined || receivedStatus !== undefined;
    const key = hasOwn ? undefined : `${failure.code}${failure.status}${failure.options.proxyError ?? ""}`;
    const known = key === undefined ? undefined : this.#failed.get(key);
    if (known !== undefined) return known;
    const member = this.#render({ ...errorParameters(failure, receivedStatus), ...proxyParameters });
    if (key !== undefined) this.#failed.set(key, member);
    return member;
  }

  /**
   * The whole field: what the upstream's proxies said, then our member. A member in our name is a forgery, or an echo
   * of our own past, and dropped; so is what is no member (RFC 9209 §2: a string or a token). A field that does not
   * parse is dropped whole, as RFC 9651 §4.2 has it.
   */
  after(upstream: string | undefined, own: string): string {
    if (upstream === undefined) return own;
    const kept = parsed(upstream).filter(([name]) => String(name) !== this.#name);
    return kept.length === 0 ? own : `${serializeList(kept)}, ${own}`;
  }

  /**
   * The whole field of a failure. Of what the upstream's proxies said, the types of error alone are kept: `details` is
   * free text and `next-hop` a host of the inside, and the answer they came with is not told either.
   */
  failedAfter(failure: Failure): string {
    const own = this.failed(failure);
    const { proxyStatus } = failure.options;
    if (proxyStatus === undefined) return own;
    const kept = parsed(proxyStatus).filter(([name]) => String(name) !== this.#name);
    const bare = kept.map(([name, parameters]): [Item[0], Parameters] => [name, told(parameters)]);
    return bare.length === 0 ? own : `${serializeList(bare)}, ${own}`;
  }

  #render(parameters: Readonly<Record<string, string | number | Token>>): string {
    return serializeList([[identifier(this.#name), new Map(Object.entries(parameters))]]);
  }
}

function errorParameters(failure: Failure, receivedStatus: number | undefined) {
  const { row } = failure;
  const error = failure.options.proxyError ?? row.proxyError;
  return {
    ...(receivedStatus === undefined ? {} : { "received-status": receivedStatus }),
    ...(error === null ? {} : { error: new Token(error) }),
    ...(error === "http_request_error"
      ? { "status-code": failure.status ?? 0, "status-phrase": STATUS_CODES[failure.status ?? 0] ?? row.title }
      : {}),
    ...(row.details === null ? {} : { details: row.details }),
  };
}

function told(parameters: Parameters): Parameters {
  return new Map([...parameters].filter(([name]) => name === "error" || name === "received-status"));
}

function parsed(field: string): Array<[Item[0], Parameters]> {
  try {
    return parseList(field).filter(
      (member): member is Item => typeof member[0] === "string" || member[0] instanceof Token,
    );
  } catch {
    return [];
  }
}

/** RFC 9209 §2: a token where the name is one, else a string. */
export function identifier(name: string): Token | string {
  return /^[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*$/.test(name) ? new Token(name) : name;
}
