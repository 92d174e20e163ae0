import type { PermitHolder, UpstreamPermit } from "../exchange/exchange.ts";

/** Who gives permits out, and takes them back. */
interface Issuer {
  release(permit: HeldPermit): void;
  watch(permit: HeldPermit): void;
}

/** Leave to use the upstream, released exactly once. */
export class HeldPermit implements UpstreamPermit {
  #issuer: Issuer | undefined;
  /** Who may lose it while others queue. */
  holder: PermitHolder | undefined;

  constructor(issuer: Issuer) {
    this.#issuer = issuer;
  }

  watch(holder: PermitHolder): void {
    this.holder = holder;
    this.#issuer?.watch(this);
  }

  [Symbol.dispose](): void {
    const issuer = this.#issuer;
    this.#issuer = undefined;
    issuer?.release(this);
  }
}
