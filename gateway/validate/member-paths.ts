import type { WorkMeter } from "./work-meter.ts";

import { memberPointer } from "./pointer.ts";
import { workMeter } from "./work-meter.ts";

/**
 * The JSON pointers of members, by name. A name may be as long as the body and consist of characters to escape, and
 * each error within the member needs its pointer: those of long names are kept until the check ends.
 */
export class MemberPaths {
  readonly #meter: WorkMeter;
  readonly #long = new Map<string, string>();

  constructor(meter: WorkMeter) {
    this.#meter = meter;
  }

  /** @throws WorkExceeded */
  of(name: string): string {
    if (name.length <= shortName) return memberPointer("", name);
    const known = this.#long.get(name);
    if (known !== undefined) return known;
    this.#meter.charge(name.length * workPerCharacter);
    const path = memberPointer("", name);
    if (this.#long.size >= maxKept) this.#long.clear();
    this.#long.set(name, path);
    return path;
  }

  clear(): void {
    this.#long.clear();
  }
}

export const memberPaths = new MemberPaths(workMeter);

const shortName = 64;
const maxKept = 64;
const workPerCharacter = 2;
