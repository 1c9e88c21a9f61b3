// What the daemon answers, and how it is asked. The token stands in the address once; where no cookie may be kept (an
// iframe under another name of this machine) it is kept for the session and sent with every request.

export type Numbers = Readonly<Record<string, number | null | undefined>>;

export interface Decision {
  readonly atMs?: number;
  readonly label: string;
  readonly probabilities: Readonly<Record<string, number>> | null;
  readonly source?: string;
  readonly reason?: string | null;
  readonly mode?: string;
  readonly modelVersion?: string | null;
  readonly features?: Numbers | null;
  /** The live model was asked now, because what was decided then is not known any more. */
  readonly isRecomputed?: boolean;
}

export interface NextTraining {
  readonly samples: number;
  readonly needed: number;
  readonly hint?: string;
}

export interface HistoryFacts {
  readonly bytes: number | null;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  readonly rows?: Readonly<Record<string, number>>;
}

export interface Sink {
  readonly sink: string;
  readonly target: string;
  readonly delivered?: number;
  readonly failed?: number;
  readonly suppressed?: number;
  readonly dropped?: number;
  readonly lastError?: string | null;
}

export interface Status {
  readonly host: string;
  readonly version: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly home: string;
  readonly hz: number;
  readonly processIntervalMs?: number;
  /** Who gets rows of this host, and whether without names. */
  readonly privacy?: {
    readonly streams?: readonly { readonly endpoint: string; readonly anonymized: boolean }[];
  };
  /** Null unless the host publishes to a fleet. */
  readonly fleet?: {
    readonly servers: string;
    readonly isAnonymized: boolean;
    readonly isConnected: boolean;
    readonly sentRows: number;
    readonly waiting: { readonly rows: number };
  } | null;
  /** Whether it acts now, and whether it was started to. */
  readonly acting?: boolean;
  readonly mayAct?: boolean;
  readonly zram?: {
    readonly kind?: string;
    readonly originalBytes?: number;
    readonly usedBytes?: number;
  } | null;
  readonly training?: {
    readonly running?: boolean;
    readonly lastModel?: string | null;
    readonly lastError?: string | null;
  } | null;
  readonly live?: { readonly live: string | null; readonly isBaseline?: boolean } | null;
  readonly history?: HistoryFacts | null;
  readonly nextTraining?: NextTraining | null;
  /** Whether the page may act. */
  readonly actions: boolean;
  readonly csrf: string | null;
  readonly decision: Decision | null;
  readonly events?: readonly Sink[];
}

export interface ProcessUse {
  readonly pid: number;
  readonly name: string;
  readonly rssBytes: number;
  readonly swapBytes?: number | null;
  readonly cpuPercent?: number | null;
}

export interface Sample {
  readonly atMs: number;
  readonly memory: Numbers;
  /** Of the newest look at all processes, which is rarer than a sample. */
  readonly top?: readonly ProcessUse[];
  readonly topAtMs?: number | null;
}

