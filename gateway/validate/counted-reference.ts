import type { Code } from "ajv";

import { _ } from "ajv";

import { CountedKeyword } from "./counted-keyword.ts";
import { charge, errorCount } from "./work-charges.ts";

/** The context of a reference: charges the call of a function, whose errors are appended to a copy of ours. */
export class CountedReference extends CountedKeyword {
  override result(condition: Code, succeed?: () => void, fail?: () => void): void {
    charge(this, _`${workPerCall} + ${errorCount}`);
    super.result(condition, succeed, fail);
  }
}

const workPerCall = 12;
