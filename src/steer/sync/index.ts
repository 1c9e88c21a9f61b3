// steer/sync: patterns and votes shared between hosts, hidden, sealed and tried before use. docs/steer.md, "Sync".
export { openPatternSync } from './pattern-sync.ts';
export type { PatternSync, PatternSyncOptions, SyncRound } from './pattern-sync.ts';
export type { SyncPeerStatus, SyncStatus } from './sync-status.ts';
export { serveSync } from './serve-sync.ts';
export type { ServeSyncOptions } from './serve-sync.ts';
export type { RoundOutcome, ScheduleOptions } from './schedule.ts';
export type {
  ArmCandidate,
  CandidateQuery,
  PeerPattern,
  ValidateArm,
  ValidatePattern,
} from './candidates.ts';
export type { Verdict } from './inbox.ts';
export { createPolicyTrials } from './policy-trials.ts';
export type { TryingPolicy } from './policy-trials.ts';
export { templateKey } from './pattern.ts';
export type { LocalPattern, LocalVector, LocalVote } from './pattern.ts';
export type { PrivacyOptions, PrivacySettings } from './privacy.ts';
export { openZmqTransport } from './zmq-transport.ts';
export type { ZmqTransport, ZmqTransportOptions } from './zmq-transport.ts';
export { createNatsTransport } from './nats-transport.ts';
export type { NatsTransportOptions } from './nats-transport.ts';
export type { Receipt, SyncTransport, TakeBundle } from './transport.ts';
export { addPeer, readPeers, removePeer } from './peers.ts';
export type { SyncPeer } from './peers.ts';
export { formatCard, openHostKeys, parseCard } from './host-keys.ts';
export type { HostCard, HostKeys } from './host-keys.ts';
export type { LedgerDay } from './ledger.ts';
