// The connection file a Jupyter client hands to a kernel: ports, address, key.
import { readFileSync } from 'node:fs';

const ports = ['shell_port', 'iopub_port', 'stdin_port', 'control_port', 'hb_port'] as const;
export type PortName = (typeof ports)[number];

/** What a connection file says. */
export interface ConnectionInfo extends Readonly<Record<PortName, number>> {
  readonly transport: string;
  readonly ip: string;
  readonly key: string;
  readonly signature_scheme: string;
}

/**
 * Reads and checks a connection file.
 * @throws Error that names the file and what is wrong with it
 */
export function readConnectionFile(path: string): ConnectionInfo {
  const connection = JSON.parse(readFileSync(path, 'utf8')) as ConnectionInfo;
  const missing = ports.filter((port) => !Number.isInteger(connection[port]));
  if (missing.length > 0 || typeof connection.ip !== 'string') {
    throw new Error(`Cannot use connection file "${path}": it lacks ${[...missing, 'ip'].join(', ')}`);
  }
  if (connection.key && connection.signature_scheme !== 'hmac-sha256') {
    throw new Error(
      `Cannot use connection file "${path}": signature scheme "${connection.signature_scheme}" is not known; it must be hmac-sha256`,
    );
  }
  return { ...connection, key: connection.key ?? '', transport: connection.transport ?? 'tcp' };
}

/** Address of one port. ipc uses the port number as a suffix of the path. */
export function addressOf({ transport, ip, ...rest }: ConnectionInfo, port: PortName): string {
  return transport === 'ipc' ? `ipc://${ip}-${rest[port]}` : `${transport}://${ip}:${rest[port]}`;
}

/** The five ports alone. */
export function portsOf(connection: ConnectionInfo): Record<PortName, number> {
  return Object.fromEntries(ports.map((port) => [port, connection[port]])) as Record<PortName, number>;
}
