// ML-KEM-768 and ML-DSA-65 as this product uses them, against NIST's vectors, Wycheproof's, and another implementation.
import {
  createPrivateKey,
  createPublicKey,
  decapsulate,
  encapsulate,
  generateKeyPairSync,
  sign,
  verify,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { describe, expect, it } from 'vitest';

const folder = join(import.meta.dirname, '../../fixtures/post-quantum');
const read = (name: string): unknown => JSON.parse(gunzipSync(readFileSync(join(folder, name))).toString());
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

interface KemVectors {
  readonly keyGen: readonly { readonly d: string; readonly z: string; readonly ek: string }[];
  readonly decapsulation: readonly {
    readonly dk: string;
    readonly ek: string;
    readonly m: string | null;
    readonly c: string;
    readonly k: string;
  }[];
}

interface DsaVectors {
  readonly keyGen: readonly { readonly seed: string; readonly pk: string }[];
  readonly sigVer: readonly {
    readonly pk: string;
    readonly message: string;
    readonly signature: string;
    readonly testPassed: boolean;
  }[];
}

/** A decapsulation key as NIST's vectors have it: expanded, in PKCS #8 (RFC 9935). */
function toKemKey(expanded: Buffer): KeyObject {
  const start = hex('30820978020100300b06096086480165030404020482096404820960');
  const key = Buffer.concat([start, expanded]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

const fromSeed = (key: Buffer, asymmetricKeyType: 'ml-kem-768' | 'ml-dsa-65'): KeyObject =>
  createPrivateKey({ key, format: 'raw-seed', asymmetricKeyType });
const rawPublic = (key: KeyObject): Buffer => createPublicKey(key).export({ format: 'raw-public' });

describe('decapsulate() with ML-KEM-768', () => {
  const { keyGen, decapsulation } = read('acvp-ml-kem-768.json.gz') as KemVectors;

  it('makes the keys of every ACVP vector', () => {
    expect(keyGen).toHaveLength(25);
    for (const { d, z, ek } of keyGen)
      expect(
        rawPublic(fromSeed(hex(d + z), 'ml-kem-768'))
          .toString('hex')
          .toUpperCase(),
      ).toBe(ek);
  });

  it('finds the secret of every ACVP vector, implicit rejection included', () => {
    expect(decapsulation).toHaveLength(35);
    for (const { dk, c, k } of decapsulation)
      expect(
        decapsulate(toKemKey(hex(dk)), hex(c))
          .toString('hex')
          .toUpperCase(),
      ).toBe(k);
  });

  it('agrees with Wycheproof about every ciphertext and every key', () => {
    const { tests } = read('wycheproof-ml-kem-768.json.gz') as {
      tests: Record<'seed' | 'ek' | 'c' | 'K' | 'result' | 'comment', string>[];
    };
    expect(tests).toHaveLength(193);
    for (const { seed, c, K, result, comment } of tests) {
      let secret = 'none';
      try {
        secret = decapsulate(fromSeed(hex(seed), 'ml-kem-768'), hex(c)).toString('hex');
      } catch {
        // A ciphertext of another length has no secret.
      }
      expect(secret === K, comment).toBe(result === 'valid');
    }
  });

  it('shares secrets with another implementation in both directions', () => {
    for (let round = 0; round < 5; round++) {
      const { publicKey, privateKey } = generateKeyPairSync('ml-kem-768');
      const theirs = ml_kem768.encapsulate(publicKey.export({ format: 'raw-public' }));
      expect(decapsulate(privateKey, theirs.cipherText)).toEqual(Buffer.from(theirs.sharedSecret));
      const pair = ml_kem768.keygen();
      const ours = encapsulate(
        createPublicKey({
          key: Buffer.from(pair.publicKey),
          format: 'raw-public',
          asymmetricKeyType: 'ml-kem-768',
        }),
      );
      expect(Buffer.from(ml_kem768.decapsulate(ours.ciphertext, pair.secretKey))).toEqual(ours.sharedKey);
    }
  });
});

describe('verify() with ML-DSA-65', () => {
  const { keyGen, sigVer } = read('acvp-ml-dsa-65.json.gz') as DsaVectors;

  it('makes the keys of every ACVP vector', () => {
    expect(keyGen).toHaveLength(25);
    for (const { seed, pk } of keyGen)
      expect(
        rawPublic(fromSeed(hex(seed), 'ml-dsa-65'))
          .toString('hex')
          .toUpperCase(),
      ).toBe(pk);
  });

  it('agrees with a peer that passes every ACVP vector of verification, in both directions', () => {
    // Those vectors are of the internal interface, which node:crypto does not offer.
    expect(sigVer).toHaveLength(15);
    for (const { pk, message, signature, testPassed } of sigVer)
      expect(ml_dsa65.internal.verify(hex(signature), hex(message), hex(pk))).toBe(testPassed);
    const context = Buffer.from('context');
    for (let round = 0; round < 5; round++) {
      const message = Buffer.alloc(round * 1000, round);
      const { publicKey, privateKey } = generateKeyPairSync('ml-dsa-65');
      const ours = sign(null, message, { key: privateKey, context });
      const raw = publicKey.export({ format: 'raw-public' });
      expect(ml_dsa65.verify(ours, message, raw, { context })).toBe(true);
      expect(ml_dsa65.verify(ours, message, raw)).toBe(false);
      const pair = ml_dsa65.keygen();
      const key = createPublicKey({
        key: Buffer.from(pair.publicKey),
        format: 'raw-public',
        asymmetricKeyType: 'ml-dsa-65',
      });
      const theirs = ml_dsa65.sign(message, pair.secretKey, { context });
      expect(verify(null, message, { key, context }, theirs)).toBe(true);
    }
  });

  it('agrees with Wycheproof about every signature', () => {
    const { groups } = read('wycheproof-ml-dsa-65.json.gz') as {
      groups: {
        publicKey: string;
        tests: Record<'msg' | 'ctx' | 'sig' | 'result' | 'comment', string | null>[];
      }[];
    };
    let count = 0;
    for (const { publicKey, tests } of groups)
      for (const { msg, ctx, sig, result, comment } of tests) {
        count++;
        let isGood = false;
        try {
          const key = createPublicKey({
            key: hex(publicKey),
            format: 'raw-public',
            asymmetricKeyType: 'ml-dsa-65',
          });
          isGood = verify(null, hex(msg!), { key, context: hex(ctx ?? '') }, hex(sig!));
        } catch {
          // A key of another length, or a context of more than 255 bytes.
        }
        expect(isGood, comment ?? '').toBe(result === 'valid');
      }
    expect(count).toBe(210);
  });
});
