import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Block = Readonly<Record<string, unknown>>;

/** A config as a test writes it: everything not said has the product's default, or the test's own below. */
export interface ConfigShape {
  readonly upstreams: Readonly<Record<string, Block>>;
  readonly routes: readonly Block[];
  readonly listen?: Block;
  readonly problems?: Block;
  readonly log?: Block;
  readonly redis?: Block;
  /** JSON schemas to stand beside the config file, by file name. */
  readonly schemas?: Readonly<Record<string, unknown>>;
}

/** The gateway's name in every test, as Proxy-Status and Via carry it. */
export const gatewayName = "gateway.test";

/** A config in a folder of its own, gone with the test. */
export class ConfigFile implements Disposable {
  readonly folder: string;
  readonly path: string;

  constructor(shape: ConfigShape) {
    const { schemas = {}, listen = {}, ...rest } = shape;
    this.folder = mkdtempSync(join(tmpdir(), "statuswise-"));
    this.path = join(this.folder, "gateway.json");
    for (const [name, schema] of Object.entries(schemas)) {
      writeFileSync(join(this.folder, name), JSON.stringify(schema));
    }
    const config = {
      name: gatewayName,
      admin: { port: 0 },
      ...rest,
      listen: { port: 0, drain: { grace: "0s", deadline: "2s" }, ...listen },
    };
    writeFileSync(this.path, JSON.stringify(config, undefined, 2));
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface SingleRoute {
  readonly target: string;
  /** Further targets of the same upstream. */
  readonly targets?: readonly string[];
  readonly upstream?: Block;
  readonly route?: Block;
  readonly listen?: Block;
  readonly problems?: Block;
  readonly log?: Block;
  readonly redis?: Block;
  readonly schemas?: Readonly<Record<string, unknown>>;
}

/** One upstream `service` and one route `everything` before it: what most journeys need. */
export function singleRoute({ target, targets = [], upstream, route, ...rest }: SingleRoute): ConfigShape {
  return {
    ...rest,
    upstreams: { service: { targets: [target, ...targets], ...upstream } },
    routes: [{ id: "everything", path: "/*", upstream: "service", ...route }],
  };
}
