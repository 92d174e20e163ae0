// Loaded into a gateway before its own first file, with --expose-gc: what it really holds is known only after a full
// collection. Resident memory does not tell: V8 collects its old generation when it has grown, not when it is quiet.
process.on("SIGUSR2", () => {
  globalThis.gc?.();
});
