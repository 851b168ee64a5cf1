import { execFileSync } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atMost } from '../../src/at-most.ts';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { neonProject } from '../e2e/neon.ts';
import { ROOT, YAML, world, type World } from '../e2e/world.ts';

/** Commands whose document needs more than a sandbox (a registry, a webhook), and the test that looks into it. */
export const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ...['', ' install', ' inspect', ' update', ' uninstall', ' link', ' reset'].map(
    (word) => [`plugins${word}`, 'test/e2e/plugins.test.ts'] as const,
  ),
  ['update', 'test/e2e/update-whole.test.ts'],
  ['ci run', 'test/workflows/ci-run.test.ts'],
  ...['hooks install', 'hooks uninstall', 'hooks run', 'hooks status'].map((id) => [id, 'test/e2e/hook-keepers.test.ts'] as const),
  ...['setup', 'list', 'remove', 'test', 'info', 'handler'].map((word) => [`webhook ${word}`, 'test/e2e/webhook.test.ts'] as const),
]);

export interface Line {
  readonly type: readonly string[];
  readonly input?: string;
  /** Default 0. */
  readonly ends?: number;
}
export interface Scene {
  readonly prepare: (w: World) => Promise<void>;
  readonly lines: readonly Line[];
}

const type = (line: string, more: Omit<Line, 'type'> = {}): Line => ({ type: line.split(' '), ...more });

/** Line by line, so that each command finds what its document is about. */
export const SCENES: readonly Scene[] = [
  {
    prepare: async (w) => writeFile(join(w.project, 'wrangler.json'), JSON.stringify({ name: 'shop-api', account_id: 'a'.repeat(32) })),
    lines: [type('home'), type('init --yes')],
  },
  {
    prepare: async (w) => {
      await w.yaml(YAML);
      await writeFile(join(w.project, '.env'), 'NEW_NAME=a-new-value\n');
    },
    lines: [
      ...['context', 'targets', 'diff -e staging', 'sync -e staging --yes', 'status', 'doctor', 'env', 'types', 'whoami'].map((line) =>
        type(line),
      ),
      ...['config show', 'config get environment', 'config explain', 'config validate'].map((line) => type(line)),
      ...['explain STRIPE_KEY -e staging', 'secrets list -e staging', 'secrets get STRIPE_KEY -e staging'].map((line) => type(line)),
      type('secrets set SESSION_KEY -e staging --yes', { input: 'another-value' }),
      type('import .env -e staging --yes'),
      type('secrets unset NEW_NAME -e staging --yes'),
      type('sync -e staging --yes'),
      type('history'),
      type('undo LAST --yes'),
      ...['reconcile -e staging', 'trust', 'untrust', 'cache show', 'cache clean', 'provision doppler --yes', 'logout neon'].map((line) =>
        type(line),
      ),
      type('login neon', { input: SEED.neon.key }),
      ...[
        'sandbox demo --fast',
        'shell init bash',
        'autocomplete bash',
        'shell uninstall bash --yes',
        'help sync',
        'help errors',
        'help exit-codes',
        'help environments',
        'help consent',
        'sandbox start',
        'sandbox env',
        'sandbox status',
        'sandbox stop',
      ].map((line) => type(line)),
      ...['sync cloudflare -e staging --yes', 'cloudflare workers list', 'cloudflare pages list'].map((line) => type(line)),
    ],
  },
  {
    prepare: (w) => w.yaml(`${YAML}notifications: {slack: {type: slack}}\n`),
    lines: [type('notify test')],
  },
  {
    prepare: async (w) => {
      await w.yaml(`${YAML}triggers: [{type: ci, environment: staging}]\n`);
      execFileSync('git', ['init', '--quiet', w.project]);
    },
    lines: [type('ci init github --yes')],
  },
  {
    prepare: (w) => cp(join(ROOT, 'test/config/fixtures/first-version.yaml'), join(w.project, 'dcs.yaml')),
    lines: [type('config migrate --yes --owner cloudflare=production --owner firebase=production')],
  },
  {
    prepare: async (w) => {
      await cp(join(ROOT, 'examples', 'running-app'), w.project, { recursive: true });
      await writeFile(
        join(w.project, 'server.js'),
        "import { createServer } from 'node:http';\ncreateServer((_, answer) => answer.end(process.env.STRIPE_KEY)).listen(1);\n",
      );
    },
    lines: [type('runtime add node --yes')],
  },
  {
    prepare: async (w) => {
      await w.yaml('doppler: shop\n');
      await writeFile(
        join(w.project, 'wrangler.json'),
        JSON.stringify({ name: 'shop-api', account_id: SEED.cloudflare.accountId, env: { staging: { name: 'shop-api-staging' } } }),
      );
    },
    lines: [type('provision cloudflare --yes')],
  },
  {
    prepare: (w) => w.yaml('doppler: shop\ntargets:\n  gcp: {project_id: demo-shop}\n'),
    lines: ['provision gcp --yes', 'sync gcp -e staging --yes', 'gcp versions list', 'gcp versions prune --keep 1 --yes'].map((line) =>
      type(line),
    ),
  },
  {
    prepare: async (w) => {
      await w.yaml('doppler: shop\ntargets:\n  firebase: {project_id: demo-shop, include: [STRIPE_KEY]}\n');
      await mkdir(join(w.project, 'functions'));
      await writeFile(
        join(w.project, 'firebase.json'),
        '{"functions": {"source": "functions"}, "apphosting": {"backendId": "shop-web", "rootDir": "./"}}\n',
      );
      await writeFile(join(w.project, '.firebaserc'), '{"projects": {"default": "demo-shop", "staging": "demo-shop"}}\n');
      await writeFile(join(w.project, 'apphosting.yaml'), 'runConfig: {minInstances: 0}\n');
      await w.post('/_sandbox/google/runtime-config', { project: 'demo-shop', config: 'stripe', variable: 'key', text: 'an-old-value' });
    },
    lines: [
      'sync firebase -e staging --yes',
      'firebase apphosting --yes',
      'firebase import-config -e staging --yes --allow adopt',
      'provision firebase --yes',
    ].map((line) => type(line)),
  },
  {
    prepare: async (w) => {
      const { id } = await neonProject(w);
      await w.yaml(`doppler: shop\nsources:\n  db: {type: neon, project_id: ${id}, branch: {dev: dev, prod: main}}\n`);
      await mkdir(join(w.project, 'migrations'));
      await writeFile(join(w.project, 'migrations', '0001_one.sql'), 'CREATE TABLE one (id int);\n');
    },
    lines: [
      ...['neon status', 'neon env -e dev', 'neon branch list', 'neon migrate -e dev --yes', 'sync neon -e dev --yes --allow adopt'].map(
        (line) => type(line),
      ),
      ...['neon branch create trial --yes', 'neon branch rename trial attempt --yes', 'neon branch expire attempt --ttl 7d'].map((line) =>
        type(line),
      ),
      ...['neon branch switch dev -e dev --yes', 'neon branch reset attempt --yes', 'neon branch restore attempt --at NOW --yes'].map(
        (line) => type(line),
      ),
      ...[
        'neon branch delete attempt --yes',
        'neon preview open 42 -e dev --yes',
        'neon preview sweep -e dev --yes',
        'neon preview close 42 -e dev --yes',
      ].map((line) => type(line)),
      type('provision neon -e dev --yes --allow adopt'),
    ],
  },
];

