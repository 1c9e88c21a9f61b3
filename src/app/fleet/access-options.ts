// How a command names the files by which a NATS server knows it, with or without a word before them.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { NatsAccess } from '../../fleet/index.ts';

const files = [
  ['credentials', 'file of a JWT with its seed (.creds), or of an NKEY seed'],
  ['ca', 'file of the authority that signed the certificate of the server'],
  ['cert', 'file of the certificate of this client'],
  ['key', 'file of the key of that certificate'],
] as const;

type FileName = (typeof files)[number][0];

/** Flags that name files. @param prefix `publish` makes `--publish-credentials` */
export function accessFlags(prefix = ''): string[] {
  return files.map(([name]) => `--${prefix === '' ? name : `${prefix}-${name}`}`);
}

/** Adds the flags. */
export function addAccessOptions(command: Command, prefix = ''): void {
  const flags = accessFlags(prefix);
  for (const [i, [, about]] of files.entries()) command.option(`${flags[i]} <file>`, about);
}

/** Reads what commander made of them. */
export function readAccess(servers: string, options: object, prefix = ''): NatsAccess {
  const read = (name: FileName): string | undefined => {
    const key = prefix === '' ? name : `${prefix}${name[0]!.toUpperCase()}${name.slice(1)}`;
    const path = (options as Record<string, string | undefined>)[key];
    return path === undefined ? undefined : resolve(path);
  };
  return { servers, credentials: read('credentials'), ca: read('ca'), cert: read('cert'), key: read('key') };
}
