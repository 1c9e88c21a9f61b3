// What other hosts found faster, tried by the steering of this one while its own queries run: nothing is taken over unproven.
import { existsSync } from 'node:fs';
import { createPolicyTrials, openPatternSync } from '../../steer/index.ts';
import type { Steering } from '../../steer/index.ts';

/** Proposals of the hosts that are pinned in a home. */
export interface PeerProposals extends Disposable {
  /** Suggests what has come, and settles what steering has decided meanwhile. */
  consider(): Promise<void>;
}

/**
 * Opens what `dag sync` keeps in a folder; a home that never synced has none, and no proposals.
 * @throws RuvectorError `ERR_STEER_SYNC_STATE`
 */
export async function openPeerProposals(folder: string, steering: Steering): Promise<PeerProposals | null> {
  if (!existsSync(folder)) return null;
  const sync = await openPatternSync({ folder });
  const validate = createPolicyTrials({
    suggest: (template, arm) => steering.suggest(template, arm),
    explain: (template) => steering.explain(template).policy,
  });
  return {
    consider: async () => {
      const { arms } = steering;
      // What is passed through cannot be tried, which is not the peer's fault.
      const steered = steering.status().templates.filter(({ pass }) => pass === null);
      await sync.validate({ templates: steered.map(({ id }) => id), arms, defaultArm: arms[0]! }, validate);
    },
    [Symbol.dispose]: () => sync[Symbol.dispose](),
  };
}
