/** Counts named events and lets tests await the nth of each: what makes sleeps needless. */
export class Milestones {
  readonly #counts = new Map<string, number>();
  readonly #waiting: Array<{ readonly name: string; readonly n: number; readonly resolve: () => void }> = [];

  pass(name: string): void {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    for (let at = this.#waiting.length - 1; at >= 0; at -= 1) {
      const waiter = this.#waiting[at];
      if (waiter === undefined || waiter.name !== name || waiter.n > count) continue;
      this.#waiting.splice(at, 1);
      waiter.resolve();
    }
  }

  async reached(name: string, n: number): Promise<void> {
    if ((this.#counts.get(name) ?? 0) >= n) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ name, n, resolve });
    await promise;
  }
}
