import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
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
  readonly shedding?: Block;
  readonly redis?: Block;
  readonly admin?: Block;
  readonly workers?: number;
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
    this.folder = mkdtempSync(join(tmpdir(), "statuswise-"));
    this.path = join(this.folder, "gateway.json");
    this.become(shape);
  }

  /** Writes another config in its place. */
  become({ schemas = {}, listen = {}, ...rest }: ConfigShape): void {
    for (const [name, schema] of Object.entries(schemas)) {
      writeFileSync(join(this.folder, name), JSON.stringify(schema));
    }
    const config = {
      name: gatewayName,
      admin: { port: 0 },
      // How busy the test's own process is, or the machine, says nothing of the gateway: a test that means it says so.
      shedding: { enabled: false },
      ...rest,
      listen: { port: 0, drain: { grace: "0s", deadline: "2s" }, ...listen },
    };
    this.replace(JSON.stringify(config, undefined, 2));
  }

  /** As editors and deployments do it: nobody reads half of it. */
  replace(text: string): void {
    writeFileSync(`${this.path}.new`, text);
    renameSync(`${this.path}.new`, this.path);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
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
  readonly shedding?: Block;
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
