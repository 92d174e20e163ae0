/** One error of a chain as the log shows it. */
interface CauseRecord {
  readonly name: string;
  readonly code?: string | number;
  readonly message?: string;
  readonly syscall?: string;
  readonly address?: string;
  readonly port?: number;
  /** Of an AggregateError: what each address of a name answered. */
  readonly errors?: readonly CauseRecord[];
}

const maxDepth = 5;
const maxSiblings = 4;
const maxMessageLength = 512;
const maxStackLength = 4096;

/**
 * An error and its causes, outermost first, at most five. Named properties only: foreign errors carry requests,
 * header lists and raw bytes among theirs. Bounded, so a cycle of causes ends too.
 */
export function causeChain(error: unknown): readonly CauseRecord[] {
  const chain: CauseRecord[] = [];
  for (let cause = error; cause !== undefined && cause !== null && chain.length < maxDepth; cause = causeOf(cause)) {
    chain.push(causeRecord(cause));
  }
  return chain;
}

/** The stack of an error, cut to 4 KiB; undefined where there is none. */
export function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack?.slice(0, maxStackLength) : undefined;
}

function causeRecord(cause: unknown): CauseRecord {
  const record = plainRecord(cause);
  return cause instanceof AggregateError ? { ...record, errors: siblings(cause) } : record;
}

function plainRecord(cause: unknown): CauseRecord {
  if (!(cause instanceof Error)) return { name: typeof cause, ...messageOf(cause) };
  const { code, syscall, address, port } = cause as NodeJS.ErrnoException & { address?: unknown; port?: unknown };
  return {
    name: cut(cause.name),
    ...(typeof code === "string" || typeof code === "number" ? { code } : undefined),
    ...messageOf(cause.message),
    ...(typeof syscall === "string" ? { syscall } : undefined),
    ...(typeof address === "string" ? { address } : undefined),
    ...(typeof port === "number" ? { port } : undefined),
  };
}

function siblings(aggregate: AggregateError): readonly CauseRecord[] {
  return aggregate.errors.slice(0, maxSiblings).map(plainRecord);
}

function messageOf(message: unknown): { message?: string } {
  return typeof message === "string" && message !== "" ? { message: cut(message) } : {};
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

// Foreign errors declare what they are not always: a name may be anything.
function cut(given: unknown): string {
  const text = String(given);
  return text.length > maxMessageLength ? `${text.slice(0, maxMessageLength)}…` : text;
}