/**
 * Types the lines of a scene, one after the other: `LAST` is the id of the sync before, NOW a moment ago. `run` answers the id of a sync,
 * if it was one.
 */
export async function play(
  { prepare, lines }: Scene,
  w: World,
  run: (words: readonly string[], line: Line) => Promise<string | undefined>,
): Promise<void> {
  await prepare(w);
  let last = '';
  for (const line of lines) {
    const words = line.type.map((word) => (word === 'LAST' ? last : word === 'NOW' ? new Date(Date.now() - 100).toISOString() : word));
    last = (await run(words, line)) ?? last;
  }
}

/** Every document that the built CLI prints here, by what was typed. */
export async function documents(
  seen: (line: readonly string[], document: Record<string, unknown>) => void,
  wrong: (line: readonly string[], told: string) => void,
): Promise<void> {
  await atMost(2, SCENES, async (scene) => {
    const w = await world();
    try {
      await play(scene, w, async (words, line) => {
        const ran = await w.dcs([...words, '--json'], line.input === undefined ? {} : { input: line.input });
        if (ran.code !== (line.ends ?? 0)) wrong(line.type, `exit ${ran.code}\n${ran.err}${ran.out}`);
        else seen(line.type, ran.json());
        return words[0] === 'sync' ? (ran.json() as { run?: string }).run : undefined;
      });
    } finally {
      await w.close();
    }
  });
}
