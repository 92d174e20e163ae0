import type { IncomingMessage } from "node:http";

import type { Reply } from "./reply.ts";

import { Failure } from "../failures/failure.ts";
import { jsonReply } from "./reply.ts";

/** The log's level, as the admin port shows and changes it. */
export interface LogLevelControl<L extends string = string> {
  readonly levels: readonly L[];
  current(): L;
  set(level: L): void;
}

const maxBodyBytes = 1024;
const jsonType = /^application\/json\s*(?:;|$)/i;

/**
 * PUT /log-level with `{"level":"debug"}`; answers the level now in force. In force until the next PUT, until a
 * reloaded config names another level, or until the process ends.
 *
 * Failures: unsupported_media_type, unsupported_content_encoding, body_too_large, malformed_body, invalid_body.
 */
export async function putLogLevel<L extends string>(req: IncomingMessage, control: LogLevelControl<L>): Promise<Reply> {
  checkFields(req);
  control.set(readLevel(await readBody(req), control.levels));
  return getLogLevel(control);
}

export function getLogLevel<L extends string>(control: LogLevelControl<L>): Reply {
  return jsonReply({ level: control.current() });
}

function checkFields(req: IncomingMessage): void {
  // A web page can send only simple types to a foreign origin without asking first: this one it cannot.
  if (!jsonType.test(req.headers["content-type"] ?? "")) {
    throw new Failure("unsupported_media_type", { headers: [["Accept", "application/json"]] });
  }
  const encoding = req.headers["content-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    throw new Failure("unsupported_content_encoding", { headers: [["Accept-Encoding", "identity"]] });
  }
  if (Number(req.headers["content-length"] ?? 0) > maxBodyBytes) throw new Failure("body_too_large");
}

async function readBody(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Left early, the iterator would destroy the request, and the connection before the answer could go out.
  for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new Failure("body_too_large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function readLevel<L extends string>(body: string, levels: readonly L[]): L {
  const value = parse(body);
  const wanted = typeof value === "object" && value !== null && "level" in value ? value.level : undefined;
  const level = levels.find((known) => known === wanted);
  if (level !== undefined) return level;
  const detail = `must be one of ${levels.join(", ")}`;
  throw new Failure("invalid_body", { errors: [{ pointer: "#/level", keyword: "enum", detail }] });
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new Failure("malformed_body", { cause });
  }
}
