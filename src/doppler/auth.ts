import { access } from 'node:fs/promises';
import { DcsError, type Env, type Log } from 'dcs-sdk';
import type { Identity } from '../config/user-file.ts';
import type { OpenKeyring } from '../credentials/keyring.ts';
import { isMissing } from '../files.ts';
import { askDopplerCli } from './cli-login.ts';
import { loginFilePath, readLoginFile } from './login-file.ts';
import { exchangeOidc, oidcIdentity } from './oidc.ts';
import { checkToken, type CheckedToken } from './token.ts';

/** Everything a token can come from; nothing is read from the process itself. */
export interface AuthInputs {
  readonly env: Env;
  readonly home: string;
  readonly cwd: string;
  /** Doppler's API, for the OIDC exchange. */
  readonly base: string;
  /** The identity of the user file that fits this repository. */
  readonly identity?: Identity;
  /** The token `dcs login` keeps. */
  kept(): Promise<string | undefined>;
  readonly keyring: OpenKeyring;
  readonly signal?: AbortSignal;
  readonly log: Log;
}

export interface ResolvedToken extends CheckedToken {
  /** For people: `DOPPLER_TOKEN`, `doppler login`. */
  readonly from: string;
  /** What else would have answered, as far as can be told without asking keyring or network. */
  readonly beats: readonly string[];
  readonly warnings: readonly string[];
}

interface Found {
  readonly token: string;
  readonly from: string;
  readonly warnings?: readonly string[];
}
interface Way {
  find(): Promise<Found | undefined>;
  /** Cheap: would this way answer too? */
  there(): Promise<string | undefined>;
}

/** The first of the documented ways that yields a token; later ones are not touched, so a broken keyring bricks nobody. */
export async function resolveToken(inputs: AuthInputs): Promise<ResolvedToken> {
  const found = await findToken(inputs);
  if (found !== undefined) return found;
  const file = await readLoginFile(inputs);
  throw new DcsError('AUTH', 'There is no Doppler token.', {
    ...(file?.token === undefined ? {} : { why: 'doppler login keeps its token in the OS keyring, which cannot be read here.' }),
    hint: ['doppler login', 'dcs login doppler', 'export DOPPLER_TOKEN=...   # CI: a service token, or DCS_DOPPLER_IDENTITY for OIDC'],
  });
}

/** As resolveToken, but nothing found is no error. */
export async function findToken(inputs: AuthInputs): Promise<ResolvedToken | undefined> {
  const all = ways(inputs);
  for (const [index, way] of all.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- in order: a later way is asked only when the earlier ones have nothing
    const found = await way.find();
    if (found === undefined) continue;
    const others = await Promise.all(all.slice(index + 1).map((other) => other.there()));
    return {
      ...checkToken(found.token, found.from),
      from: found.from,
      beats: others.filter((other) => other !== undefined),
      warnings: found.warnings ?? [],
    };
  }
  return undefined;
}

function ways(inputs: AuthInputs): readonly Way[] {
  const { env, identity } = inputs;
  const direct = (token: string | undefined, from: string): Way => ({
    find: async () => (token?.trim() ? { token, from } : undefined),
    there: async () => (token?.trim() ? from : undefined),
  });
  return [
    direct(env['DOPPLER_TOKEN'], 'DOPPLER_TOKEN'),
    { find: async () => identity && tokenOf(identity, env), there: async () => identity?.doppler && `identity ${identity.name}` },
    {
      find: async () => named(await inputs.kept(), 'dcs login'),
      there: async () => undefined,
    },
    { find: () => login(inputs), there: async () => ((await exists(loginFilePath(inputs))) ? 'doppler login' : undefined) },
    {
      find: async () => {
        const uuid = oidcIdentity(env);
        return uuid === undefined ? undefined : { token: await exchangeOidc(uuid, inputs), from: 'OIDC of this CI job' };
      },
      there: async () => (oidcIdentity(env) === undefined ? undefined : 'OIDC of this CI job'),
    },
  ];
}

/** A person who names whose token answers here must not get somebody else's. */
function tokenOf({ name, doppler: variable }: Identity, env: Env): Found | undefined {
  if (variable === undefined) return undefined;
  const token = env[variable];
  if (token?.trim()) return { token, from: `identity ${name}` };
  throw new DcsError('AUTH', `${variable} is not set: the identity ${name} says that it holds the Doppler token here.`, {
    hint: [`export ${variable}=...`, 'or export DOPPLER_TOKEN=...'],
  });
}

const named = (token: string | undefined, from: string): Found | undefined => (token === undefined ? undefined : { token, from });

async function login(inputs: AuthInputs): Promise<Found | undefined> {
  const file = await readLoginFile(inputs);
  // The login of one host is no login of another: it would hand a real token to whatever DOPPLER_API_HOST names.
  if (file !== undefined && !sameOrigin(file.host, inputs.base)) return undefined;
  const asked = await askDopplerCli(inputs);
  if (asked !== undefined) return { token: asked, from: 'doppler login', warnings: file?.warnings ?? [] };
  if (file?.token === undefined) return undefined;
  if (!file.token.startsWith('secret-')) return { token: file.token, from: 'doppler login', warnings: file.warnings };
  const token = await fromKeyring(inputs, file.token);
  return token === undefined ? undefined : { token, from: 'doppler login (OS keyring)', warnings: file.warnings };
}

const sameOrigin = (one: string, other: string): boolean => URL.canParse(one) && new URL(one).origin === new URL(other).origin;

async function fromKeyring({ keyring, log }: AuthInputs, account: string): Promise<string | undefined> {
  try {
    return await (await keyring('doppler-cli', account))?.get();
  } catch (error) {
    log(`OS keyring not readable: ${error instanceof Error ? error.name : 'error'}`);
    return undefined;
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
