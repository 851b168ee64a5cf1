import type { Context, ServiceDefinition } from 'dcs-sdk';
import type { OpenKeyring } from '../credentials/keyring.ts';
import { ciOf } from '../config/ci.ts';
import { findToken, type AuthInputs } from './auth.ts';
import { createDopplerClient } from './client.ts';
import { dopplerEndpoint } from './endpoint.ts';
import { checkToken, type TokenKind } from './token.ts';

const RIGHTS: Readonly<Record<TokenKind, string>> = {
  cli: 'everything its user may',
  personal: 'everything its user may',
  service: 'one config, read or read and write',
  'service account': 'the projects granted to the service account',
  identity: 'the projects granted to the service account, for a short time',
  unknown: 'not known: the token has no prefix of Doppler',
};

export interface DopplerMachine {
  readonly home: string;
  readonly cwd: string;
  readonly keyring: OpenKeyring;
  readonly identity?: AuthInputs['identity'];
}

/** Doppler behind `dcs login|logout|whoami|doctor`. */
export function dopplerService({ home, cwd, keyring, identity }: DopplerMachine): ServiceDefinition {
  const inputs = (context: Context): AuthInputs => ({
    env: context.env,
    home,
    cwd,
    base: dopplerEndpoint(context.env),
    ...(identity === undefined ? {} : { identity }),
    kept: () => context.kept('doppler'),
    keyring,
    signal: context.signal,
    log: context.log,
  });
  return {
    id: 'doppler',
    title: 'Doppler',
    endpoint: dopplerEndpoint,
    async credential(context) {
      const found = await findToken(inputs(context));
      if (found === undefined) return undefined;
      const outranked = ['DOPPLER_TOKEN', `identity ${identity?.name ?? ''}`].includes(found.from);
      const kept = outranked && (await context.kept('doppler')) !== undefined ? ['dcs login'] : [];
      return { token: found.token, from: found.from, beats: [...kept, ...found.beats], warnings: found.warnings };
    },
    async whoami({ token, from }, context) {
      const { kind, environment } = checkToken(token, from);
      const client = createDopplerClient({ base: dopplerEndpoint(context.env), token, signal: context.signal, log: context.log });
      const me = await client.me();
      const personal = kind === 'personal' || kind === 'cli';
      return {
        account: `${me.workplace} (${me.name})`,
        rights: [`${kind} token: ${RIGHTS[kind]}`, ...(environment === undefined ? [] : [`environment ${environment}`])],
        warnings: personal && ciOf(context.env) ? ['a token of a person in CI: use a service token or OIDC'] : [],
      };
    },
    login: {
      command: 'doppler login',
      tokenPage: 'https://dashboard.doppler.com/workplace/service-accounts',
      rights: 'a service token of one config (read; read/write for dcs secrets set and import), or the login of the Doppler CLI',
    },
  };
}
