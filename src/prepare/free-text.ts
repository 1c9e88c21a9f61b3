// What may leave of text that can hold anything. Released columns keep error codes and nothing else;
// `stripText` takes out what looks like a path, an address or a secret, and cannot know a plain word
// that is one. So the first is what exports use, and the second is for text a person reads before sharing.
import { constants } from 'node:os';

const systemCodes: ReadonlySet<string> = new Set(Object.keys(constants.errno));
const codePattern =
  /\b(?:ERR_(?:COLLECT|STORE|PREPARE|WIRE|MODEL|TRAIN|OPTIMIZE|EXPORT|APP)_[A-Z_]{2,32}|E[A-Z0-9]{2,15})\b/g;

/** The error codes in a text (`ERR_OPTIMIZE_SYSCALL EPERM`), or "other" when there are none. */
export function codesIn(text: string): string {
  const codes = (text.match(codePattern) ?? []).filter(
    (code) => code.startsWith('ERR_') || systemCodes.has(code),
  );
  return codes.length === 0 ? 'other' : [...new Set(codes)].join(' ');
}

const secretName = /pass(?:word|wd|phrase)?|pwd|secret|token|key|auth|credential|session|cookie/i;
const assignment = /(?<![\w./-])([\w.-]{1,64}["']?\s{0,2}[=:]\s{0,2})("[^"]*"|'[^']*'|[^\s,;]+)/g;
const environmentName = /^[A-Z][A-Z0-9_]+=$/;

/**
 * In this order: what is found first cannot be found again. Each starts only where a word does, or is
 * bounded in length: a long hostile text takes no longer than its length.
 */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s"'<>]+/gi, '<url>'],
  [/(["'])(?:~?\.{0,2}\/|[A-Za-z]:[\\/]|\\\\)[^"'\n]{0,4096}\1/g, '<path>'],
  [/(?<![\w.+-])[\w.+-]{1,64}@[\w.-]{1,255}/g, '<address>'],
  [/\\\\[^\s\\"']+(?:\\[^\s"']*)?/g, '<path>'],
  [/\b[A-Za-z]:[\\/][^\s"',;]*/g, '<path>'],
  [/(?<![\w.@+~-])(?:~[\w-]{0,64}|[\w.@+-]{1,255})?\/[^\s"'`,;:()[\]<>|]+/g, '<path>'],
  [/\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b/gi, '<mac>'],
  [/(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{0,4})(?:%\w+)?(?![\w:])/gi, '<ip>'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/g, '<ip>'],
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, '<token>'],
  [/(?<![\w.-])(?:[a-z0-9_-]{1,63}\.){1,8}[a-z][a-z0-9-]{1,62}\b/gi, '<host>'],
  [/\b[0-9a-f]{12,}\b/gi, '<token>'],
  [/[A-Za-z0-9+/_-]{20,}={0,2}/g, '<token>'],
];

/** The text without paths, addresses, host names, tokens and `key=value` secrets; each leaves its kind in `<>`. */
export function stripText(text: string): string {
  const withoutKeys = text
    .replace(/-----BEGIN [A-Z ]{1,40}-----[^-]*/g, '<secret>')
    .replace(/\b(?:bearer|basic)\s{1,2}[\w.~+/=-]{4,}/gi, '<secret>')
    .replace(assignment, stripAssignment);
  return patterns.reduce((stripped, [pattern, kind]) => stripped.replace(pattern, kind), withoutKeys);
}

function stripAssignment(whole: string, name: string, value: string): string {
  if (value.startsWith('<')) return whole;
  if (secretName.test(name)) return `${name}<secret>`;
  return environmentName.test(name) ? `${name}<value>` : whole;
}
