// Pattern sync of one host: what is mature leaves it, hidden and sealed, to every pinned peer; what comes is kept, combined
// over the peers, and used only after trials on this host. The rounds are the caller's: `runOnce`, or `serveSync`.
import { join } from 'node:path';
import { isRuvectorError, systemClock } from '../../core/index.ts';
import type { RuvectorError } from '../../core/index.ts';
import { makeFolder, tryLock } from '../../files/index.ts';
import { VERDICT_MS, combinePatterns, findCandidates, vectorVerdict } from './candidates.ts';
import type {
  ArmCandidate,
  CandidateQuery,
  PeerPattern,
  ValidateArm,
  ValidatePattern,
} from './candidates.ts';
import { choosePatterns } from './choose-patterns.ts';
import { bundleError, syncOptionError } from './errors.ts';
import { openHostKeys } from './host-keys.ts';
import type { HostKeys } from './host-keys.ts';
import { assertNew, forgetPatterns, listVerdicts, settle, takeBundle, verdictId } from './inbox.ts';
import { budgetLeft, budgetRefusal } from './ledger.ts';
import { openBundle, readBundleHeader } from './open-bundle.ts';
import {
  countWaiting,
  forgetWaiting,
  listSeen,
  listSent,
  listWaiting,
  release,
  removeWaiting,
} from './outbox.ts';
import { assertLocalPattern, patternLimits } from './pattern.ts';
import type { LocalPattern } from './pattern.ts';
import { decodePayload } from './payload.ts';
import { readPeers } from './peers.ts';
import type { SyncPeer } from './peers.ts';
import { costOf, resolvePrivacy } from './privacy.ts';
import type { PrivacyOptions, PrivacySettings } from './privacy.ts';
import { createRandomIntegers } from './random-bits.ts';
import { describeSync } from './sync-status.ts';
import type { SyncStatus } from './sync-status.ts';
import { openSyncDatabase } from './sync-database.ts';
import type { SyncDatabase } from './sync-database.ts';
import type { Receipt, SyncTransport } from './transport.ts';

/** Options of {@link openPatternSync}. */
export interface PatternSyncOptions {
  /** Where keys, peers and state are: `<home>/sync`. */
  readonly folder: string;
  /** `off` sends exact values, for hosts of one owner. @default noise with the defaults of {@link PrivacyOptions} */
  readonly privacy?: PrivacyOptions | 'off';
  /** How long a pattern has to be known before it leaves. @default 300_000, five minutes */
  readonly maturityMs?: number;
  /** Patterns of one bundle, 1–256. @default 100 */
  readonly batchLimit?: number;
  /** How long after a pattern left it may leave again. @default 86_400_000, a day */
  readonly resendMs?: number;
  /** Wall time. @default the system's */
  readonly nowMs?: () => number;
}

/** What a round did. */
export interface SyncRound {
  /** Patterns that were released, to all peers. */
  readonly released: number;
  /** Patterns that wait because the day's budget is spent. */
  readonly heldByBudget: number;
  /** `ERR_STEER_SYNC_BUDGET` where patterns wait for it. */
  readonly budgetError: RuvectorError | null;
  /** Bundles handed over, and those that wait for another round. */
  readonly delivered: number;
  readonly waiting: number;
  /** Bundles taken and refused in this round and since the one before. */
  readonly taken: number;
  readonly refused: number;
  /** What could not be reached, each once. */
  readonly failures: readonly string[];
}

/** How long a bundle may be under way, and how far clocks may differ. */
const MOST_AGE_MS = 7 * 86_400_000;
const MOST_AHEAD_MS = 10 * 60_000;
/** Opens the sync of a host; makes its keys where it has none. @throws RuvectorError `ERR_STEER_SYNC_*` */
export async function openPatternSync(options: PatternSyncOptions): Promise<PatternSync> {
  const { folder, maturityMs = 300_000, batchLimit = 100, resendMs = 86_400_000 } = options;
  if (!Number.isInteger(batchLimit) || batchLimit < 1 || batchLimit > patternLimits.patterns)
    throw syncOptionError('batchLimit', batchLimit, `a whole number from 1 to ${patternLimits.patterns}`);
  for (const [name, value] of Object.entries({ maturityMs, resendMs }))
    if (!(value >= 0)) throw syncOptionError(name, value, 'milliseconds, from 0 on');
  const privacy = resolvePrivacy(options.privacy);
  await makeFolder(folder, 0o700);
  const keys = await openHostKeys(join(folder, 'keys.json'));
  const database = openSyncDatabase(join(folder, 'sync.db'));
  const nowMs = options.nowMs ?? (() => systemClock.nowMs());
  return new PatternSync({ folder, keys, database, privacy, maturityMs, batchLimit, resendMs, nowMs });
}

