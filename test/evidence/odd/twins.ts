import { SEED } from '../../../plugins/dcs-plugin-sandbox/src/seed.ts';
import type { Ran, World } from '../../e2e/world.ts';

/** A command line about a name. */
type Line = (name: string) => readonly string[];

/** Where nobody defined the name: an odd one must be as unknown as any other. */
const UNKNOWN: readonly Line[] = [
  (x) => ['diff', '-e', x],
  (x) => ['diff', x, '-e', 'staging'],
  (x) => ['diff', '--from', x, '--to', 'dev'],
  (x) => ['status', x],
  (x) => ['sync', x, '-e', 'staging', '--yes'],
  (x) => ['sync', '-e', 'staging', '--yes', '--only', x],
  (x) => ['sync', '-e', 'staging', '--yes', '--except', x],
  (x) => ['sync', '-e', 'staging', '--yes', '--allow', x],
  (x) => ['run', '-e', x, '--', 'true'],
  (x) => ['run', '--only', x, '--', 'true'],
  (x) => ['run', '--for', x, '--', 'true'],
  (x) => ['run', '--', x],
  (x) => ['env', '--only', x],
  (x) => ['env', '--for', x],
  (x) => ['env', '--format', x, '--reveal'],
  (x) => ['env', '--name-transformer', x],
  (x) => ['secrets', 'get', x, '-e', 'dev'],
  (x) => ['explain', x, '-e', 'dev'],
  (x) => ['history', x, '-e', 'dev'],
  (x) => ['login', x],
  (x) => ['logout', x],
  (x) => ['whoami', x],
  (x) => ['plugins', 'uninstall', x, '--yes'],
  (x) => ['provision', x],
  (x) => ['help', x],
  (x) => [x],
  (x) => [x, x],
  (x) => ['runtime', 'add', x],
  (x) => ['shell', 'init', x],
  (x) => ['import', x, '-e', 'dev'],
  (x) => ['hooks', 'run', x],
  (x) => ['notify', 'test', x],
];

/** A dcs.yaml that uses one name wherever a name may stand. */
const everywhere = (x: string): string => `doppler: {project: shop, configs: {${x}: stg, dev: dev}}
environments: {${x}: {branches: [${x}]}, dev: {default: true}}
ledger: {${x}: machine}
transforms: {${x}: [trim]}
targets:
  ${x}:
    type: cloudflare
    account_id: ${SEED.cloudflare.accountId}
    worker: {${x}: shop-api-staging, dev: shop-api}
    include: ["S_*"]
    transform: {S_ONE: [${x}]}
    rename: {S_TWO: ${x}}
  missing:
    type: cloudflare
    account_id: "\${${x}}"
    worker: {dev: other}
    include: [S_ONE]
secrets: {S_ONE: {required: [${x}], owner: ${x}}}
triggers: [{type: webhook, environment: ${x}, targets: [${x}]}]
defaults: {targets: {cloudflare: {policy: upsert-only}}}
`;

/** Where it is defined: an odd one must be as good as any other. */
const DEFINED: readonly Line[] = [
  () => ['config', 'validate'],
  () => ['config', 'show', '--json'],
  () => ['context', '--json'],
  () => ['targets', '--json'],
  (x) => ['diff', '-e', x, '--out', 'x.plan'],
  () => ['sync', '--plan', 'x.plan', '--yes'],
  (x) => ['sync', x, '-e', x, '--yes', '--json'],
  (x) => ['status', '-e', x, '--keys', '--json'],
  () => ['status', '--json'],
  (x) => ['history', '-e', x],
  (x) => ['explain', 'S_TWO', '-e', x],
  (x) => ['env', '-e', x, '--for', x, '--format', 'json', '--reveal'],
  (x) => [
    'run',
    '-e',
    x,
    '--for',
    x,
    '--',
    process.execPath,
    '-e',
    `process.exit(Object.hasOwn(process.env, ${JSON.stringify(x)}) ? 0 : 9)`,
  ],
  () => ['types'],
];

export const DEFINED_COMMANDS = [
  'config/validate',
  'config/show',
  'context',
  'targets',
  'diff',
  'sync',
  'status',
  'history',
  'explain',
  'env',
  'run',
  'types',
];

/** What a run says, with what differs between any two runs left out. */
function said({ code, out, err }: Ran, name: string): string {
  const text = `exit ${code}\n${out}\n${err}`
    .replaceAll(name, 'NAME')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/\b\d+(\.\d+)? (s|ms|seconds?|minutes?)\b|"seconds": [\d.]+|just now/g, 'A WHILE')
    .replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'ID')
    .replaceAll(/\b[0-9a-f]{8}\b/g, 'ID')
    .replaceAll(/\b[2-9A-HJ-NP-Z]{6}\b/g, 'RUN')
    .replaceAll(/\/\S*\/(dcs-e2e-[^/]+)/g, 'FOLDER');
  return text.replaceAll(/[─-]{2,}/g, '-').replaceAll(/\s+/g, ' ');
}

export interface Twins {
  readonly wrong: readonly string[];
  readonly runs: number;
}

const differences = (lines: readonly Line[], [plain, odd]: readonly [readonly string[], readonly string[]], name: string): string[] =>
  lines.flatMap((line, index) =>
    plain[index] === odd[index] ? [] : [`dcs ${line(name).join(' ')}: ${odd[index]}\n  not ${plain[index]}`],
  );

/** The same words about a plain name of that length and about an odd one. Every `step`-th line. */
export async function unknownTwins(w: World, names: readonly string[], step: number): Promise<Twins> {
  const lines = UNKNOWN.filter((_, index) => index % step === 0);
  const wrong: string[] = [];
  for (const name of names) {
    const both = [];
    for (const each of [plainOf(name), name]) {
      const heard: string[] = [];
      for (const line of lines) heard.push(said(await w.dcs(line(each)), each));
      both.push(heard);
    }
    wrong.push(...differences(lines, both as [string[], string[]], name));
  }
  return { wrong, runs: names.length * lines.length * 2 };
}

/** The same for a name that dcs.yaml defines; each in a world of its own. `root`: another dcs. */
export async function definedTwins(fresh: () => Promise<World>, names: readonly string[], root?: string): Promise<Twins> {
  const wrong: string[] = [];
  for (const name of names) {
    const both = [];
    for (const each of [plainOf(name), name]) {
      const w = await fresh();
      try {
        await w.yaml(everywhere(each));
        await w.doppler('stg', { S_ONE: ' one ', S_TWO: 'two', DCS_LEDGER_KEY: 'k'.repeat(64) });
        const heard: string[] = [];
        for (const line of DEFINED) heard.push(said(await w.dcs(line(each), root === undefined ? {} : { root }), each));
        both.push(heard);
      } finally {
        await w.close();
      }
    }
    wrong.push(...differences(DEFINED, both as [string[], string[]], name));
  }
  return { wrong, runs: names.length * DEFINED.length * 2 };
}

/** A word of that length, which nothing is called. */
const plainOf = (name: string): string => 'plainnamefornothing'.slice(0, name.length);
