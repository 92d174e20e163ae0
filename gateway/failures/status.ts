/** RFC 9110 §15.6: the server's own fault, or that of one behind it. */
export function isServerError(status: number): boolean {
  return status >= 500;
}

/** Every answer that says "later" says when (RFC 9110 §15.6.4, RFC 6585 §4). */
export function saysLater(status: number | null): boolean {
  return status === 503 || status === 429;
}

/** RFC 9110 §15.6.4: who answers so has too much to do, or says so. */
export function isUnavailable(status: number): boolean {
  return status === 503;
}
