// The connection file a Jupyter client hands to a kernel: ports, address, key.

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
 * Parses and checks a connection file.
 * @param path for errors
 * @throws Error that names the file and what is wrong with it; SyntaxError
 */
export function parseConnectionFile(text: string, path: string): ConnectionInfo {
  const connection = JSON.parse(text) as ConnectionInfo;
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
