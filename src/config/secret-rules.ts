import { DcsError, type Secrets, type Source } from 'dcs-sdk';
import type { Path } from './document.ts';
import { nearest } from './nearest.ts';
import type { Config, SECRET_TYPES } from './schema.ts';

export type SecretType = (typeof SECRET_TYPES)[number];

/** What dcs.yaml says under `secrets:` of one of Doppler's names. */
export interface SecretRule {
  /** The environments that cannot do without it. */
  readonly required: readonly string[];
  readonly type: SecretType;
  readonly owner?: string;
}

export function makeSecretRules(config: Config, environments: readonly string[], at: (path: Path) => string): Map<string, SecretRule> {
  return new Map(
    Object.entries(config.secrets ?? {}).map(([name, { required = false, type = 'string', owner }]) => {
      const where = required === true ? environments : required || [];
      for (const [index, environment] of where.entries())
        if (!environments.includes(environment))
          throw unknownEnvironment(environment, environments, at(['secrets', name, 'required', index]));
      return [name, { required: where, type, ...(owner === undefined ? {} : { owner }) }];
    }),
  );
}

function unknownEnvironment(environment: string, environments: readonly string[], position: string): DcsError {
  const near = nearest(environment, environments);
  return new DcsError('CONFIG', `${position}: "${environment}" is no environment of this file.`, {
    hint: near === undefined ? `one of ${environments.join(', ')}` : `did you mean ${near}?`,
  });
}

/** One name that is not as `secrets:` wants it. */
export interface Unmet {
  readonly name: string;
  /** `is missing`, `is no number` ... Never the value. */
  readonly problem: string;
  readonly owner?: string;
}

/** What Doppler holds, against `secrets:`. A value this token may not read counts as there, its type as right. */
export function unmetRules(rules: ReadonlyMap<string, SecretRule>, environment: string, secrets: Secrets): Unmet[] {
  return [...rules].flatMap(([name, { required, type, owner }]) => {
    const held = secrets.get(name);
    const missing = held === undefined && required.includes(environment);
    const problem = missing ? 'is missing' : held?.state === 'value' ? wrongType({ type }, held.secret.reveal()) : undefined;
    if (problem === undefined) return [];
    return [{ name, problem, ...(owner === undefined ? {} : { owner }) }];
  });
}

/** `is no number`: what the rule's type has against the value. */
export function wrongType(rule: Pick<SecretRule, 'type'> | undefined, value: string): string | undefined {
  return rule === undefined || fits(rule.type, value) ? undefined : `is no ${NOUN[rule.type]}`;
}

/** Throws when anything in `secrets:` is unmet. `nothing`: what has not happened, as the last sentence of the error. */
export function refuseUnmet(rules: ReadonlyMap<string, SecretRule>, environment: string, secrets: Secrets, nothing: string): void {
  const unmet = unmetRules(rules, environment, secrets);
  if (unmet.length === 0) return;
  throw new DcsError('REFUSED', `Doppler's ${environment} is not what dcs.yaml requires.`, {
    why: `${unmet.map(({ name, problem, owner }) => `${name} ${problem}${owner === undefined ? '' : ` (ask ${owner})`}`).join(', ')}. ${nothing}`,
    hint: 'set it in Doppler, or change secrets: in dcs.yaml',
  });
}

/** The same source, refusing to be read while it is not what `secrets:` wants. Where there are rules each read is a full one: a 304 shows no values. */
export function meetingRules(source: Source, rules: ReadonlyMap<string, SecretRule>, environment: string): Source {
  if (rules.size === 0) return source;
  return {
    ...source,
    async read() {
      const read = await source.read();
      if (read) refuseUnmet(rules, environment, read.secrets, 'Nothing was written.');
      return read;
    },
  };
}

const NOUN: Readonly<Record<SecretType, string>> = { string: 'text', number: 'number', boolean: 'true or false', json: 'JSON', url: 'URL' };

function fits(type: SecretType, value: string): boolean {
  switch (type) {
    case 'string':
      return true;
    case 'number':
      return value.trim() !== '' && Number.isFinite(Number(value));
    case 'boolean':
      return value === 'true' || value === 'false';
    case 'json':
      return isJson(value);
    case 'url':
      return URL.canParse(value);
  }
}

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
