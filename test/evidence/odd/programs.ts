import { parseEnv } from 'node:util';
import { parse } from 'yaml';
import { SEED } from '../../../plugins/dcs-plugin-sandbox/src/seed.ts';
import type { Ran, World } from '../../e2e/world.ts';
import { INHERITED, ODD } from './names.ts';

const valueOf = (name: string): string => `value of ${name}`;
/** A variable's name ends at the equals sign, and Node keeps none that is empty. */
const VARIABLES = ODD.filter((name) => /^[A-Za-z_]\w*$/.test(name));
/** Whoever sets one of these in Doppler runs code in every program, or sends it astray. */
const STARTERS = ['PATH', 'NODE_OPTIONS', 'LD_PRELOAD', 'BASH_ENV', 'GIT_SSH_COMMAND'] as const;
const MANAGED = { DOPPLER_PROJECT: 'shop', DOPPLER_CONFIG: 'stg', DOPPLER_ENVIRONMENT: 'stg' } as const;

/** Formats that any name fits, and how each is read back. */
const READERS: Readonly<Record<string, (text: string) => ReadonlyMap<string, string>>> = {
  json: (text) => new Map(Object.entries(JSON.parse(text) as Record<string, string>)),
  yaml: (text) => parse(text, { mapAsMap: true }) as Map<string, string>,
};
/** Those of variables: the value of each is the one thing that stands there in full. */
const LINES: Readonly<Record<string, RegExp>> = {
  bash: /^export (\w+)='(.*)'$/gm,
  fish: /^set -gx (\w+) '(.*)'$/gm,
  powershell: /^\$env:(\w+) = '(.*)'$/gm,
  cmd: /^@set "(\w+)=(.*)"\r?$/gm,
  docker: /^(\w+)=(.*)$/gm,
  tfvars: /^(\w+) = "(.*)"$/gm,
};
const VARIABLE_READERS: typeof READERS = {
  ...READERS,
  dotenv: (text) => new Map(Object.entries(parseEnv(text) as Record<string, string>)),
  kubernetes: (text) => {
    const { data } = parse(text, { mapAsMap: false }) as { data: Record<string, string> };
    return new Map(Object.entries(data).map(([name, coded]) => [name, Buffer.from(coded, 'base64').toString()]));
  },
  ...Object.fromEntries(
    Object.entries(LINES).map(([format, line]) => [
      format,
      (text: string) => new Map([...text.matchAll(line)].map(([, name, value]) => [name!, value!] as const)),
    ]),
  ),
};

/** What a reader keeps for itself or loses. */
const LOST: Readonly<Record<string, string>> = { bash: '_', fish: '_', dotenv: '__proto__' };

export interface Checked {
  readonly wrong: readonly string[];
  readonly checks: number;
}

/** What `dcs env`, `dcs run` and snapshots make of odd names; in full, or of some of each kind. `root`: another dcs. */
export async function inPrograms(w: World, full: boolean, root?: string): Promise<Checked> {
  const wrong: string[] = [];
  let checks = 0;
  const is = (what: string, right: boolean): void => {
    checks++;
    if (!right) wrong.push(what);
  };
  const dcs = (...args: string[]): Promise<Ran> => w.dcs(args, root === undefined ? {} : { root });
  const holds = (what: string, found: ReadonlyMap<string, unknown>, names: readonly string[]): void => {
    for (const name of names) is(`${what}: ${name} is ${String(found.get(name))}`, found.get(name) === valueOf(name));
    const more = [...found.keys()].filter((name) => !names.includes(name) && !Object.hasOwn(MANAGED, name));
    is(`${what}: also ${more.join(', ')}`, more.length === 0);
  };
  await w.yaml('doppler: shop\n');
  await doppler(w, ODD);
  for (const [format, read] of Object.entries(READERS)) {
    const { code, out, err } = await dcs('env', '-e', 'staging', '--format', format, '--reveal');
    is(`${format} ends with ${code}: ${err}`, code === 0);
    holds(format, read(out), ODD);
  }
  const listed = await dcs('env', '-e', 'staging', '--json', '--reveal');
  const { names } = listed.json() as { names: { name: string; value: string }[] };
  holds('--json', new Map(names.map(({ name, value }) => [name, value])), ODD);
  for (const format of ['bash', 'dotenv', 'kubernetes']) {
    const { code, out } = await dcs(
      'env',
      '-e',
      'staging',
      '--format',
      format,
      '--reveal',
      ...(format === 'kubernetes' ? ['--secret-name', 'x'] : []),
    );
    is(`${format} takes what it cannot hold`, code === 4 && out === '');
  }
  for (const name of INHERITED.slice(0, full ? 3 : 1)) {
    const only = await dcs('env', '-e', 'staging', '--only', name, '--format', 'json', '--reveal');
    holds(`--only ${name}`, READERS['json']!(only.out), [name]);
    const except = await dcs('env', '-e', 'staging', '--except', name, '--format', 'json', '--reveal');
    holds(
      `--except ${name}`,
      READERS['json']!(except.out),
      ODD.filter((each) => each !== name),
    );
  }
  const camel = await dcs('env', '-e', 'staging', '--format', 'json', '--reveal', '--name-transformer', 'camel');
  is(`a transformer makes one name of two, and ends with ${camel.code}`, camel.code === 6 && camel.out === '');

  await doppler(w, VARIABLES);
  for (const [format, read] of Object.entries(VARIABLE_READERS).slice(0, full ? undefined : 3)) {
    const lost = LOST[format];
    const own = VARIABLES.filter((name) => name !== lost);
    if (lost !== undefined) {
      const whole = await dcs('env', '-e', 'staging', '--format', format, '--reveal');
      is(`${format} takes ${lost}, which its reader loses`, whole.code === 4 && whole.err.includes(lost) && whole.out === '');
    }
    const more = [...(lost === undefined ? [] : ['--except', lost]), ...(format === 'kubernetes' ? ['--secret-name', 'x'] : [])];
    const { code, out, err } = await dcs('env', '-e', 'staging', '--format', format, '--reveal', ...more);
    is(`${format} of variables ends with ${code}: ${err}`, code === 0);
    holds(`${format} of variables`, read(out), own);
  }
  await inRun(w, dcs, is, holds);
  await inKeys(w, full, dcs, is);
  return { wrong, checks };
}

