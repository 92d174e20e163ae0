/** TLS alert numbers (RFC 8446 §6.2, IANA TLS Alerts) by the name that OpenSSL's reason strings use. */
const alertIds: ReadonlyMap<string, number> = new Map([
  ["UNEXPECTED_MESSAGE", 10],
  ["BAD_RECORD_MAC", 20],
  ["DECRYPTION_FAILED", 21],
  ["RECORD_OVERFLOW", 22],
  ["DECOMPRESSION_FAILURE", 30],
  ["HANDSHAKE_FAILURE", 40],
  ["NO_CERTIFICATE", 41],
  ["BAD_CERTIFICATE", 42],
  ["UNSUPPORTED_CERTIFICATE", 43],
  ["CERTIFICATE_REVOKED", 44],
  ["CERTIFICATE_EXPIRED", 45],
  ["CERTIFICATE_UNKNOWN", 46],
  ["ILLEGAL_PARAMETER", 47],
  ["UNKNOWN_CA", 48],
  ["ACCESS_DENIED", 49],
  ["DECODE_ERROR", 50],
  ["DECRYPT_ERROR", 51],
  ["EXPORT_RESTRICTION", 60],
  ["PROTOCOL_VERSION", 70],
  ["INSUFFICIENT_SECURITY", 71],
  ["INTERNAL_ERROR", 80],
  ["INAPPROPRIATE_FALLBACK", 86],
  ["USER_CANCELLED", 90],
  ["NO_RENEGOTIATION", 100],
  ["MISSING_EXTENSION", 109],
  ["UNSUPPORTED_EXTENSION", 110],
  ["UNRECOGNIZED_NAME", 112],
  ["BAD_CERTIFICATE_STATUS_RESPONSE", 113],
  ["UNKNOWN_PSK_IDENTITY", 115],
  ["CERTIFICATE_REQUIRED", 116],
  ["NO_APPLICATION_PROTOCOL", 120],
]);

/**
 * The alert a peer sent, from Node's code for it: ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE is 40 (SSLV3 in place of
 * SSL/TLS in older OpenSSL). Undefined where the code names no alert.
 */
export function tlsAlertId(code: string): number | undefined {
  const name = /^ERR_SSL_(?:SSL\/TLS|SSLV3|TLSV1|TLSV13)_ALERT_(.+)$/.exec(code)?.[1];
  if (name !== undefined) return alertIds.get(name);
  // OpenSSL names these without the word ALERT: ERR_SSL_TLSV1_UNRECOGNIZED_NAME and its like.
  const bare = /^ERR_SSL_TLSV1_(.+)$/.exec(code)?.[1];
  return bare === undefined ? undefined : alertIds.get(bare);
}
