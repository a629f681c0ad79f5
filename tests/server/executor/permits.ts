import { createPermitSigner, type Permit, type PermitFields } from '#approvals/permit.ts';
import { type Clock, realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { ApprovalId, CallId } from '#core/ids.ts';

/** Mints permits as the gate does: each a restart of checkout, of the start `boot-1`, minted now. */
export function permits(clock: Clock, generation: () => number) {
  const signer = createPermitSigner(realRandom);
  const permit = (over: Partial<PermitFields> = {}): Permit => {
    const mintedAt = over.mintedAt ?? clock.now();
    return signer.mint({
      jti: realRandom.uuid(),
      approval: ApprovalId.parse('A-1'),
      hash: sha256('plan'),
      step: 0,
      undo: false,
      call: CallId.parse('e1'),
      boot: 'boot-1',
      mintedAt,
      notAfter: mintedAt + 30_000,
      order: {
        tool: 'service_restart',
        change: { tool: 'service_restart', target: 'service:checkout' },
        key: 'fb-key-0-run',
        expectGeneration: generation(),
        fence: 1,
      },
      ...over,
    });
  };
  return { permit, publicKey: signer.publicKey };
}
