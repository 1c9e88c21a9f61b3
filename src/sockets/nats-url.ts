// The address of a NATS server as people write it: `nats://` or `tls://`, with user and password or a token in it, and
// without what is secret for texts. Pure. https://docs.nats.io/using-nats/developer/connecting

/** What a client of NATS wants of an address. */
export interface NatsUrl {
  /** Without user, password and token. */
  readonly server: string;
  readonly isEncrypted: boolean;
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

const protocols: ReadonlySet<string> = new Set(['nats:', 'tls:']);

/** Parses one address; null when it is none. */
export function parseNatsUrl(text: string): NatsUrl | null {
  if (!URL.canParse(text)) return null;
  const { protocol, host, username, password } = new URL(text);
  if (!protocols.has(protocol) || host === '') return null;
  const address = { server: `nats://${host}`, isEncrypted: protocol === 'tls:' };
  const name = decodeURIComponent(username);
  if (password !== '') return { ...address, user: name, pass: decodeURIComponent(password) };
  return name === '' ? address : { ...address, token: name };
}

/** An address, or several, without what is secret. */
export function maskUrl(url: string): string {
  return url.replace(/\/\/[^@/,]*@/g, '//***@');
}
