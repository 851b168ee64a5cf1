import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../e2e/world.ts';

interface Proof {
  readonly file: string;
  readonly rows: readonly number[];
}

describe('docs/evidence.md', () => {
  it('is what was measured (stale? npm run evidence -- --page)', async () => {
    const { page } = (await import('../../scripts/evidence.mjs' as string)) as { page: () => string };
    expect(readFileSync(join(ROOT, 'docs', 'evidence.md'), 'utf8')).to.equal(page());
  });

  it('has proofs that are there', async () => {
    const { PROOFS } = (await import('./rows.mjs' as string)) as { PROOFS: readonly Proof[] };
    expect(PROOFS.filter(({ file }) => !existsSync(join(ROOT, file)))).to.deep.equal([]);
  });
});
