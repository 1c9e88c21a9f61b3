// keys: who may reach a daemon from another host: key pairs, the files that hold them (all 0600), the list of clients
// that a daemon allows, and the token of a trusted network. Not how connections are secured, which are sockets and
// bridge. docs/protocol.md, "Between hosts"
export { allowClient, clientsPath, followClients, readClients, revokeClient } from './allowed-clients.ts';
export type { AllowedClient, ClientAllowList } from './allowed-clients.ts';
export { KeyErrorCode, daemonsOwnKeyError, noKeyError } from './errors.ts';
export { DAEMON_NAME, createKeyFile, keyPath, readKeyFile } from './key-file.ts';
export type { KeyFile } from './key-file.ts';
export { buildProof, createKeyPair, isKey } from './key-pair.ts';
export type { KeyPair } from './key-pair.ts';
export { ensureNetworkToken } from './network-token.ts';
