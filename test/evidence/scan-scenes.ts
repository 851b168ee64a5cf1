import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, YAML, type World } from '../e2e/world.ts';
import { ROOT_FILE } from '../e2e/workspace.ts';
import type { Line, Scene } from '../surface/documents.ts';
import { PULL, projectOf, pullEvent, YAML as CI } from '../workflows/project.ts';

const LOUD = fileURLToPath(new URL('loud.mjs', import.meta.url));

/** `more`: so many secrets more than those of a shop do dev and staging have. */
export interface Seen extends Scene {
  readonly more?: number;
}

const line = (...words: string[]): Line => ({ type: words });
const lines = (...all: string[]): Line[] => all.map((words) => line(...words.split(' ')));

/** With `dcs` on the PATH. */
async function withDcs(w: World): Promise<void> {
  const bin = join(w.home, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'dcs'), `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'bin', 'run.js')}' "$@"\n`, { mode: 0o700 });
  w.env['PATH'] = `${bin}:${w.env['PATH']}`;
}

async function repository(w: World): Promise<void> {
  await rm(join(w.project, '.git'), { recursive: true });
  const git = (...words: string[]): unknown =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...words], { cwd: w.project });
  git('init', '-q', '-b', 'work');
  git('add', '-A');
  git('commit', '-qm', 'one');
}

const GCP = 'doppler: shop\ntargets:\n  gcp: {project_id: demo-shop}\n';
/** Programs get nothing of the variables around: those hold the tokens, and are the caller's to print. */
const run = (...words: string[]): Line => line('run', '--clean-env', ...words);

/** A receiver, and an event for it. */
const RECEIVES = `port=$((20000 + $$ % 20000)); dcs webhook serve -p $port --key-file webhook.key & sleep 5
  dcs webhook test http://127.0.0.1:$port/webhook --key-file webhook.key; sleep 2; kill $!; wait`;

