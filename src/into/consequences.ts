import type { Environment } from 'dcs-sdk';
import type { DopplerSecret } from '../doppler/answers.ts';
import type { DopplerClient } from '../doppler/client.ts';
import type { Session } from '../session.ts';
import { allowed } from './look.ts';

export interface Deletion {
  readonly names: readonly string[];
  /** What the config stores; undefined: this token may not see it. */
  readonly before: ReadonlyMap<string, string | undefined>;
  /** Of a branch config: what its root holds. */
  readonly root: ReadonlyMap<string, DopplerSecret> | undefined;
}

/** What becomes of others when these names go, one line each, as far as this token may see. */
export async function consequencesOf(
  { project }: Session,
  client: DopplerClient,
  { name: environment, branchOf = environment, doppler }: Environment,
  { names, before, root }: Deletion,
): Promise<string[]> {
  const gone = new Set(names);
  const configs = (await allowed(client.configs(doppler.project))) ?? [];
  const heirs = configs.filter((config) => !config.root && config.environment === doppler.config).map(({ name }) => name);
  return names.flatMap((name) => {
    const spelt = [`\${${name}}`, `\${${doppler.project}.${doppler.config}.${name}}`];
    const referring = [...before].filter(([other, value]) => !gone.has(other) && spelt.some((each) => value?.includes(each)));
    const rule = project.secretRules.get(name);
    return [
      ...(referring.length === 0 ? [] : [`${name} is part of ${referring.map(([other]) => other).join(', ')}, which will not resolve`]),
      ...(heirs.length === 0 ? [] : [`${name} is inherited by ${heirs.join(', ')}`]),
      ...(root?.has(name) ? [`${doppler.config} then inherits ${name} from its root`] : []),
      ...(rule?.required.includes(branchOf) ? [`dcs.yaml requires ${name}${rule.owner === undefined ? '' : ` (ask ${rule.owner})`}`] : []),
    ];
  });
}