export interface Mark {
  /** The same for an alert that is told again when it is over. */
  readonly id?: string;
  readonly atMs: number;
  readonly untilMs: number | null;
  readonly kind: 'swap' | 'action' | 'alert' | 'gap' | 'label';
  readonly text: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

export type Frame =
  | ({ readonly kind: 'sample' } & Sample)
  | ({ readonly kind: 'decision' } & Decision)
  | ({ readonly kind: 'status' } & Status)
  | (Omit<Mark, 'kind'> & { readonly kind: 'mark'; readonly mark: Mark['kind'] });

type Column = readonly (number | null)[];

export interface RangeAnswer {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  readonly times: readonly number[];
  readonly fields: Readonly<
    Record<string, { readonly min: Column; readonly max: Column; readonly mean: Column }>
  >;
}

export interface ProcessHistory {
  readonly times: readonly number[];
  readonly processes: readonly { readonly pid: number; readonly name: string; readonly rssBytes: Column }[];
}

export interface Moment {
  readonly atMs: number;
  readonly memory: Numbers | null;
  /** Processes are looked at more rarely than memory: when the nearest look was. */
  readonly processesAtMs?: number | null;
  readonly processes: readonly ProcessUse[];
  readonly decision: Decision | null;
  readonly snippet: { readonly typescript: string; readonly python: string } | null;
}

export interface ModelRun {
  readonly reference: string;
  readonly name: string;
  readonly version: string;
  readonly aliases: readonly string[];
  /** Whether it is what answers on this host now. */
  readonly isAnswering: boolean;
  readonly estimator: string | null;
  readonly task: string;
  readonly metric: string;
  readonly score: number | null;
  readonly interval: readonly [number, number] | null;
  readonly baselines: Numbers;
  readonly rows: number | null;
  readonly heldOutRows: number | null;
  readonly datasetSha256: string | null;
  readonly problem?: string | null;
  readonly parity: { readonly maxAbsDiff?: number; readonly labelMismatches?: number | null } | null;
  readonly createdMs: number | null;
}

export interface SideFacts {
  readonly reference: string;
  readonly macroF1: number | null;
  readonly averagePrecision?: number;
  readonly mae?: number;
  readonly interval: readonly [number, number] | null;
}

export interface AnswerFacts {
  readonly confusion: readonly (readonly number[])[];
  readonly calibration: readonly {
    readonly from: number;
    readonly to: number;
    readonly rows: number;
    readonly meanProbability: number;
    readonly accuracy: number;
  }[];
}

export interface Comparison {
  readonly a: SideFacts;
  readonly b: SideFacts;
  readonly rows: number;
  readonly source: string;
  readonly verdict: string;
  readonly details: {
    readonly labels: readonly string[];
    readonly a: AnswerFacts;
    readonly b: AnswerFacts;
    readonly differ: number;
    readonly overTime: readonly {
      readonly fromMs: number;
      readonly toMs: number;
      readonly rows: number;
      readonly differ: number;
    }[];
  } | null;
}

export interface ExportRun {
  readonly id: string;
  readonly type: string;
  readonly path: string | null;
  readonly isAnonymized?: boolean;
  readonly state: 'running' | 'done' | 'failed';
  readonly startedMs: number | null;
  readonly endedMs?: number | null;
  readonly progress?: {
    readonly phase?: string | null;
    readonly rows?: number | null;
    readonly totalRows?: number | null;
    readonly rowsPerSecond?: number | null;
    readonly etaSeconds?: number | null;
  } | null;
  readonly error?: string | null;
}

export interface Publication {
  readonly id: string;
  readonly dataset: string;
  readonly target: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly startedMs: number;
  readonly endedMs: number | null;
  readonly progress: {
    readonly step: string;
    readonly done: number;
    readonly total: number | null;
  } | null;
  readonly result: {
    readonly name: string;
    readonly version: string;
    readonly change: string;
    readonly rows: number;
    readonly sizeBytes: number;
    readonly isAnonymized: boolean;
    readonly k: number | null;
    readonly isSigned: boolean;
  } | null;
  readonly error: string | null;
}

export interface HealthAnswer {
  readonly checks: readonly {
    readonly name: string;
    readonly state: 'ok' | 'limited' | 'missing';
    readonly found: string;
    readonly costs: string;
    readonly fix: string;
  }[];
}

export interface SentEvent {
  readonly id: string;
  readonly timestamp: string;
  readonly kind: string;
  readonly severity: string;
  readonly message: string;
  readonly details?: unknown;
}

const TOKEN_KEY = 'ruvector-page-token';
const token = takeToken();

/** Takes the token out of the address, where it would stay in the history of the browser. */
function takeToken(): string | null {
  const address = new URL(location.href);
  const given = address.searchParams.get('token');
  if (given !== null) {
    address.searchParams.delete('token');
    history.replaceState(null, '', address);
  }
  try {
    if (given !== null) sessionStorage.setItem(TOKEN_KEY, given);
    return given ?? sessionStorage.getItem(TOKEN_KEY);
  } catch {
    // A browser that keeps nothing for frames of others.
    return given;
  }
}

/** An answer that is an error; `status` is 0 where nothing answered. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const headers = (): Record<string, string> => (token === null ? {} : { authorization: `Bearer ${token}` });

/** Asks for JSON; throws an `ApiError`, or what the signal was aborted with. */
export async function ask<T>(
  path: string,
  params: Readonly<Record<string, string | number>> = {},
  signal?: AbortSignal,
): Promise<T> {
  const query = new URLSearchParams(Object.entries(params).map(([name, value]) => [name, String(value)]));
  const address = query.size > 0 ? `${path}?${query}` : path;
  return request<T>(address, { headers: headers(), ...(signal && { signal }) });
}

/** Asks the daemon to do something; `csrf` comes with its status. */
export function act(name: string, csrf: string, body: object): Promise<{ readonly text?: string }> {
  return request(`/api/actions/${name}`, {
    method: 'POST',
    headers: { ...headers(), 'content-type': 'application/json', 'x-csrf': csrf },
    body: JSON.stringify(body),
  });
}

async function request<T>(address: string, init: RequestInit): Promise<T> {
  // Called off, or lost, a question can be at any time until its whole answer is there.
  const refuse = (cause: unknown): never => {
    if (init.signal?.aborted) throw cause;
    throw new ApiError(0, 'ERR_PAGE_UNREACHABLE', 'The daemon does not answer.');
  };
  const response = await fetch(address, { credentials: 'same-origin', ...init }).catch(refuse);
  if (response.ok) return (await response.json().catch(refuse)) as T;
  const body: unknown = await response.json().catch(() => null);
  const { code, message } = (body as { error?: { code?: string; message?: string } } | null)?.error ?? {};
  throw new ApiError(response.status, code ?? '', message ?? `The daemon answered ${response.status}.`);
}

/** Opens the live stream. */
export function openLive(): WebSocket {
  const address = new URL('/api/live', location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  address.hash = '';
  // A WebSocket sends no headers of one's own; the token travels as the name of a protocol.
  return new WebSocket(address, ['ruvector-page', ...(token === null ? [] : [`token.${token}`])]);
}
