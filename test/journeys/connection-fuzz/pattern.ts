/** A body that tells whose it is at each of its bytes: the id, again and again. */
export function patternOf(id: string, length: number): Buffer {
  return Buffer.alloc(length, `${id}\n`, "latin1");
}

/** Whether these bytes stand at this place of the pattern. */
export function isPattern(id: string, chunk: Buffer, offset: number): boolean {
  const period = id.length + 1;
  const phase = offset % period;
  return patternOf(id, phase + chunk.length)
    .subarray(phase)
    .equals(chunk);
}
