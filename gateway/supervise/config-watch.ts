import { unwatchFile, watchFile } from "node:fs";

/** Between two looks at the files, and from the last change seen until it is told. Milliseconds. */
const lookEveryMs = 600;
const settleMs = 300;

/**
 * Looks after the files that a configuration was made from, and tells once they have stopped changing.
 *
 * They are looked at by stat rather than watched, as those of `listen.tls` are: that sees an editor's rename, a symbolic
 * link swapped far above them, as config maps are mounted, and network file systems. It does not keep the process alive.
 */
export class ConfigWatch {
  readonly #changed: () => void;
  #files = new Set<string>();
  #settling: NodeJS.Timeout | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Looks after these files from now on. One that does not exist is told of when it does. */
  follow(files: Iterable<string>): void {
    const next = new Set(files);
    for (const file of this.#files.difference(next)) unwatchFile(file, this.#seen);
    for (const file of next.difference(this.#files)) {
      watchFile(file, { interval: lookEveryMs, persistent: false }, this.#seen);
    }
    this.#files = next;
  }

  close(): void {
    this.follow([]);
    clearTimeout(this.#settling);
  }

  readonly #seen = (): void => {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(this.#changed, settleMs).unref();
  };
}
