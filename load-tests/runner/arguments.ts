import type { ParseArgsOptionsConfig } from "node:util";

import { parseArgs } from "node:util";

import { nearest } from "./nearest.ts";

/** A command line that nobody can mean; told with the usage's address, and exit code 2. */
export class UsageFault extends Error {
  override readonly name = "UsageFault";
}

export interface NumberBounds {
  readonly min: number;
  readonly max: number;
  readonly isWhole?: boolean;
}

/** The values of the options that were given. Throws UsageFault, which names the option that was probably meant. */
export function parseOptions<const T extends ParseArgsOptionsConfig>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    if (!(error instanceof TypeError) || !("code" in error)) throw error;
    const unknown = args.find((arg) => arg.startsWith("--") && !(nameOf(arg) in options));
    const isUnknown = error.code === "ERR_PARSE_ARGS_UNKNOWN_OPTION" && unknown !== undefined;
    const message = isUnknown ? unknownOption(nameOf(unknown), Object.keys(options)) : error.message;
    throw new UsageFault(message, { cause: error });
  }
}

function nameOf(arg: string): string {
  return arg.slice(2).split("=", 1)[0] ?? "";
}

function unknownOption(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return `there is no option --${name}${meant === undefined ? "" : `; did you mean --${meant}?`}`;
}

/** The number of an option. Throws UsageFault with the bounds. */
export function readNumber(name: string, text: string, { min, max, isWhole = false }: NumberBounds): number {
  const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max && (!isWhole || Number.isInteger(value))) return value;
  throw new UsageFault(`--${name} takes a ${isWhole ? "whole " : ""}number from ${min} to ${max}, not '${text}'`);
}
