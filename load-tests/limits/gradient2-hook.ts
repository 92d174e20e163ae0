/**
 * For `node --import`: wherever the gateway means its own adaptive limit, this process gets Gradient2. So the rest of it
 * is the same to the byte, and the gateway needs no door for such a thing.
 */
import { registerHooks } from "node:module";

const knee = new URL("../../gateway/acquire/limit/knee.ts", import.meta.url).href;
const replacement = new URL("gradient2.ts", import.meta.url).href;

registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context);
    return resolved.url === knee ? { ...resolved, url: replacement } : resolved;
  },
});
