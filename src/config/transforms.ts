import { DcsError } from 'dcs-sdk';
import type { NumberedStep } from '../engine/transform/compile.ts';
import { isStepName, STEPS, type Step } from '../engine/transform/steps.ts';
import type { Path } from './document.ts';
import { nearest } from './nearest.ts';
import type { StepsConfig } from './steps-schema.ts';

const LONGEST = 100;
export type Chains = ReadonlyMap<string, StepsConfig>;
interface Around {
  readonly chains: Chains;
  readonly at: (path: Path) => string;
}

/** `transforms:`, each chain checked, also those that no target names. */
export function makeChains(config: Readonly<Record<string, StepsConfig>> | undefined, at: Around['at']): Chains {
  const chains = new Map(Object.entries(config ?? {}));
  for (const [name, steps] of chains) {
    if (isStepName(name)) throw new DcsError('CONFIG', `${at(['transforms', name])}: ${name} is a step; a chain needs a name of its own.`);
    unfold(steps, ['transforms', name], { chains, at }, [name]);
  }
  return chains;
}

/** The steps with every chain's own in its place. `within`: the chains being unfolded. */
export function unfold(steps: StepsConfig, path: Path, around: Around, within: readonly string[] = []): readonly NumberedStep[] {
  if (within.length > LONGEST) throw tooLong(around.at(path));
  const list = Array.isArray(steps) ? steps : [steps];
  const unfolded = list.flatMap((step, index): readonly NumberedStep[] => {
    const place = Array.isArray(steps) ? [...path, index] : path;
    const at = String(index + 1);
    if (typeof step !== 'string') return Object.entries(step).map(([name, argument]) => ({ at, step: { step: name, argument } as Step }));
    if (isStepName(step)) return [{ at, step: plainStep(step, around.at(place)) }];
    return chainNamed(step, place, around, within).map((inner) => ({ ...inner, at: `${at}.${inner.at}` }));
  });
  if (unfolded.length > LONGEST) throw tooLong(around.at(path));
  return unfolded;
}

const tooLong = (position: string): DcsError => new DcsError('CONFIG', `${position}: with its chains this has more than ${LONGEST} steps.`);

function plainStep(name: keyof typeof STEPS, position: string): Step {
  if (STEPS[name].argument)
    throw new DcsError('CONFIG', `${position}: ${name} says nothing by itself; write {${name}: ...}.`, { hint: STEPS[name].about });
  return { step: name } as Step;
}

function chainNamed(name: string, path: Path, around: Around, within: readonly string[]): readonly NumberedStep[] {
  const chain = around.chains.get(name);
  if (chain === undefined) {
    const near = nearest(name, [...Object.keys(STEPS), ...around.chains.keys()]);
    throw new DcsError(
      'CONFIG',
      `${around.at(path)}: "${name}" is no step and no chain${near === undefined ? '' : `; did you mean "${near}"?`}`,
      {
        hint: `steps: ${Object.keys(STEPS).join(', ')}`,
      },
    );
  }
  if (within.includes(name))
    throw new DcsError(
      'CONFIG',
      `${around.at(path)}: the chain leads back to itself: ${[...within.slice(within.indexOf(name)), name].join(' -> ')}.`,
    );
  return unfold(chain, ['transforms', name], around, [...within, name]);
}
