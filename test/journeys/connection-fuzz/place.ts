import type { Socket } from "node:net";
import type { SecureContext } from "node:tls";

import { once } from "node:events";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";

import { RawClient } from "../../support/raw-client.ts";

/** Where the gateway listens. */
export interface Place {
  readonly port: number;
  /** Set where it speaks TLS. */
  readonly secureContext: SecureContext | undefined;
}

/** A connection from one of the many addresses of this host: of each there are only so many ports. */
export function connectFrom(localAddress: string, { port }: Pick<Place, "port">): Socket {
  return connect({ port, host: "127.0.0.1", localAddress, allowHalfOpen: true, noDelay: true });
}

/** TLS on a connection. Both have to be listened to, and the connection itself can still be reset. */
export function secure(bare: Socket, secureContext: SecureContext): Socket {
  bare.on("error", () => undefined);
  return connectTls({ socket: bare, secureContext, servername: "localhost", ALPNProtocols: ["http/1.1"] });
}

/** A client that behaves well, on a connection that stands. */
export async function connectPolitely(localAddress: string, place: Place): Promise<RawClient> {
  const bare = connectFrom(localAddress, place);
  if (place.secureContext === undefined) {
    const client = new RawClient(bare);
    await once(bare, "connect");
    return client;
  }
  const socket = secure(bare, place.secureContext);
  const client = new RawClient(socket);
  await once(socket, "secureConnect");
  return client;
}