const SHOW = 'process.stdout.write(JSON.stringify(Object.entries(process.env)))';

async function inRun(
  w: World,
  dcs: (...args: string[]) => Promise<Ran>,
  is: (what: string, right: boolean) => void,
  holds: (what: string, found: ReadonlyMap<string, unknown>, names: readonly string[]) => void,
): Promise<void> {
  await doppler(w, [...VARIABLES, ...STARTERS]);
  const run = async (...more: string[]): Promise<{ found: Map<string, string>; ran: Ran }> => {
    const ran = await dcs('run', '-e', 'staging', '--no-mask', ...more, '--', process.execPath, '-e', SHOW);
    return { ran, found: new Map(ran.code === 0 ? (JSON.parse(ran.out) as [string, string][]) : []) };
  };
  const set = ({ found }: { found: ReadonlyMap<string, string> }): Map<string, string> =>
    new Map([...found].filter(([, value]) => value.startsWith('value of ')));
  const online = await run();
  is(`dcs run ends with ${online.ran.code}: ${online.ran.err}`, online.ran.code === 0);
  holds('dcs run', set(online), VARIABLES);
  for (const name of STARTERS) is(`dcs run does not tell of ${name}`, online.ran.err.includes(name));
  const allowed = await run('--allow-name', 'GIT_SSH_COMMAND');
  is('--allow-name', allowed.found.get('GIT_SSH_COMMAND') === valueOf('GIT_SSH_COMMAND'));
  const offline = await run('--offline');
  is(`the snapshot ends with ${offline.ran.code}: ${offline.ran.err}`, offline.ran.code === 0);
  holds('the snapshot', set(offline), VARIABLES);
}

/** The two keys that no object of JavaScript can have as others have them. */
async function inKeys(
  w: World,
  full: boolean,
  dcs: (...args: string[]) => Promise<Ran>,
  is: (what: string, right: boolean) => void,
): Promise<void> {
  const target = (x: string, more = ''): string =>
    `doppler: shop\ntargets:\n  ${x}: {type: cloudflare, account_id: ${SEED.cloudflare.accountId}, worker: x${more}}\n`;
  for (const name of ['__proto__', 'constructor'])
    for (const [where, yaml] of Object.entries({
      target: target(name),
      environment: `doppler: {project: shop, configs: {${name}: stg}}\n`,
      rename: target('api', `, rename: {${name}: OTHER}`),
      transform: target('api', `, transform: {${name}: [trim]}`),
      secret: `${target('api')}secrets: {${name}: {required: true}}\n`,
    })) {
      if (!full && where !== 'target') continue;
      await w.yaml(yaml);
      const { code, err } = await dcs('config', 'validate');
      is(`${name} as a ${where} ends with ${code}: ${err}`, code === 2 && err.includes(`${name} cannot be a key`));
    }
}

const lift = async (w: World): Promise<void> => void (await fetch(`${w.origin}/_sandbox/faults`, { method: 'DELETE' }));

/** Doppler answers with these names, which its own API would not all take, and with its own. */
async function doppler(w: World, names: readonly string[]): Promise<void> {
  await lift(w);
  const held = [...Object.entries(MANAGED), ...names.map((name) => [name, valueOf(name)] as const)];
  const body = { success: true, secrets: Object.fromEntries(held.map(([name, text]) => [name, { raw: text, computed: text }])) };
  const route = 'GET /v3/configs/config/secrets';
  await w.post('/_sandbox/faults', { cloud: 'doppler', route, times: 'forever', kind: 'status', status: 200, body });
}
