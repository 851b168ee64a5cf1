import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { DcsError, type Detect, type Detected, type Env } from 'dcs-sdk';

type Wrangler = Record<string, unknown>;

// wrangler takes the first of these, looking upward: https://developers.cloudflare.com/workers/wrangler/configuration/, last verified 2026-11-21.
const FILES = ['wrangler.json', 'wrangler.jsonc', 'wrangler.toml'];
const REDIRECT = join('.wrangler', 'deploy', 'config.json');

/** Finds the Worker or Pages project of a repository in its wrangler file. */
const detect: Detect = async (root, env) => {
  const found = await findWrangler(root);
  if (found === undefined) return [];
  const { file, config } = found;
  const shown = relative(root, file);
  return [config['pages_build_output_dir'] === undefined ? worker(config, shown, env) : pages(config, shown, env)];
};
export default detect;

/** The wrangler file that counts for a folder, and what it says. */
export async function findWrangler(root: string): Promise<{ file: string; config: Wrangler } | undefined> {
  for (let folder = resolve(root); ; folder = dirname(folder)) {
    const built = await redirected(folder);
    for (const name of FILES) {
      const file = join(folder, name);
      const config = await read(file);
      // A build tool's own file has no `env`; what it adds (name, account) is what wrangler would deploy.
      if (config !== undefined) return { file, config: { ...built?.config, ...config } };
    }
    if (built !== undefined) return built;
    if (dirname(folder) === folder || (await text(join(folder, '.git', 'HEAD'))) !== undefined) return undefined;
  }
}

async function redirected(folder: string): Promise<{ file: string; config: Wrangler } | undefined> {
  const pointer = await read(join(folder, REDIRECT));
  if (typeof pointer?.['configPath'] !== 'string') return undefined;
  const file = resolve(folder, dirname(REDIRECT), pointer['configPath']);
  const config = await read(file);
  return config === undefined ? undefined : { file, config };
}

async function text(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function read(file: string): Promise<Wrangler | undefined> {
  const content = await text(file);
  if (content === undefined) return undefined;
  const parsed = await parse(file, content);
  if (isMap(parsed)) return parsed;
  throw new DcsError('CONFIG', `${file} cannot be read.`, { why: 'It is not valid JSON or TOML.' });
}

async function parse(file: string, content: string): Promise<unknown> {
  if (file.endsWith('.toml')) {
    const { parse: parseToml, TomlError } = await import('smol-toml');
    try {
      return parseToml(content);
    } catch (error) {
      if (error instanceof TomlError) return undefined;
      throw error;
    }
  }
  const { parse: parseJson } = await import('jsonc-parser');
  const problems: import('jsonc-parser').ParseError[] = [];
  const parsed: unknown = parseJson(content, problems, { allowTrailingComma: true });
  return problems.length > 0 ? undefined : parsed;
}

const isMap = (value: unknown): value is Wrangler => typeof value === 'object' && value !== null && !Array.isArray(value);
const named = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function account(config: Wrangler, file: string, env: Env): { account_id?: string; notes: string[] } {
  const own = named(config['account_id']);
  if (own !== undefined) return { account_id: own, notes: [] };
  const fromEnv = named(env['CLOUDFLARE_ACCOUNT_ID']);
  if (fromEnv !== undefined) return { account_id: fromEnv, notes: ['account_id is from CLOUDFLARE_ACCOUNT_ID'] };
  return { notes: [`account_id is not in ${file}`] };
}

/** wrangler's top level is what most people deploy as production. */
function worker(config: Wrangler, file: string, env: Env): Detected {
  const { notes, ...id } = account(config, file, env);
  const name = named(config['name']);
  const others = Object.entries(isMap(config['env']) ? config['env'] : {}).flatMap(([key, own]) => {
    const script = (isMap(own) ? named(own['name']) : undefined) ?? (name === undefined ? undefined : `${name}-${key}`);
    return script === undefined ? [] : [[environment(key), script] as const];
  });
  const workers = new Map([...others, ...(name === undefined || others.some(([key]) => key === 'prod') ? [] : [['prod', name] as const])]);
  const missing = workers.size === 0 ? [`${file} names no Worker`] : [];
  return {
    name: 'cloudflare',
    type: 'cloudflare',
    file,
    options: { ...id, worker: Object.fromEntries(workers) },
    notes: [...notes, ...missing],
  };
}

const environment = (key: string): string => (key === 'production' ? 'prod' : key === 'development' ? 'dev' : key);

function pages(config: Wrangler, file: string, env: Env): Detected {
  const { notes, ...id } = account(config, file, env);
  const project = named(config['name']);
  const options = { ...id, ...(project === undefined ? {} : { project }), pages_environment: { staging: 'preview', prod: 'production' } };
  const missing = project === undefined ? [`${file} names no Pages project`] : [];
  return { name: 'pages', type: 'cloudflare-pages', file, options, notes: [...notes, ...missing] };
}
