import type { ChildProcess } from "node:child_process";

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { freePort } from "../../load-tests/peers/free-port.ts";
import { nginx, programEnvironment, unmetProgram } from "../../load-tests/peers/program.ts";
import { render } from "../../load-tests/peers/template.ts";
import { within } from "./within.ts";

/** Why tests with a real NGINX cannot run here, for the `skip` of each; false where they can. */
export const nginxIsMissing: string | false = unmetProgram(nginx) ?? false;

// Everything not said is NGINX's default: it speaks HTTP/1.0 to the service, on a new connection for each request.
const template = `
daemon off;
master_process off;
pid {{folder}}/nginx.pid;
error_log stderr crit;
events { worker_connections 2048; }
http {
  access_log off;
  client_body_temp_path {{folder}}/client-body;
  proxy_temp_path {{folder}}/proxy;
  fastcgi_temp_path {{folder}}/fastcgi;
  uwsgi_temp_path {{folder}}/uwsgi;
  scgi_temp_path {{folder}}/scgi;
  server {
    listen 127.0.0.1:{{port}};
    location / { proxy_pass http://127.0.0.1:{{servicePort}}; }
  }
}
`;

/** An NGINX of the test's own in front of a service on loopback. */
export class Nginx implements AsyncDisposable {
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), "statuswise-nginx-"));
  readonly #child: ChildProcess;

  constructor(port: number, servicePort: number) {
    this.port = port;
    const file = join(this.#folder, "nginx.conf");
    writeFileSync(file, render(template, { folder: this.#folder, port, servicePort }));
    const args = ["-p", this.#folder, "-c", file, "-e", "stderr"];
    this.#child = spawn(nginx.name, args, { env: programEnvironment(), stdio: ["ignore", "ignore", "inherit"] });
  }

  async accepting(): Promise<void> {
    await within(
      5000,
      () => accepts(this.port),
      (accepted) => accepted,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill("SIGKILL");
      await once(this.#child, "exit");
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export async function startNginx(servicePort: number): Promise<Nginx> {
  const proxy = new Nginx(await freePort(), servicePort);
  try {
    await proxy.accepting();
  } catch (error) {
    await proxy[Symbol.asyncDispose]();
    throw error;
  }
  return proxy;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
