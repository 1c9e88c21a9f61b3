// Certificates of an authority of a test's own, made by openssl, and keys of NATS users.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createUser } from '@nats-io/nkeys';

/** Files of one authority and of servers with its certificate. */
export interface Certificates {
  readonly ca: string;
  readonly valid: { readonly cert: string; readonly key: string };
  readonly expired: { readonly cert: string; readonly key: string };
  /** Of another name than the loopback. */
  readonly elsewhere: { readonly cert: string; readonly key: string };
}

/** Makes them. @param folder where */
export function makeCertificates(folder: string): Certificates {
  const path = (name: string): string => join(folder, name);
  const run = (line: string): void => void execFileSync('openssl', line.split(' '), { stdio: 'pipe' });
  const key = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';
  run(`req -x509 ${key} -keyout ${path('ca.key')} -out ${path('ca.pem')} -subj /CN=test-authority -days 2`);
  const issue = (name: string, days: string, host: string): { cert: string; key: string } => {
    const files = { cert: path(`${name}.pem`), key: path(`${name}.key`) };
    const [request, more] = [path(`${name}.csr`), path(`${name}.ext`)];
    writeFileSync(more, `subjectAltName=${host}\n`);
    run(`req ${key} -keyout ${files.key} -out ${request} -subj /CN=${name}`);
    const authority = `-CA ${path('ca.pem')} -CAkey ${path('ca.key')} -CAcreateserial`;
    run(`x509 -req -in ${request} ${authority} -days ${days} -extfile ${more} -out ${files.cert}`);
    return files;
  };
  return {
    ca: path('ca.pem'),
    valid: issue('valid', '2', 'IP:127.0.0.1'),
    expired: issue('expired', '-1', 'IP:127.0.0.1'),
    elsewhere: issue('elsewhere', '2', 'DNS:other.example'),
  };
}

/** A key pair of a user: what the server knows, and a file of the seed. */
export function makeUserKey(
  folder: string,
  name: string,
): { readonly publicKey: string; readonly seedFile: string } {
  const user = createUser();
  const seedFile = join(folder, `${name}.nk`);
  writeFileSync(seedFile, user.getSeed(), { mode: 0o600 });
  return { publicKey: user.getPublicKey(), seedFile };
}
