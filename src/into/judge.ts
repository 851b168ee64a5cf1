import { DcsError } from 'dcs-sdk';
import { wrongType, type SecretRule } from '../config/secret-rules.ts';
import { isManaged } from '../doppler/source.ts';
import { checkDopplerName, checkDopplerSecret } from '../doppler/target.ts';
import { refuseProblems, type Given } from './given.ts';

export interface JudgeOptions {
  readonly only: readonly string[];
  readonly except: readonly string[];
  /** Empty values and placeholders are meant. */
  readonly asIs: boolean;
  /** `${NAME}` is a reference, and meant. */
  readonly references: boolean;
  /** `secrets:` of dcs.yaml. */
  readonly rules: ReadonlyMap<string, SecretRule>;
}

export interface Judged {
  readonly taken: readonly Given[];
  /** What stays out, one line each: `.env:3: DOPPLER_TOKEN is Doppler's own`. */
  readonly left: readonly string[];
}

const PLACEHOLDER =
  /^(?:change[-_ ]?me|replace[-_ ]?me|to-?do|tbd|fixme|placeholder|dummy|example|x{3,}|\*{3,}|\.{3,}|…|(?:your|replace)[-_ ].*|<[^<>]*>|\[redacted\]|\[restricted\])$/i;

/** Which of the given values enter Doppler. Throws CONFIG for what Doppler could not hold, with every place and no value. */
export function judge(given: readonly Given[], shown: string, { only, except, asIs, references, rules }: JudgeOptions): Judged {
  const names = new Set(given.map(({ name }) => name));
  const missing = [...only, ...except].filter((name) => !names.has(name));
  if (missing.length > 0) throw new DcsError('USAGE', `${shown} has no ${missing.join(', ')}.`, { hint: `names are spelt as in ${shown}` });
  const taken: Given[] = [];
  const left: string[] = [];
  const problems: string[] = [];
  for (const each of given) {
    const { name, secret, at } = each;
    if ((only.length > 0 && !only.includes(name)) || except.includes(name)) continue;
    const value = secret.reveal();
    const type = wrongType(rules.get(name), value);
    const why = references ? checkDopplerName(name) : checkDopplerSecret(name, secret);
    if (isManaged(name)) left.push(`${at}: ${name} is Doppler's own name`);
    // What is no name may be the middle of a key.
    else if (checkDopplerName(name) !== undefined) problems.push(`${at}: this is no name for Doppler (A-Z, 0-9 and _)`);
    else if (!asIs && value.trim() === '') left.push(`${at}: ${name} is empty (--as-is)`);
    else if (!asIs && PLACEHOLDER.test(value.trim())) left.push(`${at}: ${name} is a placeholder (--as-is)`);
    else if (why !== undefined) problems.push(`${at}: ${name} ${why}`);
    else if (type !== undefined) problems.push(`${at}: ${name} ${type}, as secrets: in dcs.yaml wants it`);
    else taken.push(each);
  }
  refuseProblems(problems, [
    ...(given.length > 1 ? ['--except NAME'] : []),
    ...(problems.some((each) => each.includes('reference')) ? ['--references     if they are meant'] : []),
  ]);
  return { taken, left };
}
