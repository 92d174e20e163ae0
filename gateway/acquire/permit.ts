/** Leave to use the upstream. Held until the response body is relayed; given back exactly once. */
export interface Permit {
  [Symbol.dispose](): void;
}

/** Who gives permits out, and takes them back. */
interface Issuer {
  release(): void;
}

export class HeldPermit implements Permit {
  #issuer: Issuer | undefined;

  constructor(issuer: Issuer) {
    this.#issuer = issuer;
  }

  [Symbol.dispose](): void {
    const issuer = this.#issuer;
    this.#issuer = undefined;
    issuer?.release();
  }
}