interface SyncParts {
  readonly folder: string;
  readonly keys: HostKeys;
  readonly database: SyncDatabase;
  readonly privacy: PrivacySettings;
  readonly maturityMs: number;
  readonly batchLimit: number;
  readonly resendMs: number;
  readonly nowMs: () => number;
}

/** The sync of one host. */
export class PatternSync implements Disposable {
  readonly keys: HostKeys;
  readonly database: SyncDatabase;
  readonly privacy: PrivacySettings;
  readonly #parts: SyncParts;
  readonly #random = createRandomIntegers();
  #counts = { taken: 0, refused: 0 };

  constructor(parts: SyncParts) {
    this.#parts = parts;
    this.keys = parts.keys;
    this.database = parts.database;
    this.privacy = parts.privacy;
  }

  get peersFile(): string {
    return join(this.#parts.folder, 'peers.json');
  }

  /** Those that are pinned now. */
  peers(): Promise<SyncPeer[]> {
    return readPeers(this.peersFile);
  }

  /**
   * Takes a bundle into the file of this host, wherever it came from.
   * @returns its patterns
   * @throws RuvectorError `ERR_STEER_SYNC_` and `BUNDLE`, `VERSION`, `SIZE`, `RECIPIENT`, `PEER`, `SIGNATURE`, `CLOCK`,
   *   `REPLAY` or `SEALED`; nothing of the bundle is kept then
   */
  async accept(bundle: Uint8Array): Promise<number> {
    const header = readBundleHeader(bundle);
    const { sender, sequence, createdMs } = header;
    const peer = (await this.peers()).find(({ card }) => card.fingerprint === sender);
    if (!peer) throw bundleError('PEER', sender, 'this sender is not pinned here');
    // First what costs least; a replay is no reason to verify a signature.
    assertNew(this.database, sender, sequence);
    const payload = openBundle(bundle, peer.card, this.keys);
    const nowMs = this.#parts.nowMs();
    const ageMs = nowMs - createdMs;
    if (ageMs > MOST_AGE_MS || ageMs < -MOST_AHEAD_MS)
      throw bundleError('CLOCK', sender, `by its time it was made ${describeAge(ageMs)}`);
    const content = decodePayload(payload, sender);
    takeBundle(this.database, header, content, nowMs);
    return content.patterns.length;
  }

  /** The same for a transport: what became of it, as its sender is told. */
  async take(bundle: Uint8Array): Promise<Receipt> {
    try {
      await this.accept(bundle);
      this.#counts.taken++;
      return { kind: 'taken' };
    } catch (error) {
      if (!isRuvectorError(error)) throw error;
      const { code } = error;
      if (code === 'ERR_STEER_SYNC_REPLAY') return { kind: 'refused', code };
      if (laterCodes.has(code)) return { kind: 'later', code };
      this.#counts.refused++;
      return { kind: 'refused', code };
    }
  }

  /**
   * One round: fetches what waits, releases what is mature as far as the day's budget goes, hands over what waits here.
   * A transport that is away fails nothing: its bundles wait.
   * @param patterns all this host knows; which of them leave is decided by their age and by when they left last, never by
   *   what they say
   */
  async runOnce(patterns: readonly LocalPattern[], transports: readonly SyncTransport[]): Promise<SyncRound> {
    const failures = new Set<string>();
    const attempt = async (act: () => Promise<void>): Promise<void> => {
      try {
        await act();
      } catch (error) {
        if (!isRuvectorError(error, 'ERR_STEER_SYNC_TRANSPORT')) throw error;
        failures.add(error.message);
      }
    };
    for (const transport of transports) await attempt(() => transport.fetch((bundle) => this.take(bundle)));
    const peers = await this.peers();
    const releasing = this.#release(patterns, peers);
    let delivered = 0;
    // One daemon of a home hands over at a time: the order of the sequence is what recipients go by.
    const lock = tryLock(join(this.#parts.folder, 'send.lock'));
    try {
      if (lock)
        for (const peer of peers)
          await attempt(async () => {
            await this.#deliver(peer, transports, () => delivered++);
          });
    } finally {
      lock?.release();
    }
    const { taken, refused } = this.#counts;
    this.#counts = { taken: 0, refused: 0 };
    const waiting = [...countWaiting(this.database).values()].reduce((sum, count) => sum + count, 0);
    return { ...releasing, delivered, waiting, taken, refused, failures: [...failures] };
  }

  /** Arms that peers propose for templates of this host, best supported first. */
  candidates(query: CandidateQuery): ArmCandidate[] {
    return findCandidates(this.database, query, this.#parts.nowMs());
  }

  /**
   * Lets each candidate be tried, and remembers what came of it for a week; a peer whose candidates fail is muted.
   * @returns the candidates that passed
   */
  async validate(query: CandidateQuery, validate: ValidateArm): Promise<ArmCandidate[]> {
    const accepted: ArmCandidate[] = [];
    for (const candidate of this.candidates(query)) {
      const verdict = await validate(candidate);
      if (verdict === 'pending') continue;
      settle(this.database, candidate, verdict, this.#parts.nowMs());
      if (verdict === 'accepted') accepted.push(candidate);
    }
    return accepted;
  }

  /**
   * What the peers say of patterns of this many numbers, number by number the trimmed mean over them. Each is tried before
   * it is given out, and again when it changes or after a week.
   * @returns the patterns that passed, now or before
   */
  async validatePatterns(dims: number, validate: ValidatePattern): Promise<PeerPattern[]> {
    const { nowMs } = this.#parts;
    const verdicts = listVerdicts(this.database, nowMs() - VERDICT_MS);
    const accepted: PeerPattern[] = [];
    for (const pattern of combinePatterns(this.database, dims)) {
      const subject = vectorVerdict(pattern);
      const known = verdicts.get(verdictId(subject.key, subject.arm));
      const verdict = known ?? (await validate(pattern));
      if (!known) settle(this.database, subject, verdict, nowMs());
      if (verdict === 'accepted') accepted.push(pattern);
    }
    return accepted;
  }

  /** Peers, what waits, what came, what was spent. */
  async status(): Promise<SyncStatus> {
    const { fingerprint } = this.keys.card;
    return describeSync({ database: this.database, fingerprint, peers: await this.peers() });
  }

  /** Drops what a host that is no longer pinned said, and what waits for it; its sequence stays known. */
  forget({ card }: SyncPeer): void {
    this.database.transact(() => {
      forgetPatterns(this.database, card.fingerprint);
      forgetWaiting(this.database, card.fingerprint);
    });
  }

  [Symbol.dispose](): void {
    this.database[Symbol.dispose]();
  }

  #release(
    patterns: readonly LocalPattern[],
    peers: readonly SyncPeer[],
  ): Pick<SyncRound, 'released' | 'heldByBudget' | 'budgetError'> {
    const { maturityMs, batchLimit, resendMs, nowMs } = this.#parts;
    for (const pattern of patterns) assertLocalPattern(pattern);
    // Nothing is spent on nobody.
    if (peers.length === 0) return { released: 0, heldByBudget: 0, budgetError: null };
    const now = nowMs();
    const { privacy, database } = this;
    // Chosen and spent in one transaction: another daemon of this home may do the same now.
    return database.transact(() => {
      const left = privacy && budgetLeft(database, privacy, now);
      const { patterns: chosen, held } = choosePatterns(patterns, {
        nowMs: now,
        maturityMs,
        resendMs,
        batchLimit,
        seen: listSeen(database, patterns, now),
        sent: listSent(database),
        privacy,
        left,
      });
      if (chosen.length > 0) {
        const cards = peers.map(({ card }) => card);
        release(database, {
          patterns: chosen,
          peers: cards,
          keys: this.keys,
          privacy,
          random: this.#random,
          nowMs: now,
        });
      }
      const [first] = held;
      return {
        released: chosen.length,
        heldByBudget: held.length,
        budgetError:
          first && privacy ? budgetRefusal(costOf(first, privacy), budgetLeft(database, privacy, now)) : null,
      };
    });
  }

  /** Hands over what waits for a peer, oldest first; the first failure ends it, so that the order stays. */
  async #deliver(peer: SyncPeer, transports: readonly SyncTransport[], onSent: () => void): Promise<void> {
    const reaching = transports.filter((transport) => transport.reaches(peer));
    if (reaching.length === 0) return;
    for (const waiting of listWaiting(this.database, peer.card.fingerprint)) {
      const receipt = await sendByAny(reaching, peer, waiting.bundle);
      if (receipt.kind === 'later') return;
      removeWaiting(this.database, waiting);
      onSent();
    }
  }
}

/** The first transport that works; the others are there for when it does not. */
async function sendByAny(
  transports: readonly SyncTransport[],
  peer: SyncPeer,
  bundle: Uint8Array,
): Promise<Receipt> {
  let failure: unknown;
  for (const transport of transports) {
    try {
      return await transport.send(peer, bundle);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

const laterCodes = new Set(['ERR_STEER_SYNC_PEER', 'ERR_STEER_SYNC_CLOCK', 'ERR_STEER_SYNC_STATE']);
const describeAge = (ageMs: number): string =>
  ageMs < 0 ? `${Math.round(-ageMs / 1000)} s from now` : `${Math.round(ageMs / 86_400_000)} days ago`;
