import type { Stage } from './stage.ts';

export interface Step {
  readonly title: string;
  play(stage: Stage): Promise<void>;
}

/** Eight steps with the real commands; each fails the demo when the product does not do what is said. */
export const STORY: readonly Step[] = [
  {
    title: 'A repository with a Worker. dcs finds it and writes dcs.yaml.',
    async play(stage) {
      await stage.dcs(['init', '--yes'], { exit: 0 });
      await stage.show('dcs.yaml');
    },
  },
  {
    title: 'What would a first sync do? Nothing is written.',
    async play(stage) {
      await stage.dcs(['diff', '-e', 'staging'], { exit: 0, says: 'create' });
    },
  },
  {
    title: 'Sync: plan, write, confirm, record.',
    async play(stage) {
      await stage.dcs(['sync', '-e', 'staging', '--yes'], { exit: 0, says: 'confirmed' });
      await stage.dcs(['status', '-e', 'staging'], { exit: 0, says: 'in sync' });
    },
  },
  {
    title: 'A value changes in Doppler. Only that name is behind, and only that name is written.',
    async play(stage) {
      await stage.doppler('stg', { SENDGRID_KEY: 'demo-value-two' });
      await stage.dcs(['status', '-e', 'staging'], { exit: 0, says: 'behind' });
      await stage.dcs(['sync', '-e', 'staging', '--yes'], { exit: 0, says: '1 written' });
    },
  },
  {
    title: 'Somebody edits a secret on Cloudflare by hand. Does dcs notice?',
    async play(stage) {
      await stage.edit('STRIPE_KEY', 'edited-by-hand');
      await stage.dcs(['status', '-e', 'staging'], { exit: 0, says: 'drifted' });
      await stage.dcs(['sync', '-e', 'staging', '--yes', '--allow', 'rewrite'], { exit: 0, says: 'written' });
    },
  },
  {
    title: 'A stranger added a secret of their own. Pruning leaves it alone.',
    async play(stage) {
      await stage.edit('SENTRY_DSN', 'not-ours');
      await stage.dcs(['sync', '-e', 'staging', '--yes', '--prune', '--allow', 'rewrite'], { exit: 0, says: 'SENTRY_DSN' });
      await stage.expectWorker('SENTRY_DSN', 'not-ours');
    },
  },
  {
    title: 'A plan for production, saved without values, approved, applied exactly.',
    async play(stage) {
      await stage.doppler('prd', { DCS_LEDGER_KEY: 'demo-key-that-every-machine-of-the-team-has' });
      await stage.dcs(['diff', '-e', 'prod', '--out', 'prod.plan'], { exit: 0 });
      await stage.dcs(['sync', '--plan', 'prod.plan', '--yes'], { exit: 0, says: 'confirmed' });
    },
  },
  {
    title: 'The same plan again, after Doppler moved: stale, refused, nothing written.',
    async play(stage) {
      await stage.doppler('prd', { STRIPE_KEY: 'demo-value-three' });
      await stage.dcs(['diff', '-e', 'prod', '--out', 'old.plan'], { exit: 0 });
      await stage.doppler('prd', { STRIPE_KEY: 'demo-value-four' });
      await stage.dcs(['sync', '--plan', 'old.plan', '--yes'], { exit: 6, says: 'stale' });
    },
  },
];
