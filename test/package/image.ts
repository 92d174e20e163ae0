import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import { promisify } from "node:util";

import type { Instruction, Stage } from "./dockerfile.ts";

import { execForm } from "./dockerfile.ts";

/** What a stage leaves behind: a folder that stands for its file system, and how it is run. */
export interface Image {
  readonly root: string;
  readonly environment: Record<string, string>;
  workdir: string;
  user: string;
  stopSignal: string;
  healthCheck: readonly string[];
  entrypoint: readonly string[];
  command: readonly string[];
}

export interface BuildOptions {
  /** The build context: the repository. */
  readonly context: string;
  /** An empty folder; every stage gets a folder in it. */
  readonly folder: string;
}

/** The environment of every step: this very node in front, and what npm has fetched before need not be fetched again. */
export const stepEnvironment: Readonly<Record<string, string | undefined>> = {
  ...process.env,
  PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
  npm_config_prefer_offline: "true",
  // What a test's npm says about updates, or inherits from the npm that runs the tests, is not the image's.
  npm_config_update_notifier: "false",
  NODE_V8_COVERAGE: undefined,
  NODE_TEST_CONTEXT: undefined,
};

/** Runs all stages one by one and returns the last one's image. */
export async function buildImage(stages: readonly Stage[], options: BuildOptions): Promise<Image> {
  const images = new Map<string, Image>();
  let image: Image | undefined;
  for (const stage of stages) {
    image = emptyImage(join(options.folder, stage.name));
    images.set(stage.name, image);
    for (const instruction of stage.instructions)
      await carryOut(instruction, image, { images, context: options.context });
  }
  if (image === undefined) throw new Error("a Dockerfile without a stage");
  return image;
}

function emptyImage(root: string): Image {
  mkdirSync(root);
  const commands = { healthCheck: [], entrypoint: [], command: [] };
  return { root, environment: {}, workdir: "/", user: "root", stopSignal: "", ...commands };
}

interface Surroundings {
  readonly images: ReadonlyMap<string, Image>;
  readonly context: string;
}

async function carryOut(instruction: Instruction, image: Image, surroundings: Surroundings): Promise<void> {
  const { keyword, value } = instruction;
  switch (keyword) {
    case "WORKDIR":
      image.workdir = posix.resolve(image.workdir, value);
      mkdirSync(join(image.root, image.workdir), { recursive: true });
      return;
    case "ENV": {
      const [name = "", setting = ""] = value.split("=");
      image.environment[name] = setting;
      return;
    }
    case "COPY":
      copy(value.split(/\s+/), image, surroundings);
      return;
    case "RUN":
      await run(value, image);
      return;
    case "USER":
      image.user = value;
      return;
    case "EXPOSE":
      return;
    case "STOPSIGNAL":
      image.stopSignal = value;
      return;
    case "HEALTHCHECK":
      image.healthCheck = execForm(value.replace(/^.*?\bCMD\s+/, ""));
      return;
    case "ENTRYPOINT":
      image.entrypoint = execForm(value);
      return;
    case "CMD":
      image.command = execForm(value);
      return;
    default:
      throw new Error(`Dockerfile:${instruction.line}: ${keyword} is not understood here`);
  }
}

function copy(words: readonly string[], image: Image, { images, context }: Surroundings): void {
  const stage = /^--from=(.+)$/.exec(words[0] ?? "")?.[1];
  const places = stage === undefined ? words : words.slice(1);
  const from = stage === undefined ? context : images.get(stage)?.root;
  if (from === undefined) throw new Error(`no stage ${stage}`);
  const target = places.at(-1) ?? "";
  const destination = join(image.root, posix.resolve(image.workdir, target));
  for (const place of places.slice(0, -1)) {
    if (stage === undefined) assertInContext(place, context);
    const source = join(from, place);
    const isIntoFolder = target.endsWith("/") && !statSync(source).isDirectory();
    const to = isIntoFolder ? join(destination, basename(place)) : destination;
    cpSync(source, to, { recursive: true, verbatimSymlinks: true });
  }
}

/** .dockerignore refuses everything but what it names: what is not named there cannot be copied. */
function assertInContext(place: string, context: string): void {
  const lines = readFileSync(join(context, ".dockerignore"), "utf8").trim().split("\n");
  if (lines[0] !== "*") throw new Error(".dockerignore is expected to begin with *");
  const allowed = lines.slice(1).map((line) => line.replace(/^!/, ""));
  if (!allowed.includes(place.split("/", 1)[0] ?? "")) throw new Error(`.dockerignore keeps ${place} out`);
}

async function run(script: string, image: Image): Promise<void> {
  const cwd = join(image.root, image.workdir);
  const env = { ...stepEnvironment, ...image.environment };
  await promisify(execFile)("sh", ["-c", script], { cwd, env, timeout: 100_000 });
}

/** A command of the image as it can be run here: node is this very node, absolute paths lie under the image's root. */
export function commandLine(image: Image, words: readonly string[]): { file: string; args: string[]; cwd: string } {
  const [file = "", ...args] = words;
  if (file !== "node") throw new Error(`the image has no ${file}`);
  const inRoot = (word: string): string => {
    const path = join(image.root, word);
    return word.startsWith("/") && existsSync(path) ? path : word;
  };
  return { file: process.execPath, args: args.map(inRoot), cwd: join(image.root, image.workdir) };
}
