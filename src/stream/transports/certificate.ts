// The certificate of a stream that is served over TLS, and the CAs that a reader trusts: PEM files. A server looks at its
// files once a second and takes a renewed certificate for new connections, without ending those there are.
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Server } from 'node:https';
import { messageOf, systemCodeOf } from '../../core/index.ts';
import { certificateError } from '../errors.ts';

/** Where a server's certificate and its key are. */
export interface TlsFiles {
  /** PEM: the certificate, then those between it and a CA. */
  readonly certFile: string;
  /** PEM, not encrypted. */
  readonly keyFile: string;
}

/** What a TLS server is given. */
export interface TlsContext {
  readonly cert: string;
  readonly key: string;
}

const CHECK_MS = 1000;

/**
 * Reads and checks both files.
 * @throws RuvectorError `ERR_WIRE_TLS` for files that cannot be read, do not belong together, or a certificate that is
 *   no longer or not yet valid
 */
export function readCertificate({ certFile, keyFile }: TlsFiles): TlsContext {
  const cert = readPem(certFile);
  const key = readPem(keyFile);
  const certificate = parsePem(certFile, () => new X509Certificate(cert));
  const belongs = parsePem(keyFile, () => certificate.checkPrivateKey(createPrivateKey(key)));
  if (!belongs) throw certificateError(keyFile, `it is not the key of "${certFile}"`, 'name the key of it');
  const nowMs = Date.now();
  if (nowMs > certificate.validToDate.getTime())
    throw certificateError(certFile, `it expired at ${certificate.validTo}`, 'renew it');
  if (nowMs < certificate.validFromDate.getTime()) {
    throw certificateError(
      certFile,
      `it is valid from ${certificate.validFrom} on`,
      'correct the clock, or wait',
    );
  }
  return { cert, key };
}

/** Text of a PEM file. @throws RuvectorError `ERR_WIRE_TLS` */
export function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const state = systemCodeOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error);
    throw certificateError(path, state, 'name a PEM file that this user may read', error);
  }
}

function parsePem<T>(path: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw certificateError(path, 'it is not what it should be, in PEM', 'write it again', error);
  }
}

/**
 * Takes what stands in the files when they change.
 * @param onProblem told once of each state that cannot be used: the certificate that was there stays. Must not throw
 * @returns ends it
 */
export function followCertificate(
  server: Pick<Server, 'setSecureContext'>,
  files: TlsFiles,
  onProblem: (error: unknown) => void,
): () => void {
  let stamp = stampOf(files);
  const timer = setInterval(() => {
    const now = stampOf(files);
    if (now === stamp) return;
    stamp = now;
    try {
      server.setSecureContext(readCertificate(files));
    } catch (error) {
      onProblem(error);
    }
  }, CHECK_MS).unref();
  return () => clearInterval(timer);
}

function stampOf({ certFile, keyFile }: TlsFiles): string {
  return [certFile, keyFile]
    .map((path) => {
      const found = statSync(path, { throwIfNoEntry: false, bigint: true });
      return found ? `${found.ino}/${found.mtimeNs}/${found.size}` : 'none';
    })
    .join(' ');
}

const TLS_CODES =
  /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|EPROTO$|INVALID_CA|HOSTNAME_MISMATCH)/;

/** True for an error of a TLS handshake: another try would end the same. */
export function isTlsError(error: unknown): boolean {
  return TLS_CODES.test(systemCodeOf(error) ?? '');
}
