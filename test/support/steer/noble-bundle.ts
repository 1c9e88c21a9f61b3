// Another implementation of docs/sync-bundle.md, from its text and on other libraries (noble, plain JavaScript): what it
// makes our side has to open, and what our side makes it has to open.
import { gcm } from '@noble/ciphers/aes.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const CONTEXT = text('ruvector-sync-bundle-1');
const INFO = text('ruvector-sync-bundle-1 aes-256-gcm');

/** Seeds of a host; everything follows from them. */
export interface PeerSeeds {
  readonly agreement: Uint8Array;
  readonly encapsulation: Uint8Array;
  readonly signature: Uint8Array;
}

export function cardOf({ agreement, encapsulation, signature }: PeerSeeds): Uint8Array {
  return join(
    x25519.getPublicKey(agreement),
    ml_kem768.keygen(encapsulation).publicKey,
    ml_dsa65.keygen(signature).publicKey,
  );
}

/** What is drawn at random for a bundle. */
export interface PeerCoins {
  readonly ephemeral: Uint8Array;
  readonly encapsulation: Uint8Array;
  /** @default deterministic signing */
  readonly signature?: Uint8Array;
}

export function sealByPeer(
  sender: PeerSeeds,
  recipientCard: Uint8Array,
  facts: { readonly sequence: bigint; readonly createdMs: bigint; readonly payload: Uint8Array },
  coins: PeerCoins,
): Uint8Array {
  const { cipherText, sharedSecret } = ml_kem768.encapsulate(
    recipientCard.subarray(32, 32 + 1184),
    coins.encapsulation,
  );
  const head = new Uint8Array(1208);
  const view = new DataView(head.buffer);
  head.set(text('RVSB'), 0);
  head[4] = 1;
  head.set(sha256(cardOf(sender)), 8);
  head.set(sha256(recipientCard), 40);
  view.setBigUint64(72, facts.sequence, true);
  view.setBigUint64(80, facts.createdMs, true);
  head.set(x25519.getPublicKey(coins.ephemeral), 88);
  head.set(cipherText, 120);
  const agreed = x25519.getSharedSecret(coins.ephemeral, recipientCard.subarray(0, 32));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, facts.payload.length + 16, true);
  const header = join(head, length);
  const unsigned = join(
    header,
    cipherOf(sharedSecret, agreed, head, recipientCard, header).encrypt(facts.payload),
  );
  const { secretKey } = ml_dsa65.keygen(sender.signature);
  const signature = ml_dsa65.sign(unsigned, secretKey, {
    context: CONTEXT,
    extraEntropy: coins.signature ?? false,
  });
  return join(unsigned, signature);
}

/** @throws Error when anything is wrong */
export function openByPeer(bundle: Uint8Array, senderCard: Uint8Array, recipient: PeerSeeds): Uint8Array {
  const unsigned = bundle.subarray(0, -3309);
  const signed = ml_dsa65.verify(bundle.subarray(-3309), unsigned, senderCard.subarray(32 + 1184), {
    context: CONTEXT,
  });
  if (!signed) throw new Error('the peer does not take the signature');
  const sharedSecret = ml_kem768.decapsulate(
    unsigned.subarray(120, 1208),
    ml_kem768.keygen(recipient.encapsulation).secretKey,
  );
  const agreed = x25519.getSharedSecret(recipient.agreement, unsigned.subarray(88, 120));
  const cipher = cipherOf(
    sharedSecret,
    agreed,
    unsigned.subarray(0, 1208),
    cardOf(recipient),
    unsigned.subarray(0, 1212),
  );
  return cipher.decrypt(unsigned.subarray(1212));
}

function cipherOf(
  encapsulated: Uint8Array,
  agreed: Uint8Array,
  transcript: Uint8Array,
  recipientCard: Uint8Array,
  header: Uint8Array,
): ReturnType<typeof gcm> {
  const salt = sha256(join(transcript, recipientCard));
  const derived = hkdf(sha256, join(encapsulated, agreed), salt, INFO, 44);
  return gcm(derived.subarray(0, 32), derived.subarray(32), header);
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
