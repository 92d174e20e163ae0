export interface Instruction {
  readonly keyword: string;
  readonly value: string;
  readonly line: number;
}

export interface Stage {
  readonly image: string;
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

/** The stages of a Dockerfile, each with its instructions in order; continued lines are joined, comments dropped. */
export function parseDockerfile(text: string): readonly Stage[] {
  const stages: Array<{ image: string; name: string; instructions: Instruction[] }> = [];
  for (const instruction of instructionsOf(text)) {
    const from = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(instruction.value);
    if (instruction.keyword === "FROM" && from !== null) {
      stages.push({ image: from[1] ?? "", name: from[2] ?? String(stages.length), instructions: [] });
    } else {
      const stage = stages.at(-1);
      if (stage === undefined) throw new Error(`Dockerfile:${instruction.line}: an instruction before FROM`);
      stage.instructions.push(instruction);
    }
  }
  return stages;
}

function instructionsOf(text: string): readonly Instruction[] {
  const instructions: Instruction[] = [];
  let pending = "";
  for (const [index, raw] of text.split("\n").entries()) {
    const written = raw.trim();
    if (written === "" || written.startsWith("#")) continue;
    pending += written.endsWith("\\") ? written.slice(0, -1) : written;
    if (written.endsWith("\\")) continue;
    const [, keyword = "", value = ""] = /^(\S+)\s+(.*)$/.exec(pending) ?? [];
    instructions.push({ keyword: keyword.toUpperCase(), value, line: index + 1 });
    pending = "";
  }
  return instructions;
}

/** The words of an instruction in exec form; a shell form is refused, for a shell would take the signals. */
export function execForm(value: string): readonly string[] {
  const words: unknown = JSON.parse(value);
  if (!Array.isArray(words) || !words.every((word) => typeof word === "string"))
    throw new Error(`no exec form: ${value}`);
  return words;
}