/** What starts programs: shells and tools with the secrets, hooks, git, a receiver, dcs itself. */
export const PROGRAMS: readonly Seen[] = [
  {
    prepare: async (w) => {
      await w.yaml(YAML);
      await repository(w);
      await withDcs(w);
    },
    lines: [
      run('--', 'bash', '-c', 'echo "$STRIPE_KEY"; set; export -p; env | base64 -w0; printf %q "$SENDGRID_KEY"'),
      run('--', 'zsh', '-c', 'echo "$STRIPE_KEY"; export -p; set; env | base64 -w0'),
      run('--', 'env', 'LANG=C.UTF-8', 'fish', '-c', 'echo "$STRIPE_KEY"; env | sort; string escape -- "$SENDGRID_KEY"'),
      run('--', 'dash', '-c', 'export -p; set; env | od -An -v -tx1 | tr -d " \\n"'),
      run('--', process.execPath, '-e', 'console.log(process.env); console.error(new URLSearchParams(process.env).toString())'),
      run('--', 'sh', '-c', 'git status; git log --oneline; git config --list; env >&2'),
      run('--command', 'env | sort | uniq; env | tac >&2; env | cut -d= -f2-'),
      run('--mount', 'secrets.json', '--max-reads', '2', '--', 'sh', '-c', 'cat secrets.json; tr , "\\n" < secrets.json'),
      run('--mount', 'secrets.yaml', '--', 'sh', '-c', 'cat secrets.yaml >&2'),
      run('--offline', '--', 'env'),
      run('--for', 'api', '-e', 'staging', '--', 'env'),
      { ...run('--only', 'STRIPE_KEY', '--', 'sh', '-c', 'env; exit 3'), ends: 3 },
      { ...run('--', 'not-a-program'), ends: 127 },
      line('run', '--no-mask', '--', 'sh', '-c', 'for name in STRIPE_KEY JWT_SECRET SESSION_KEY; do printenv $name; done | dcs redact'),
      line(
        'run',
        '--',
        'sh',
        '-c',
        'dcs secrets list; dcs diff -e staging; dcs env --format json --reveal; dcs env --format bash --reveal',
      ),
      line('serve', '--no-restart', '--', process.execPath, '-e', served()),
    ],
  },
  {
    prepare: async (w) => {
      await w.yaml(`${YAML}triggers: [{type: git-hook, environment: staging}]\n`);
      await repository(w);
      await withDcs(w);
    },
    lines: lines('trust', 'hooks install', 'hooks status', 'hooks run post-merge', 'hooks run post-checkout', 'hooks uninstall'),
  },
  {
    prepare: async (w) => {
      await w.yaml(`ledger: git\n${YAML}`);
      await repository(w);
    },
    lines: [
      ...lines('sync -e staging --yes', 'status'),
      { ...line('secrets', 'set', 'SESSION_KEY', '-e', 'staging', '--yes'), input: 'another-value' },
      ...lines('sync -e staging --yes', 'history', 'undo LAST --yes', 'doctor', 'reconcile -e staging'),
    ],
  },
  {
    prepare: async (w) => {
      await w.yaml(ROOT_FILE.replace('[STRIPE_KEY, SENTRY_DSN]', '[STRIPE_KEY, SESSION_KEY]'));
      for (const [member, worker] of [
        ['api', 'shop-api-staging'],
        ['web', 'shop-api'],
      ] as const) {
        await mkdir(join(w.project, 'services', member), { recursive: true });
        const target = `targets:\n  worker: {type: cloudflare, worker: {staging: ${worker}}}\n`;
        await writeFile(join(w.project, 'services', member, 'dcs.yaml'), target);
      }
      await repository(w);
    },
    lines: lines('diff --all -e staging', 'sync --all -e staging --yes', 'status --all', 'doctor', 'history'),
  },
  {
    prepare: async (w) => {
      const project = await projectOf(w);
      const number = await project.pull({ 'dcs.yaml': CI.replace('JWT_SECRET]', 'JWT_SECRET, STRIPE_KEY]') });
      Object.assign(w.env, await project.job('pull_request', pullEvent(number), PULL));
    },
    lines: lines('ci run -e staging', 'ci run -e staging --names list'),
  },
  {
    prepare: async (w) => {
      const project = await projectOf(w);
      Object.assign(w.env, await project.job('push', { ref: 'refs/heads/main' }));
    },
    lines: lines('ci run -e staging'),
  },
  {
    prepare: async (w) => {
      await w.yaml(`${YAML}triggers: [{type: webhook, environment: staging}]\n`);
      await withDcs(w);
    },
    lines: [
      ...lines('trust', 'webhook setup http://127.0.0.1:9/webhook --key-file webhook.key --yes', 'webhook list'),
      ...lines('webhook info --key-file webhook.key', 'webhook handler express --to receiver'),
      line('run', '--', 'sh', '-c', RECEIVES),
      ...lines('webhook remove http://127.0.0.1:9/webhook --yes', 'plugins', 'plugins inspect cloudflare'),
    ],
  },
  {
    prepare: (w) => w.yaml(GCP),
    lines: lines('diff -e staging', 'sync -e staging --yes', 'secrets list -e staging', 'env', 'status', 'history'),
    more: 150,
  },
];

/** Reads all secrets as an app does from `dcs serve`, and prints them. */
function served(): string {
  return `const headers = { authorization: 'Bearer ' + process.env.DCS_SERVE_TOKEN };
    const answer = await fetch(process.env.DCS_SERVE_URL + '/v3/configs/config/secrets/download?format=json', { headers });
    const { DCS_LEDGER_KEY, ...all } = await answer.json();
    console.log(all, JSON.stringify(all)); console.error(Object.values(all).join(' '));`;
}

/** A project of many secrets, and a program that prints them all the time: so many MB on each stream, so often. */
export const loud = (megabytes: number, times: number): Seen => {
  const words = ['--', process.execPath, LOUD, String(megabytes)];
  const ways = [['run'], ['serve', '--no-restart'], ['run', '--watch'], ['run', '--offline'], ['run', '--clean-env'], ['run', '--mask']];
  return {
    prepare: (w) => w.yaml(YAML),
    lines: Array.from({ length: times }, (_, at) => line(...ways[at % ways.length]!, ...words)),
    more: 150,
  };
};

/** Of other scenes, the commands that ask nobody: no fault of a server changes what they say. */
const LOCAL = /^(help|shell|autocomplete|sandbox|config|trust|untrust|logout|runtime|targets|context|plugins)\b/;
export const asking = (scene: Seen): Seen => ({ ...scene, lines: scene.lines.filter(({ type }) => !LOCAL.test(type.join(' '))) });
