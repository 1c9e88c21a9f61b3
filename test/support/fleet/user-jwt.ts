// Operator, account and user of a NATS server that knows its users by JWT: the configuration of the server, and the file
// of credentials of a user. https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/jwt
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAccount, createOperator, createUser } from '@nats-io/nkeys';

type KeyPair = ReturnType<typeof createUser>;

/** A server's configuration and a user's file. */
export interface JwtWorld {
  readonly config: string;
  readonly credentials: string;
  /** Writes credentials of the same user into a file of the folder. @param seconds until they expire @default never */
  issue(name: string, seconds?: number): string;
}

const unlimited = {
  subs: -1,
  data: -1,
  payload: -1,
  imports: -1,
  exports: -1,
  wildcards: true,
  conn: -1,
  leaf: -1,
  mem_storage: -1,
  disk_storage: -1,
  streams: -1,
  consumer: -1,
};

/** Makes them. */
export function makeJwtWorld(folder: string): JwtWorld {
  const [operator, account, user, system] = [
    createOperator(),
    createAccount(),
    createUser(),
    createAccount(),
  ];
  const operatorJwt = sign(operator, operator, { type: 'operator', version: 2 });
  const accountJwt = sign(operator, account, { limits: unlimited, type: 'account', version: 2 });
  const limits = { pub: {}, sub: {}, subs: -1, data: -1, payload: -1 };
  const systemJwt = sign(operator, system, {
    limits: { ...unlimited, mem_storage: 0, disk_storage: 0, streams: 0, consumer: 0 },
    type: 'account',
    version: 2,
  });
  const seed = Buffer.from(user.getSeed()).toString();
  const issue = (name: string, seconds?: number): string => {
    const expires = seconds === undefined ? {} : { exp: Math.floor(Date.now() / 1000) + seconds };
    const userJwt = sign(account, user, { ...limits, type: 'user', version: 2 }, expires);
    const path = join(folder, name);
    writeFileSync(
      path,
      `-----BEGIN NATS USER JWT-----\n${userJwt}\n------END NATS USER JWT------\n\n` +
        `-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`,
      { mode: 0o600 },
    );
    return path;
  };
  const [key, systemKey] = [account.getPublicKey(), system.getPublicKey()];
  const accounts = `{ ${key}: ${accountJwt}, ${systemKey}: ${systemJwt} }`;
  const config = [
    `operator: ${operatorJwt}`,
    `system_account: ${systemKey}`,
    'resolver: MEMORY',
    `resolver_preload: ${accounts}`,
  ];
  return { config: `${config.join('\n')}\n`, credentials: issue('user.creds'), issue };
}

function sign(issuer: KeyPair, subject: KeyPair, nats: object, more: object = {}): string {
  const encode = (value: object | Uint8Array): string =>
    Buffer.from(value instanceof Uint8Array ? value : JSON.stringify(value)).toString('base64url');
  const claims = {
    jti: encode(subject.sign(Buffer.from(JSON.stringify(nats)))).slice(0, 52),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    name: 'test',
    sub: subject.getPublicKey(),
    nats,
    ...more,
  };
  const text = `${encode({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encode(claims)}`;
  return `${text}.${encode(issuer.sign(Buffer.from(text)))}`;
}
