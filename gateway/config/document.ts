import type { Alias, Document, ParsedNode, YAMLMap } from "yaml";

import { isAlias, isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseDocument } from "yaml";

import type { Finding } from "./finding.ts";

export type Node = ParsedNode;
/** A node that is no alias of another. */
export type Content = Exclude<Node, Alias.Parsed>;
export type Path = readonly (string | number)[];

/** A key of a mapping and what stands under it. */
export interface Entry {
  readonly name: string;
  readonly key: Node;
  readonly value: Node | null;
}

interface Remark {
  readonly path: Path;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly severity?: Finding["severity"];
}

// Each alias costs a walk over the document; far more than anybody writes by hand.
const maxAliases = 1000;

/** `routes[1].timeout`; a name that would be unclear so is quoted. */
export function formatPath(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[\w-]+$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** One file's text as nodes with positions, and the findings made on it. YAML 1.2, of which JSON is a part. */
export class ConfigDocument {
  readonly findings: Finding[] = [];
  /** As the operator named it. */
  readonly file: string;
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed;
  #aliases = 0;

  constructor(file: string, text: string) {
    this.file = file;
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      // The reader finds them itself, and can then name the key and the place of the first.
      uniqueKeys: false,
    });
    // The first syntax error alone: what follows it is mostly its echo.
    for (const problem of [...this.#document.errors.slice(0, 1), ...this.#document.warnings]) {
      const { line, col } = this.#lines.linePos(problem.pos[0]);
      const message = `not valid YAML: ${problem.message.split("\n", 1)[0]}`;
      const isBrace = problem.code === "UNEXPECTED_TOKEN" && text[problem.pos[0]] === "{";
      this.#add(line, col, { path: [], message, hint: isBrace ? "quote a value with braces in it" : undefined });
    }
    if (this.#document.directives.yaml.version !== "1.2") {
      this.#add(1, 1, { path: [], message: "the %YAML directive asks for another version than 1.2" });
    }
  }

  /** The outermost node; null for an empty file. */
  get root(): Node | null {
    return this.#document.contents;
  }

  /** The node itself, or what it is an alias of; undefined, and reported, where there is no such anchor. */
  follow(node: Node, path: Path): Content | undefined {
    if (!isAlias(node)) return node;
    this.#aliases += 1;
    const target = this.#aliases > maxAliases ? undefined : node.resolve(this.#document);
    if (target !== undefined && isNode(target) && !isAlias(target)) return target as Content;
    const message = this.#aliases > maxAliases ? `more than ${maxAliases} aliases` : `no anchor '${node.source}'`;
    this.report(node, { path, message });
    return undefined;
  }

  /** The entries of a mapping. Keys given twice, and keys that are no scalar, are reported and left out. */
  entries(map: YAMLMap, path: Path): Entry[] {
    const entries = new Map<string, Entry>();
    for (const item of map.items) {
      const { key, value } = item as { key: Node; value: Node | null };
      if (!isPair(item) || !isScalar(key)) {
        this.report(key, { path, message: "a key that is no name" });
        continue;
      }
      const name = key.source;
      const first = entries.get(name);
      if (first === undefined) entries.set(name, { name, key, value });
      else this.report(key, { path: [...path, name], message: `given twice; first at ${this.#position(first.key)}` });
    }
    return [...entries.values()];
  }

  report(node: Node | null, remark: Remark): void {
    const { line, col } = node === null ? { line: 1, col: 1 } : this.#lines.linePos(node.range[0]);
    this.#add(line, col, remark);
  }

  /** Reports at the value the path leads to, or at the nearest that exists. */
  reportAt(path: Path, message: string, more: { hint?: string; severity?: Finding["severity"] } = {}): void {
    this.report(this.#locate(path), { path, message, ...more });
  }

  /** `12:5`, the place of the value the path leads to. */
  positionOf(path: Path): string {
    return this.#position(this.#locate(path));
  }

  /** Whether the file itself sets the value the path leads to. */
  sets(path: Path): boolean {
    return this.#locate(path) !== this.#locate(path.slice(0, -1));
  }

  #position(node: Node | null): string {
    const { line, col } = node === null ? { line: 1, col: 1 } : this.#lines.linePos(node.range[0]);
    return `${line}:${col}`;
  }

  #locate(path: Path): Node | null {
    let node = this.root;
    for (const step of path) {
      const content = isAlias(node) ? node.resolve(this.#document) : node;
      let next: unknown;
      if (isMap(content)) next = content.items.find((item) => isScalar(item.key) && item.key.source === step)?.value;
      if (isSeq(content)) next = content.items[Number(step)];
      if (!isNode(next)) return node;
      node = next as Node;
    }
    return node;
  }

  #add(line: number, column: number, remark: Remark): void {
    const { path, message, hint, severity = "error" } = remark;
    const finding = { file: this.file, line, column, path: formatPath(path), severity, message };
    this.findings.push(hint === undefined ? finding : { ...finding, hint });
  }
}
