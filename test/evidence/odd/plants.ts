import type { Fault } from '../planted.ts';
import type { Apps } from './apps.ts';

/** Puts pairs into a plain object one by one, as whoever forgets what objects inherit would. */
const assigned = (pairs: string): string =>
  `(${pairs}).reduce((all: any, [name, value]: any) => { all[name] = value; return all; }, {} as any)`;

export const ENGINE_FAULTS: readonly Fault[] = [
  {
    what: 'names that were seen, in a plain object',
    edits: [
      [
        'src/engine/shape.ts',
        'const met = new Map<string, string[]>();',
        'const at: any = {}; const met = { get: (name: string) => at[name], set: (name: string, all: string[]) => (at[name] = all), values: () => Object.values(at) as string[][] };',
      ],
    ],
  },
  {
    what: 'what is wanted, in a plain object',
    edits: [
      [
        'src/engine/shape.ts',
        'return { desired: { names }, collisions',
        `return { desired: { names: new Map(Object.entries(${assigned('[...names]')})) as any }, collisions`,
      ],
    ],
  },
  {
    what: 'the record, in a plain object',
    edits: [
      [
        'src/engine/ledger-file.ts',
        '    records,\n    pending: [...pending',
        `    records: new Map(Object.entries(${assigned('[...records]')})) as any,\n    pending: [...pending`,
      ],
    ],
  },
  { what: 'collisions are not looked for', edits: [['src/engine/shape.ts', 'all.length > 1', 'all.length > 99']] },
  { what: 'case is not folded', edits: [['src/engine/shape.ts', 'definition.limits?.foldsCase ?', 'false ?']] },
  { what: 'the next run forgets a collision', edits: [['src/engine/last-word.ts', ' || shaped.collisions.length > 0', '']] },
  {
    what: '--only hides a collision',
    edits: [['src/engine/shape.ts', 'all.some((from) => isAsked(from, rules))', 'all.every((from) => isAsked(from, rules))']],
  },
];

const CLOUDFLARE = 'plugins/dcs-plugin-cloudflare/src';
/** Of a plugin's target, and in which place it shows. */
export const TARGET_FAULTS: readonly (Fault & { readonly plugin: string; readonly place: string })[] = [
  {
    what: 'the changes of a Worker, in a plain object',
    plugin: 'dcs-plugin-cloudflare',
    place: 'a Worker',
    edits: [[`${CLOUDFLARE}/worker-api.ts`, 'return Object.fromEntries(', `return ((pairs: any[]) => ${assigned('pairs')})(`]],
  },
  {
    what: 'a bundle, in a plain object',
    plugin: 'dcs-plugin-gcp',
    place: 'a bundle of Secret Manager',
    edits: [
      ['plugins/dcs-plugin-gcp/src/bundle.ts', 'JSON.stringify(Object.fromEntries(values))', `JSON.stringify(${assigned('[...values]')})`],
    ],
  },
];

/** Of `dcs env`, `dcs run` and `dcs config validate`. */
export const PROGRAM_FAULTS: readonly Fault[] = [
  {
    what: 'JSON from a plain object',
    edits: [
      [
        'src/run/formats/json.ts',
        'Object.fromEntries(entries.map(({ name, value }) => [name, value]))',
        assigned('entries.map(({ name, value }) => [name, value])'),
      ],
    ],
  },
  {
    what: 'the environment of a program, in a plain object',
    edits: [['src/run/child-env.ts', 'variables: Object.fromEntries(variables)', `variables: ${assigned('[...variables]')}`]],
  },
  {
    what: 'LD_PRELOAD is a name like any other',
    edits: [['src/run/child-env.ts', '/^(LD|DYLD|GLIBC|MALLOC)_/', '/^(DYLD|GLIBC|MALLOC)_/']],
  },
  { what: 'a .env file that its readers read otherwise', edits: [['src/run/formats/dotenv.ts', "name === '__proto__'", "name === ''"]] },
  { what: 'a transformer makes one name of two', edits: [['src/run/names.ts', 'if (other !== undefined)', "if (other === '')"]] },
  {
    what: 'any key of dcs.yaml',
    edits: [['src/config/document.ts', "key.value === '__proto__' || key.value === 'constructor'", "key.value === ''"]],
  },
];

export const WORD_FAULT: Fault = {
  what: 'a variable that is not set, and is inherited',
  edits: [['src/config/variables.ts', 'isSet(env, name) ? env[name] : undefined', 'env[name]']],
};

/** Of what apps import, and in which of it. */
export const APP_FAULTS: readonly (Fault & { readonly of: readonly (keyof Apps)[] })[] = [
  {
    what: 'what an answer inherits counts',
    of: ['index', 'cloudflare'],
    edits: [['runtime/src/doppler.ts', "!Object.hasOwn(from, key) || typeof from[key] !== 'string'", '!(key in from)']],
  },
  { what: 'secrets with a prototype', of: ['index'], edits: [['runtime/src/doppler.ts', '{ __proto__: null } as object', '{} as object']] },
  {
    what: 'what the environment inherits is set',
    of: ['node'],
    edits: [['runtime/src/node.ts', "if (typeof env[key] !== 'string') env[key] =", 'env[key] ??=']],
  },
];
