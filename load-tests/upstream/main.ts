// A simulated service in a process of its own: `node main.ts SERVICE SEED`, SERVICE being the JSON of a Service.
// It listens on two ports of 127.0.0.1, which it prints in one line, and ends with its standard input: no service
// outlives whoever started it.
import type { AddressInfo } from "node:net";

import { once } from "node:events";

import type { Service } from "./service.ts";

import { BareServer } from "./bare-server.ts";
import { createControlServer } from "./control-server.ts";
import { ServiceServer } from "./service-server.ts";

const [, , made = "", seed = "1"] = process.argv;
process.stdin.resume().once("end", () => process.exit(0));

const wanted = JSON.parse(made) as Service;
const service = wanted.isBare === true ? new BareServer(wanted) : new ServiceServer(wanted, Number(seed));
await service.listen();
const control = createControlServer(service).listen(0, "127.0.0.1");
await once(control, "listening");
const controlPort = (control.address() as AddressInfo).port;
console.log(JSON.stringify({ event: "listening", port: service.port, controlPort }));
