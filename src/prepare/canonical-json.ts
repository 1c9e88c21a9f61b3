// JSON with sorted keys and no white space, so that equal values hash equally here and in Python
// (json.dumps(value, sort_keys=True, separators=(',', ':'), ensure_ascii=False)).
// Not full RFC 8785: numbers are written by JSON.stringify, names are sorted by code unit.
import { createHash } from 'node:crypto';

/** The canonical text of a JSON value. Undefined members are left out; typed arrays are not JSON. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}

/** Lower-case hexadecimal SHA-256 of the canonical text. */
export function canonicalSha256(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
